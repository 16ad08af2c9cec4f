"""A recipe is one corpus build, from sources to a trained model, in one YAML file. Loads without Spark."""

from daybreak.recipe.load import load_recipe
from daybreak.recipe.model import Recipe
from daybreak.recipe.sources import Source

__all__ = ["Recipe", "Source", "load_recipe"]
