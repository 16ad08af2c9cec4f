"""What a recipe asks of dedup, as settings of its stages, and the checks that it can be done."""

from __future__ import annotations

from typing import Any

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe
from pipelines.dedup import certificate as certificates
from pipelines.dedup.against import check_against
from pipelines.dedup.banding import resolve
from pipelines.dedup.history.settings import check_history, comparable
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.planted import PlantedUnit, plan_of
from pipelines.dedup.settings import LEVELS, DedupSettings
from pipelines.quality.wanted import check_order_signals


def stage_settings(recipe: Recipe) -> DedupSettings:
    """The stage's settings, from the recipe. Raises RecipeError for bands that cannot work."""
    near = recipe.dedup.near
    levels = tuple(level for level in LEVELS if getattr(recipe.dedup, level))
    most = recipe.dedup.max_driver_documents
    if near is None:
        return DedupSettings(seed=recipe.seed, levels=levels, max_driver_documents=most)
    bands, rows = resolve(near.threshold, near.recall, near.bands, near.rows)
    given = near.model_dump(exclude={"recall", "bands", "rows"})
    return DedupSettings(
        seed=recipe.seed, levels=levels, bands=bands, rows=rows, max_driver_documents=most, **given
    )


def declared_order(recipe: Recipe) -> DeclaredOrder:
    """The declared order, from the recipe. Raises RecipeError for keys that are not known."""
    dedup = recipe.dedup
    return DeclaredOrder(
        tuple(dedup.order), tuple(dedup.source_order), dedup.licence_key, tuple(dedup.licence_order)
    )


def comparable_settings(recipe: Recipe) -> dict[str, Any]:
    """What a history must have in common with this recipe."""
    return comparable(stage_settings(recipe), declared_order(recipe))


def planted_units(recipe: Recipe) -> list[PlantedUnit]:
    """The unit of planted documents, where the recipe wants a certificate of near duplicates."""
    wanted = recipe.dedup.certificate
    if not (wanted and recipe.dedup.near):
        return []
    return [PlantedUnit(plan_of(stage_settings(recipe), wanted.pairs))]


def check_certificate(recipe: Recipe) -> None:
    """The bands can reach the floor. Raises RecipeError that says what they are to reach."""
    wanted = recipe.dedup.certificate
    if wanted and recipe.dedup.near:
        certificates.check_floor(stage_settings(recipe), wanted.pairs, wanted.floor)


def check_earlier(recipe: Recipe) -> None:
    """The recipe's history and the data sets it names can be used. Raises RecipeError that says why not."""
    settings = stage_settings(recipe)
    check_history(recipe, settings, declared_order(recipe))
    check_against(recipe, comparable_settings(recipe))


def check_order(recipe: Recipe) -> None:
    """Keys, signals and sources of the order exist. Raises RecipeError that names the one that does not."""
    declared_order(recipe)
    check_order_signals(recipe)
    for name in recipe.dedup.source_order:
        if name not in recipe.sources:
            raise RecipeError(
                f"{name!r} in source_order is no source; sources are {', '.join(recipe.sources)}"
            )
