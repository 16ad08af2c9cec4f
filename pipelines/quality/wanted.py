"""Which signals a recipe measures, and whether those that its rules look at are among them."""

from __future__ import annotations

from collections.abc import Iterator

from daybreak.recipe import Recipe
from pipelines.pii.registry import DETECTORS
from pipelines.quality.book import rulebook
from pipelines.quality.families import edits
from pipelines.quality.rules import choose
from pipelines.quality.segmenters import COLUMN
from pipelines.quality.signals import FAMILIES, OURS, SIGNALS


def families_of(recipe: Recipe) -> tuple[str, ...]:
    """The families to measure, in order: ours, and those of peers that a rule of the recipe looks at, or all.

    Those of peers cost more than all others together.
    """
    if recipe.quality.signals == "all":
        return tuple(FAMILIES)
    looked_at = set(_looked_at(recipe))
    return tuple(
        name
        for name, family in FAMILIES.items()
        if name in OURS or any(signal.name in looked_at for signal in family)
    )


def check_signals(recipe: Recipe) -> None:
    """RecipeError for a rule of the recipe's own that looks at a signal nobody measures."""
    known = set(_known(recipe))
    for set_name, wanted in recipe.quality.sets.items():
        for rule in wanted.rules:
            listed = rule.signal.startswith("url_") and rule.signal != "url_domain" and recipe.lists.urls
            if rule.signal not in known and not listed:
                choose(f"signal in quality.sets.{set_name}.{rule.name}", rule.signal, sorted(known))


def check_order_signals(recipe: Recipe) -> None:
    """RecipeError for a `quality: SIGNAL` of dedup.order that nobody measures."""
    for signal in order_signals(recipe):
        choose("signal", signal, sorted(set(_known(recipe))))


def order_signals(recipe: Recipe) -> tuple[str, ...]:
    """Signals by which duplicates are put in order."""
    return tuple(key.removeprefix("quality:") for key in recipe.dedup.order if key.startswith("quality:"))


def _looked_at(recipe: Recipe) -> Iterator[str]:
    yield from order_signals(recipe)
    book = rulebook(recipe.quality)
    for source in recipe.sources:
        for name in recipe.rules_for(source):
            yield from (rule.signal for rule in book.rule_set(name))


def _known(recipe: Recipe) -> Iterator[str]:
    yield from SIGNALS.names
    yield from (signal.name for signal in edits.SIGNALS)
    yield from ("lang_score", "lang_share", "n_bytes", "pii_density")
    yield from (f"pii_{kind}" for kind in DETECTORS)
    if recipe.quality.segmenters:
        yield COLUMN
    for name in recipe.models:
        yield from (f"score_{name}", f"pareto_{name}")
    yield from (f"meta_{name}" for name in recipe.metadata)
    yield from (f"perplexity_{name}" for name in recipe.perplexity)
    if recipe.lists.badwords:
        yield from ("badword_any", "badword_count", "badword_ratio")
    if recipe.lists.url_words:
        yield from ("url_strict", "url_hard", "url_soft")
