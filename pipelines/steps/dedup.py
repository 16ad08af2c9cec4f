"""Dedup: exact, then near duplicates among all documents that the filter kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.accounting import Ledger
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.schema import CLUSTERS, DECISIONS
from daybreak.storage import Store
from pipelines.dedup.banding import resolve
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import SIGNATURES, band_lists
from pipelines.narrow import scan_units, watched
from pipelines.parts import runs
from pipelines.reading import KeptUnit, kept_units
from pipelines.step import Context, Result, Step
from pipelines.steps.filter import count_verdicts
from pipelines.wide import write_parts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STAGES = ("exact dedup", "near dedup")
SCAN = (
    "doc_id string, unit string, row long, source string, timestamp string, n_bytes long, exact_hash string, "
    "bands array<long>"
)


class Dedup(Step):
    """The step."""

    name = "dedup"
    needs = ("ingest", "filter")
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.reading",
        "pipelines.wide",
        "pipelines.kernels",
        "pipelines.dedup",
        "pipelines.steps.dedup",
    )
    libraries = ("pyarrow", "pyspark", "scipy", "xxhash")

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Levels, shingles, bands, threshold, seed."""
        return {**recipe.dedup.model_dump(), "seed": recipe.seed}

    def run(self, context: Context) -> Result:
        """Write one decision for every document that came in, and the clusters."""
        from pipelines.dedup.stage import Dedup as DedupStage

        settings = stage_settings(context.recipe)
        units = kept_units(context, "filter")
        read = ScanUnit(settings if context.recipe.dedup.near else None, context.recipe.dedup.exact)
        docs = scan_units(context.spark, units, read, SCAN, context.recipe.spark.partitions)
        with watched(context.spark, context.progress, sum(u.size for u in units)):
            found = DedupStage(settings)(docs, FetchTexts({u.unit: u for u in units}))
        written = self._write(context, found.decisions, found.clusters)
        found.held.unpersist()
        return Result(written, _count(context.out, written["decisions"]).counts())

    def _write(
        self, context: Context, decisions: DataFrame, clusters: DataFrame
    ) -> dict[str, list[FileEntry]]:
        from pyspark.sql import functions as F

        out, progress = context.out, context.progress
        clusters = clusters.withColumn("part", F.concat(F.lit("clusters-"), F.substring("cluster_id", 1, 1)))
        exact, near = STAGES
        decisions = decisions.withColumn("stage", F.when(F.col("rule") == "exact", exact).otherwise(near))
        order = ["cluster_id", "doc_id"]
        return {
            "decisions": write_parts(decisions, out, "decisions", DECISIONS, "unit", ["row"], progress),
            "clusters": write_parts(clusters, out, "clusters", CLUSTERS, "part", order, progress),
        }


@dataclass(frozen=True)
class ScanUnit:
    """Reads one unit's kept documents as the stage takes them; without `settings`, without band hashes."""

    settings: DedupSettings | None
    exact: bool

    def __call__(self, unit: KeptUnit) -> Iterator[pa.RecordBatch]:
        """Columns of `signatures.SIGNATURES`; `row` counts the unit's kept documents from 0."""
        signals = {name: _column(unit, name) for name in ("exact_hash", "n_bytes")}
        start = 0
        for batch in unit.read(["doc_id", "source", "timestamp", "text"]):
            rows = batch.num_rows
            known = {name: batch.column(name) for name in batch.schema.names}
            known |= {name: column.slice(start, rows) for name, column in signals.items()}
            known["unit"] = pa.repeat(unit.unit, rows)
            known["row"] = pa.array(np.arange(start, start + rows))
            if not self.exact:
                known["exact_hash"] = pa.nulls(rows, pa.string())
            known["bands"] = self._bands(batch.column("text"))
            yield pa.RecordBatch.from_arrays([known[f.name] for f in SIGNATURES], schema=SIGNATURES)
            start += rows

    def _bands(self, texts: pa.Array) -> pa.Array:
        if self.settings is None:
            return pa.nulls(len(texts), SIGNATURES.field("bands").type)
        return band_lists(texts, self.settings)


@dataclass(frozen=True)
class FetchTexts:
    """Texts of wanted documents, read from the parts of their units; other units are not opened."""

    units: Mapping[str, KeptUnit]

    def __call__(self, wanted: DataFrame) -> DataFrame:
        """`wanted` (doc_id, unit, row) as (doc_id, text)."""
        placed = wanted.select("unit", "row").repartition("unit").sortWithinPartitions("unit", "row")
        return placed.mapInArrow(self._read, "doc_id string, text string")

    def _read(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows: dict[str, list[np.ndarray]] = {}
        for batch in batches:
            for unit, start, stop in runs(batch.column("unit")):
                rows.setdefault(unit, []).append(batch.column("row").slice(start, stop - start).to_numpy())
        for unit, pieces in rows.items():
            yield from self._take(self.units[unit], np.concatenate(pieces))

    def _take(self, unit: KeptUnit, rows: np.ndarray) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in unit.read(["doc_id", "text"]):
            here = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
            start += batch.num_rows
            if len(here):
                yield batch.take(pa.array(here))


def stage_settings(recipe: Recipe) -> DedupSettings:
    """The stage's settings, from the recipe. Raises RecipeError for bands that cannot work."""
    near = recipe.dedup.near
    if near is None:
        return DedupSettings(seed=recipe.seed)
    bands, rows = resolve(near.threshold, near.recall, near.bands, near.rows)
    given = near.model_dump(exclude={"recall", "bands", "rows"})
    return DedupSettings(seed=recipe.seed, bands=bands, rows=rows, **given)


def _column(unit: KeptUnit, name: str) -> pa.Array:
    arrays = [b.column(0) for b in unit.read_signals([name], rows=1 << 14)]
    return pa.chunked_array(arrays).combine_chunks() if arrays else pa.array([], SIGNATURES.field(name).type)


def _count(store: Store, entries: list[FileEntry]) -> Ledger:
    ledger = Ledger()
    for entry in entries:
        table = pq.read_table(store.path(entry.path), filesystem=store.filesystem, schema=DECISIONS)
        for batch in table.to_batches():
            count_verdicts(batch, STAGES, ledger)
    return ledger
