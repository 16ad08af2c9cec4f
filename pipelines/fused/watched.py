"""Ingest under guard: what its children inherit, and the limits that the recipe sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar

import pyarrow as pa

from daybreak.recipe import Recipe
from daybreak.schema import DOCUMENTS, RAW
from pipelines.extract.settings import extract_stage
from pipelines.fused.chain import build_chain
from pipelines.guard import Guarded, Limits


class Sourced(Protocol):
    """A file, a part of one, or a job on them: of one source."""

    @property
    def source(self) -> str:
        """The source's name."""


U = TypeVar("U", bound=Sourced)
R = TypeVar("R")


def guarded(work: Callable[[U], R], recipe: Recipe) -> Callable[[U], R]:
    """`work` in watched children, as far as the recipe has it so."""
    settings = recipe.ingest
    if not settings.guard:
        return work
    warm = Warm(recipe.model_dump_json())
    return Guarded.of(work, Limits(settings.record_seconds, settings.record_memory), warm)


@dataclass(frozen=True)
class Warm:
    """Loads what the work on a source needs (models, kernels, lists), once a process: children inherit it."""

    recipe: str
    """As JSON: it is the key of what was loaded already."""

    def __call__(self, item: Sourced) -> None:
        _warmed(self.recipe, item.source)


@cache
def _warmed(recipe: str, source: str) -> None:
    settings = Recipe.model_validate_json(recipe)
    text = "The harbour was quiet on the 3rd of May: call +1 415 555 0100 or a@example.org."
    build_chain(settings, source)(_row(DOCUMENTS, text=text))
    extract_stage(settings)(_row(RAW, payload=b"<p>A page."))


def _row(schema: pa.Schema, **values: object) -> pa.RecordBatch:
    """One row with these values; the other columns are null."""
    return pa.record_batch([pa.array([values.get(f.name)], f.type) for f in schema], schema=schema)
