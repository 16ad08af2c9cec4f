"""The units of text that a recipe compares, and what becomes of documents that lose much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe
from pipelines.passages.pieces import Lines, Pieces
from pipelines.passages.sentences import Spans
from pipelines.passages.substrings import Substrings

Cutter = Callable[[pa.Array], Pieces]


@dataclass(frozen=True)
class Unit:
    """One unit of text. `inside`: copies count within one document alone; `copies`: how many of each stay."""

    cut: Cutter
    inside: bool
    copies: int


@dataclass(frozen=True)
class PassageSettings:
    """Units by name, and limits of a document that lost something.

    It is dropped where more than `max_removed_share` of its characters went or fewer than `min_left_chars` are
    left, white space aside.
    """

    units: dict[str, Unit]
    max_removed_share: float = 1.0
    min_left_chars: int = 1

    @property
    def across(self) -> tuple[str, ...]:
        """The units whose copies count in the whole corpus."""
        return tuple(name for name, unit in self.units.items() if not unit.inside)


UNITS: dict[str, Callable[[dict[str, Any]], Cutter]] = {
    "paragraphs": lambda keys: Lines(**keys),
    "lines": lambda keys: Lines(**keys),
    "sentences": lambda keys: Spans(**keys),
    "spans": lambda keys: Spans(**keys),
    "substrings": lambda keys: Substrings(**keys),
}
"""How each unit of the recipe's section is cut. Their order is the order of levels in the tables."""


def settings_of(recipe: Recipe) -> PassageSettings:
    """From the recipe's section. Raises RecipeError where it names no unit."""
    section = recipe.passages
    assert section is not None
    units = {}
    for name, cutter in UNITS.items():
        if (asked := getattr(section, name)) is not None:
            keys = asked.model_dump(exclude={"scope", "copies"})
            units[name] = Unit(cutter(keys), asked.scope == "document", asked.copies)
    if not units:
        raise RecipeError(f"name at least one unit of text: {', '.join(UNITS)}")
    return PassageSettings(units, section.max_removed_share, section.min_left_chars)
