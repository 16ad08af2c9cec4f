"""Sections `dedup` and `passages`: documents, and parts of them, that stood before."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from daybreak.recipe.judging import Suffixes
from daybreak.recipe.section import Count, Section, Share, SignalName
from daybreak.recipe.sources import Format, Options


class Near(Section):
    """Near duplicates: MinHash LSH over n-grams, verified by exact Jaccard."""

    shingles: Literal["words", "auto", "characters"] = Field(
        "words", description="what is compared; auto: a character of a script without spaces is half a word"
    )
    ngram: Count = Field(5, description="words in a shingle")
    char_ngram: Count = Field(24, description="characters in a shingle, where `shingles` is characters")
    recall: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.99, description="pairs at the threshold to find; picks `bands` and `rows` (`daybreak dup curve`)"
    )
    bands: Count | None = Field(None, description="instead of `recall`, together with `rows`")
    rows: Count | None = Field(None, description="MinHashes a band")
    engine: Literal["kernel", "spark.ml"] = Field(
        "kernel", description="what computes the bands; spark.ml: HashingTF and MinHashLSH, slower"
    )
    threshold: Share = Field(0.75, description="least exact Jaccard of a pair to be called duplicates")
    cluster: Literal["representative", "components"] = Field(
        "representative",
        description="representative: what goes resembles the document that stays; components: chains as well",
    )
    hubs: Count = Field(4, description="kept documents of a bucket that a later one is compared with")
    max_driver_edges: Count = Field(
        5_000_000, description="pairs, and rows of buckets, clustered on the driver; more in Spark"
    )

    @model_validator(mode="after")
    def _banding(self) -> Near:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("set `bands` and `rows` together, or neither and `recall`")
        return self


class DedupHistory(Section):
    """Documents of earlier runs that this run is compared with; it adds its own at the end."""

    path: str = Field(description="folder, or URI of one, that grows by a batch a run")
    batch: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of this run's batch, e.g. its day"
    )
    buckets: Annotated[int, Field(ge=2, le=4096)] = Field(
        16, description="files a table and batch, a power of two; decided by the first run"
    )
    wait: Annotated[float, Field(ge=0)] = Field(
        600.0, description="seconds to wait for another run that uses the history"
    )


class Against(Options):
    """Another data set: what is already in it is dropped."""

    path: str = Field(
        description="a history, a workspace that finished dedup, or with `format` a file, folder or glob"
    )
    format: Format | None = Field(None, description="layout of the files, as in sources")
    options: dict[str, Any] = Field(default_factory=dict, description="settings of the reader, e.g. text_key")


class Certificate(Section):
    """Made-up pairs of known similarity that go the way of all documents, to measure what a run finds."""

    pairs: Annotated[int, Field(ge=1, le=10_000)] = Field(
        40, description="pairs planted at each similarity from .5 to 1"
    )
    floor: Share = Field(
        0.98,
        description="least share found of the planted pairs at or above the threshold; under it the run fails",
    )


class DomainCap(Section):
    """At most so much of one registered domain (publicsuffix.org), of what dedup leaves in this run."""

    documents: Count | None = Field(None, description="documents that stay of a domain, at most")
    bytes: Count | None = Field(None, description="bytes of text that stay of a domain, at most")
    keep: Literal["draw", "order"] = Field(
        "draw", description="which stay. draw: by keyed hash of doc_id; order: the first by dedup's `order`"
    )
    suffixes: Suffixes = Field(
        "all",
        description="all: what is below github.io and the like are domains of their own; registries: they are not",
    )

    @model_validator(mode="after")
    def _limits(self) -> DomainCap:
        if self.documents is None and self.bytes is None:
            raise ValueError("set `documents`, `bytes` or both")
        return self


class Dedup(Section):
    """Duplicates to remove."""

    url: bool = Field(False, description="of documents with one URL (normalised) the first alone stays")
    exact: bool = Field(True, description="of documents with one text (normalised) the first alone stays")
    near: Near | None = Field(default_factory=Near)
    max_per_domain: DomainCap | None = None
    certificate: Certificate | None = Field(default_factory=Certificate)
    order: list[str] = Field(
        default_factory=lambda: ["length", "timestamp", "doc_id"],
        min_length=1,
        description="which duplicate stays, most important key first: date, timestamp, length, quality: SIGNAL, "
        "source, licence, doc_id",
    )
    source_order: list[str] = Field(
        default_factory=list, description="sources from best to worst, for the key source"
    )
    licence_key: str | None = Field(
        None, description="where the licence stands in the metadata, with dots between levels"
    )
    licence_order: list[str] = Field(
        default_factory=list, description="licences from best to worst, for the key licence"
    )
    max_driver_documents: Annotated[int, Field(ge=0)] = Field(
        200_000, description="documents, of at most 1 GB of text, that one process compares; more in Spark"
    )
    history: DedupHistory | None = None
    against: dict[SignalName, Against] = Field(
        default_factory=dict, description="other data sets, by name: what is in one of them is dropped"
    )

    @field_validator("order", mode="before")
    @classmethod
    def _keys(cls, keys: Any) -> Any:
        """`quality: SIGNAL` in YAML is a mapping of one key."""
        if not isinstance(keys, list):
            return keys
        return [
            f"quality:{key['quality']}" if isinstance(key, dict) and [*key] == ["quality"] else key
            for key in keys
        ]


class TextUnit(Section):
    """A unit of text whose later copies leave documents. Which copy is the first: `dedup`'s declared order."""

    scope: Literal["corpus", "document"] = Field("corpus", description="where a copy counts")
    copies: Count = Field(1, description="how many of each stay")


class Passage(TextUnit):
    """Paragraphs, lines or sentences."""

    normal: Literal["loose", "spaces"] = Field(
        "loose",
        description="loose: case, digits, punctuation and accents do not count; spaces: all but they do",
    )
    min_chars: Annotated[int, Field(ge=0)] = Field(0, description="shorter ones are left alone")
    min_words: Annotated[int, Field(ge=0)] = Field(0, description="those of fewer words are left alone")


class Lines(Passage):
    """Lines as they are written, white space aside."""

    normal: Literal["loose", "spaces"] = "spaces"


class Spans(Passage):
    """Sentences in a row, each window of them compared (C4)."""

    sentences: Annotated[int, Field(ge=2, le=100)] = 3


class Substrings(TextUnit):
    """Runs of tokens, wherever they begin (Lee et al. 2022)."""

    tokens: Annotated[int, Field(ge=10, le=10_000)] = Field(50, description="least length of a run")


class Passages(Section):
    """Repeated passages to cut out of documents; the units that are named, all on the text as dedup left it."""

    paragraphs: Passage | None = Field(None, description="text between line ends, compared as in CCNet")
    lines: Lines | None = None
    sentences: Passage | None = Field(None, description="by their marks; Thai and Lao have none")
    spans: Spans | None = None
    substrings: Substrings | None = None
    max_removed_share: Share = Field(
        1.0, description="a document that loses more of its characters is dropped"
    )
    min_left_chars: Count = Field(1, description="a document that is cut to fewer characters is dropped")
