"""The extraction that a recipe asks for."""

from __future__ import annotations

from daybreak.recipe import Recipe
from pipelines.extract.html import Extract


def extract_stage(recipe: Recipe) -> Extract:
    """The stage with the recipe's settings."""
    asked = recipe.extract
    return Extract(asked.main_content, asked.extractor, asked.format, tuple(asked.honour))
