"""Which columns every table's columns come from, declared step by step.

A column is written `step.table.column`; the step `source` stands for the recipe's sources, whose columns are those of
`daybreak.schema.RAW`, and `outside` for other data sets of the recipe. `*` is every column of the table, or for
`filter` those that its rules look at. A table's key `*` speaks of all columns that have no line of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

Kind = Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION", "FILTER", "JOIN", "SORT"]
DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")


@dataclass(frozen=True)
class Origin:
    """One column that another comes from, and how (OpenLineage's subtypes). masked: scrubbed or hashed on the way."""

    step: str
    table: str
    column: str
    kind: Kind
    masked: bool = False

    @property
    def type(self) -> str:
        """DIRECT where values come from it, INDIRECT where it decides which rows or in which order."""
        return "DIRECT" if self.kind in DIRECT else "INDIRECT"


@dataclass(frozen=True)
class Derived:
    """A table: the origins of its columns (none: a constant, or a name that the run gave), and of its rows."""

    columns: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict)
    rows: tuple[Origin, ...] = ()

    def origins(self, column: str) -> tuple[Origin, ...]:
        """Of one column; KeyError where nothing is declared."""
        if column in self.columns:
            return self.columns[column]
        return next(self.columns[key] for key in (*self._patterns(column), "*") if key in self.columns)

    def _patterns(self, column: str) -> Iterator[str]:
        return (key for key in self.columns if "*" in key and key != "*" and fnmatchcase(column, key))

    def declares(self, column: str) -> bool:
        """Whether the column has a line, or a pattern that fits it."""
        return column in self.columns or "*" in self.columns or any(self._patterns(column))

    def all_origins(self) -> Iterator[Origin]:
        """Every origin that is named anywhere."""
        for origins in self.columns.values():
            yield from origins
        yield from self.rows


def origin(kind: Kind, *names: str, masked: bool = False) -> tuple[Origin, ...]:
    """Origins of one kind, each `step.table.column`."""
    return tuple(Origin(*_parts(name), kind, masked) for name in names)


def _parts(name: str) -> tuple[str, str, str]:
    step, table, column = name.split(".")
    return step, table, column


def same(table: str, *columns: str) -> dict[str, tuple[Origin, ...]]:
    """Columns that stand as they stood in `step.table`."""
    return {column: origin("IDENTITY", f"{table}.{column}") for column in columns}


def each(columns: str, origins: tuple[Origin, ...]) -> dict[str, tuple[Origin, ...]]:
    """Columns, their names with spaces between, that all come from the same."""
    return dict.fromkeys(columns.split(), origins)
