"""Dedup: exact, then near duplicates among all documents that the filter kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.accounting import Ledger
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.schema import CLUSTERS, DECISIONS
from daybreak.storage import Store
from pipelines.dedup.stage import SCAN_DDL, Dedup as DedupStage, DedupSettings, signature_batch
from pipelines.narrow import scan_units
from pipelines.reading import KeptUnit, kept_units
from pipelines.step import Context, Result
from pipelines.steps.filter import count_verdicts
from pipelines.wide import write_parts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STAGES = ("exact", "near")
CLUSTER_PARTS = 16


class Dedup:
    """The step."""

    name = "dedup"
    needs: tuple[str, ...] = ("ingest", "filter")
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

    def wanted(self, recipe: Recipe) -> bool:
        """Always: with both levels off, every document is kept."""
        return True

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Levels, shingles, bands, threshold, seed."""
        return {**recipe.dedup.model_dump(), "seed": recipe.seed}

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """Nothing."""
        return {}

    def run(self, context: Context) -> Result:
        """Write one decision for every document that came in, and the clusters."""
        settings = stage_settings(context.recipe)
        units = kept_units(context, "filter")
        docs = scan_units(context.spark, units, _signatures(settings), SCAN_DDL, context.recipe.spark.partitions)
        texts = scan_units(context.spark, units, _texts, "doc_id string, text string", context.recipe.spark.partitions)
        decisions, clusters = DedupStage(settings)(docs, texts)
        written = self._write(context, decisions, clusters)
        return Result(written, _count(context.out, written["decisions"]).counts(), _facts(context.recipe))

    def _write(
        self, context: Context, decisions: DataFrame, clusters: DataFrame
    ) -> dict[str, list[FileEntry]]:
        from pyspark.sql import functions as F

        clusters = clusters.withColumn(
            "part", F.concat(F.lit("clusters-"), F.substring("cluster_id", 1, 1))
        )
        out, progress = context.out, context.progress
        return {
            "decisions": write_parts(decisions, out, "decisions", DECISIONS, "unit", ["row"], progress),
            "clusters": write_parts(
                clusters, out, "clusters", CLUSTERS, "part", ["cluster_id", "doc_id"], progress
            ),
        }


def stage_settings(recipe: Recipe) -> DedupSettings:
    """The stage's settings, from the recipe."""
    near = recipe.dedup.near
    return DedupSettings(exact=recipe.dedup.exact, seed=recipe.seed, **(near.model_dump() if near else {"near": False}))


def _signatures(settings: DedupSettings) -> Callable[[KeptUnit], Iterator[pa.RecordBatch]]:
    columns = ["doc_id", "source", "timestamp", "text"]

    def scan(unit: KeptUnit) -> Iterator[pa.RecordBatch]:
        start = 0
        hashes = _column(unit, "exact_hash")
        sizes = _column(unit, "n_bytes")
        for batch in unit.read(columns):
            rows = batch.num_rows
            batch = batch.append_column("unit", pa.repeat(unit.unit, rows))
            batch = batch.append_column("row", pa.array(range(start, start + rows), pa.int64()))
            batch = batch.append_column("exact_hash", hashes.slice(start, rows))
            batch = batch.append_column("n_bytes", sizes.slice(start, rows))
            start += rows
            yield signature_batch(batch, settings)

    return scan


def _column(unit: KeptUnit, name: str) -> pa.Array:
    arrays = [b.column(0) for b in unit.read_signals([name], rows=1 << 14)]
    if not arrays:
        return pa.array([], pa.string())
    return pa.chunked_array(arrays).combine_chunks()


def _texts(unit: KeptUnit) -> Iterator[pa.RecordBatch]:
    return unit.read(["doc_id", "text"])


def _count(store: Store, entries: list[FileEntry]) -> Ledger:
    ledger = Ledger()
    for entry in entries:
        table = pq.read_table(store.path(entry.path), filesystem=store.filesystem, schema=DECISIONS)
        for batch in table.to_batches():
            count_verdicts(_by_level(batch), STAGES, ledger)
    return ledger


def _by_level(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The decisions with the level that dropped a document (its rule) as the funnel's stage."""
    return batch.set_column(batch.schema.get_field_index("stage"), "stage", batch.column("rule"))


def _facts(recipe: Recipe) -> dict[str, Any]:
    return {"settings": recipe.dedup.model_dump()}


