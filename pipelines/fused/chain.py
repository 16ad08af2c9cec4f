"""The chain of narrow stages that turns extracted text into rows of `documents` and `signals`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.recipe import Recipe
from daybreak.schema import DOCUMENTS
from pipelines.dedup.normal import exact_hash
from pipelines.fused.outside import outside_stages
from pipelines.guard import Outcome, apart, at_stage
from pipelines.language.identify import Language
from pipelines.pii.settings import presidio_stage, scrub_stage
from pipelines.quality.lines import Lines
from pipelines.quality.segmenters import segmenter_stage
from pipelines.quality.signals import Measure
from pipelines.quality.wanted import families_of

Narrow = Callable[[pa.RecordBatch], pa.RecordBatch]


def identity(column: pa.Array) -> pa.Array:
    """The column as it is."""
    return column


@dataclass(frozen=True)
class Finish:
    """Last stage: bytes of the final text, and the hash that exact duplicates share."""

    name: str = "finish"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Append n_bytes (int64) and exact_hash (32 hex)."""
        text = batch.column("text")
        batch = batch.append_column("n_bytes", pc.binary_length(text).cast(pa.int64()))
        return batch.append_column("exact_hash", exact_hash(text))


@dataclass(frozen=True)
class Chain:
    """Narrow stages in order. A row that a stage fails on is found by halving and reported, not lost."""

    stages: tuple[Narrow, ...]
    urls: Callable[[pa.Array], pa.Array] = identity
    """What is done to the URLs of records that are dropped before the chain."""

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows and their order stay; columns are added and `text` is replaced."""
        for stage in self.stages:
            at_stage(getattr(stage, "name", type(stage).__name__))
            batch = stage(batch)
        return batch

    def survivors(self, batch: pa.RecordBatch) -> Outcome:
        """The batch with all stages applied, less the rows that fail; and those as (row, error).

        Under guard, rows that hang, need too much memory or crash the process fail as well.
        """
        return apart("clean", self._halved, batch, self._failed)

    def _halved(self, batch: pa.RecordBatch) -> Outcome:
        try:
            return self(batch), []
        except Exception as error:
            if batch.num_rows <= 1:
                return self._failed(batch, f"{type(error).__name__}: {error}")
        half = batch.num_rows // 2
        left, bad_left = self._halved(batch.slice(0, half))
        right, bad_right = self._halved(batch.slice(half))
        return pa.concat_batches([left, right]), bad_left + [(half + row, why) for row, why in bad_right]

    def _failed(self, _: pa.RecordBatch, why: str) -> Outcome:
        return self.empty(), [(0, why)]

    def empty(self) -> pa.RecordBatch:
        """What the chain makes of no documents: its output schema."""
        return self(pa.RecordBatch.from_arrays([pa.array([], f.type) for f in DOCUMENTS], schema=DOCUMENTS))

    def signals(self) -> pa.Schema:
        """Schema of the signals table: keys, language, then every column that a stage added."""
        other = {*DOCUMENTS.names, "findings"}  # findings go to a table of their own
        added = [f for f in self.empty().schema if f.name not in other]
        keys = [DOCUMENTS.field(name) for name in ("doc_id", "source", "lang")]
        return pa.schema(keys + [pa.field(f.name, f.type) for f in added])


def build_chain(recipe: Recipe, source: str) -> Chain:
    """The stages that the recipe asks for, for one source."""
    scrub, language = scrub_stage(recipe), recipe.language
    published = tuple(name for name in recipe.rules_for(source) if name not in recipe.quality.sets)
    return Chain(
        (
            Language(language.identifier, language.model, language.max_chars, language.segments),
            Lines({source: published}),  # a recipe's own sets have no line edits
            Measure(families_of(recipe)),
            *segmenter_stage(recipe),
            scrub,
            *presidio_stage(recipe),
            *outside_stages(recipe),
            Finish(),
        ),
        urls=scrub.urls,
    )
