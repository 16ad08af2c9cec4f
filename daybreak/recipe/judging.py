"""Sections `quality`, `models`, `perplexity`, `lists`, `metadata`: which documents are good, and by which signals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from daybreak.recipe.section import Section


class UserRule(Section):
    """A rule of your own: a document is kept if `signal comparison threshold` (see `daybreak rules signals`)."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    signal: str
    comparison: Literal["<=", ">=", "<", ">"]
    threshold: float
    scope: Literal["all", "spaced", "unspaced"] = Field(
        "all", description="only texts in scripts with, or without, spaces between words"
    )
    languages: list[str] | None = Field(None, description="only documents of these languages")
    source: str = Field("the recipe", description="where the rule comes from")


class UserSet(Section):
    """A rule set of your own, over others or from nothing."""

    base: list[str] = Field(
        default_factory=list,
        description="sets whose rules it starts from (line edits stay with the set: name it too)",
    )
    rules: list[UserRule] = Field(
        default_factory=list, description="further rules, or others of the same name"
    )


Thresholds = dict[str, dict[str, float | None]]


class Quality(Section):
    """Rule sets and changes of their thresholds. `daybreak rules` lists them; `daybreak whatif` tries changes."""

    rules: list[str] = Field(default_factory=lambda: ["daybreak@1"], description="rule sets, in order")
    signals: Literal["used", "all"] = Field(
        "used",
        description="used: ours, and those of peers that the rules look at; all: so that `whatif` can try any set",
    )
    segmenters: dict[str, str] = Field(
        default_factory=dict,
        description="library that counts words of a language, as signal n_words_segmented (an extra, slow): "
        "{zho: jieba, jpn: fugashi, tha: pythainlp}",
    )
    sets: dict[str, UserSet] = Field(default_factory=dict, description="rule sets of your own, by name")
    thresholds: Thresholds = Field(
        default_factory=dict,
        description="other thresholds: {rule set: {rule: value}}; null switches a rule off",
    )
    languages: dict[str, Thresholds] = Field(
        default_factory=dict,
        description="thresholds of single languages: {language: {rule set: {rule: value}}}",
    )


class Model(Section):
    """A trained classifier: adds the signals score_NAME and pareto_NAME."""

    path: str = Field(description="folder that `daybreak quality train` wrote")
    pareto_alpha: Annotated[float, Field(gt=0)] = Field(
        9.0, description="shape of the draw: keep where pareto_NAME >= 0 (GPT-3: 9)"
    )


class Perplexity(Section):
    """A KenLM language model: adds the signal perplexity_NAME. Needs the package kenlm."""

    path: str = Field(description="ARPA or binary file")
    sentencepiece: str | None = Field(
        None, description="SentencePiece model whose pieces it was trained on; by default our terms"
    )


Suffixes = Literal["all", "registries"]


class Lists(Section):
    """Word and URL lists of your own, each of which adds signals."""

    badwords: str | None = Field(
        None,
        description="folder with a file a language code (LDNOOBW), or JSON Lines {lang, word}: badword_*",
    )
    urls: str | None = Field(
        None,
        description="folder CATEGORY/domains, CATEGORY/urls (UT1), or JSON Lines {category, kind, value}: url_*",
    )
    url_categories: list[str] | None = Field(
        None, description="categories of `urls` to tell of; all when left out"
    )
    url_words: str | None = Field(
        None,
        description="folder with strict, hard, soft, or JSON Lines {kind, word}: url_strict, url_hard, url_soft",
    )
    domains: Suffixes | None = Field(
        None,
        description="each document's registered domain, by publicsuffix.org's list, as url_domain; all: what is "
        "below github.io and the like are domains of their own; registries: they are not",
    )


class Metadata(Section):
    """A number from the documents' metadata: adds the signal meta_NAME."""

    key: str = Field(min_length=1, description="where it stands, with dots between levels, e.g. meta.score")
