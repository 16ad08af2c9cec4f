"""Signals from what a recipe names outside the workspace: models, lists, metadata. Their stages and identities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from daybreak.errors import InputError
from daybreak.recipe import Recipe
from pipelines.fused.metadata import Metadata
from pipelines.lists import badwords, url_words, urls
from pipelines.lists.files import list_digest
from pipelines.lists.suffixes import UrlDomain
from pipelines.models.folder import model_digest, read_model, sha256, weights_file
from pipelines.models.perplexity import Perplexity, load_model, load_pieces
from pipelines.models.score import Score

Stage = Callable[[pa.RecordBatch], pa.RecordBatch]


def outside_stages(recipe: Recipe) -> Iterator[Stage]:
    """The stages that the recipe's sections ask for; they look at the final text, and add columns alone."""
    lists = recipe.lists
    if lists.badwords:
        yield badwords.BadWords(lists.badwords)
    if lists.urls:
        yield urls.UrlCategories(lists.urls, _categories(recipe))
    if lists.url_words:
        yield url_words.UrlWords(lists.url_words)
    if lists.domains:
        yield UrlDomain(lists.domains == "all")
    for name, model in sorted(recipe.models.items()):
        yield Score(name, model.path, model.pareto_alpha, recipe.seed)
    for name, language_model in sorted(recipe.perplexity.items()):
        yield Perplexity(name, language_model.path, language_model.sentencepiece)
    if recipe.metadata:
        yield Metadata(tuple((name, value.key) for name, value in sorted(recipe.metadata.items())))


def outside_settings(recipe: Recipe) -> dict[str, Any]:
    """What decides these signals beside the files themselves: no path among it."""
    return {
        "models": {
            name: {"pareto_alpha": model.pareto_alpha, "key": recipe.seed}
            for name, model in recipe.models.items()
        },
        "perplexity": sorted(recipe.perplexity),
        "url_categories": recipe.lists.url_categories,
        "domains": recipe.lists.domains,
        "metadata": {name: value.key for name, value in recipe.metadata.items()},
    }


def outside_digests(recipe: Recipe) -> dict[str, str]:
    """Models and lists by name, each with a hash of its content."""
    digests = {f"models/{name}": model_digest(model.path) for name, model in recipe.models.items()}
    digests |= {f"lists/{key}": list_digest(path, key) for key, path in _list_paths(recipe).items() if path}
    for name, model in recipe.perplexity.items():
        for key, path in (("path", model.path), ("sentencepiece", model.sentencepiece)):
            if path:
                digests[f"perplexity/{name}/{key}"] = sha256(Path(path))
    return digests


def check_models(recipe: Recipe) -> None:
    """Every model's folder is whole and readable."""
    for name, model in recipe.models.items():
        with_name(name, lambda path: weights_file(path, read_model(path)), model.path)


def check_perplexity(recipe: Recipe) -> None:
    """KenLM is installed, and its models load."""
    for name, model in recipe.perplexity.items():
        with_name(name, load_model, model.path)
        if model.sentencepiece:
            with_name(name, load_pieces, model.sentencepiece)


def check_lists(recipe: Recipe) -> None:
    """Every list is there, in a layout that is known."""
    lists = recipe.lists
    if lists.badwords:
        with_name("badwords", badwords.read_words, lists.badwords)
    if lists.urls:
        with_name("urls", lambda path: urls.chosen_categories(path, _categories(recipe)), lists.urls)
    if lists.url_words:
        with_name("url_words", url_words.read_url_words, lists.url_words)


OUTSIDE_CHECKS: Mapping[str, Callable[[Recipe], Any]] = {
    "models": check_models,
    "perplexity": check_perplexity,
    "lists": check_lists,
}
"""Checks by the section they are of; each raises a DaybreakError that says what is wrong."""


def with_name(name: str, check: Callable[[str], Any], path: str) -> None:
    """Call `check` on `path`; its InputError says under which name of the section it happened."""
    try:
        check(path)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _categories(recipe: Recipe) -> tuple[str, ...] | None:
    chosen = recipe.lists.url_categories
    return None if chosen is None else tuple(chosen)


def _list_paths(recipe: Recipe) -> dict[str, str | None]:
    return {key: getattr(recipe.lists, key) for key in ("badwords", "urls", "url_words")}
