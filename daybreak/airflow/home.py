"""Where the project stands on an Airflow machine, and which recipes its DAGs know."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from daybreak.recipe import Recipe, load_recipe

BUILD, DAILY, TOKENIZER = "DAYBREAK_RECIPE", "DAYBREAK_DAILY_RECIPE", "DAYBREAK_TOKENIZER_RECIPE"
DEFAULTS = {
    BUILD: "conf/recipes/sample.yaml",
    DAILY: "conf/recipes/daily.yaml",
    TOKENIZER: "conf/recipes/tokenizer.yaml",
}
"""Environment variables that name the DAGs' recipes, and what stands for them where they are not set."""
NO_DAY = "day=1970-01-01"
"""Stands for the day where a daily recipe is read for its steps alone."""


def home() -> Path:
    """DAYBREAK_HOME, else the checkout that holds this file. Recipes' relative paths stand relative to it."""
    return Path(os.environ.setdefault("DAYBREAK_HOME", str(Path(__file__).resolve().parents[2])))


def recipe_of(variable: str) -> Path:
    """The recipe that an environment variable names (relative to home), or its default."""
    return home() / os.environ.get(variable, DEFAULTS[variable])


def recipe_for(variable: str) -> Path | None:
    """`recipe_of`, or None where the variable is not set and there is no file at its default."""
    path = recipe_of(variable)
    return path if variable in os.environ or path.is_file() else None


def known_recipes() -> list[str]:
    """Every recipe that a run may be started with: those of the DAGs, and all in conf/recipes."""
    chosen = [path for variable in DEFAULTS if (path := recipe_for(variable))]
    return list(dict.fromkeys(map(str, [*chosen, *sorted((home() / "conf/recipes").glob("*.yaml"))])))


def read(path: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """A recipe with its changes, its relative paths below home."""
    home()
    return load_recipe(path, changes)


def outline(path: str | Path) -> Recipe:
    """A recipe as it is without a day, for the shape of a DAG."""
    return read(path, [NO_DAY])
