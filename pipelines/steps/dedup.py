"""Dedup: by URL, exact, then near duplicates among all documents that the filter kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.accounting import Ledger
from daybreak.errors import RecipeError
from daybreak.manifest import FileEntry, fingerprint
from daybreak.recipe import Recipe
from daybreak.schema import CLUSTERS, DECISIONS
from daybreak.storage import Store
from pipelines.code import code_version
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.phases import Phase, Phases, struct_of
from pipelines.dedup.settings import LEVELS, DedupSettings
from pipelines.dedup.signatures import SIGNATURES, band_lists
from pipelines.dedup.urls import url_hash
from pipelines.narrow import scan_units, watched
from pipelines.parts import runs
from pipelines.quality.wanted import check_order_signals
from pipelines.reading import KeptUnit, kept_units
from pipelines.step import Context, Result, Step
from pipelines.steps.filter import count_verdicts
from pipelines.wide import write_parts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

IN_PROGRESS = "in-progress-"


class Dedup(Step):
    """The step. Finished phases outlive a killed run: `dedup/in-progress-…`, removed when the step commits."""

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
        """Levels, order, shingles, bands, threshold, seed."""
        return {**recipe.dedup.model_dump(), "seed": recipe.seed}

    def run(self, context: Context) -> Result:
        """Write one decision for every document that came in, and the clusters."""
        from pipelines.dedup.stage import Dedup as DedupStage

        settings = stage_settings(context.recipe)
        units = kept_units(context, "filter")
        phases = Phases(context.spark, self._work_folder(context))
        with watched(context.spark, context.progress, sum(u.size for u in units)):
            docs = self._scanned(context, units, phases).frame()
            found = DedupStage(settings)(docs, FetchTexts({u.unit: u for u in units}), phases)
        written = self._write(context, found.decisions, found.clusters)
        return Result(written, _count(context.out, written["decisions"], settings).counts())

    def _work_folder(self, context: Context) -> Store:
        """A folder that the same code, settings and inputs find again; those of others are removed."""
        inputs = {name: manifest.digest for name, manifest in context.inputs.items()}
        code = code_version(self.code, self.libraries)
        known = inputs | self.outside(context.recipe)
        wanted = IN_PROGRESS + fingerprint(self.name, code, self.settings(context.recipe), known)[:16]
        store = context.workspace.store.below(self.name)
        for name in store.names():
            if name.startswith(IN_PROGRESS) and name != wanted:
                store.remove(name)
        store.make(wanted)
        return store.below(wanted)

    def _scanned(self, context: Context, units: list[KeptUnit], phases: Phases) -> Phase:
        read = ScanUnit(stage_settings(context.recipe), declared_order(context.recipe))

        def build() -> DataFrame:
            partitions = context.recipe.spark.partitions
            return scan_units(context.spark, units, read, struct_of(SIGNATURES), partitions)

        return phases.phase("scan", SIGNATURES, build)

    def _write(
        self, context: Context, decisions: DataFrame, clusters: DataFrame
    ) -> dict[str, list[FileEntry]]:
        from pyspark.sql import functions as F

        out, progress = context.out, context.progress
        clusters = clusters.withColumn("part", F.concat(F.lit("clusters-"), F.substring("cluster_id", 1, 1)))
        order = ["cluster_id", "doc_id"]
        return {
            "decisions": write_parts(decisions, out, "decisions", DECISIONS, "unit", ["row"], progress),
            "clusters": write_parts(clusters, out, "clusters", CLUSTERS, "part", order, progress),
        }


@dataclass(frozen=True)
class ScanUnit:
    """Reads one unit's kept documents as the stage takes them, hashes of the levels that are on."""

    settings: DedupSettings
    order: DeclaredOrder

    def __call__(self, unit: KeptUnit) -> Iterator[pa.RecordBatch]:
        """Columns of `signatures.SIGNATURES`; `row` counts the unit's kept documents from 0."""
        signals = {name: _column(unit, name) for name in ("exact_hash", *self.order.signals)}
        wanted = [*self.order.columns, "text", *(("url",) if "url" in self.settings.levels else ())]
        start = 0
        for batch in unit.read(wanted):
            rows = batch.num_rows
            known = {name: batch.column(name) for name in batch.schema.names}
            known |= {name: column.slice(start, rows) for name, column in signals.items()}
            known["unit"] = pa.repeat(unit.unit, rows)
            known["row"] = pa.array(np.arange(start, start + rows))
            known |= {"order": self.order(known), **self._hashes(known)}
            yield pa.RecordBatch.from_arrays([known[f.name] for f in SIGNATURES], schema=SIGNATURES)
            start += rows

    def _hashes(self, known: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        levels, rows = self.settings.levels, len(known["text"])
        none = {
            name: pa.nulls(rows, SIGNATURES.field(name).type) for name in ("url_hash", "exact_hash", "bands")
        }
        return {
            "url_hash": url_hash(known["url"]) if "url" in levels else none["url_hash"],
            "exact_hash": known["exact_hash"] if "exact" in levels else none["exact_hash"],
            "bands": band_lists(known["text"], self.settings) if "near" in levels else none["bands"],
        }


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
    levels = tuple(level for level in LEVELS if getattr(recipe.dedup, level))
    return DedupSettings(seed=recipe.seed, levels=levels, **(near.model_dump() if near else {}))


def declared_order(recipe: Recipe) -> DeclaredOrder:
    """The declared order, from the recipe. Raises RecipeError for keys that are not known."""
    dedup = recipe.dedup
    return DeclaredOrder(
        tuple(dedup.order), tuple(dedup.source_order), dedup.licence_key, tuple(dedup.licence_order)
    )


def check_order(recipe: Recipe) -> None:
    """Keys, signals and sources of the order exist. Raises RecipeError that names the one that does not."""
    declared_order(recipe)
    check_order_signals(recipe)
    for name in recipe.dedup.source_order:
        if name not in recipe.sources:
            raise RecipeError(
                f"{name!r} in source_order is no source; sources are {', '.join(recipe.sources)}"
            )


def _column(unit: KeptUnit, name: str) -> pa.Array:
    arrays = [b.column(0) for b in unit.read_signals([name], rows=1 << 14)]
    return pa.chunked_array(arrays).combine_chunks() if arrays else pa.array([], pa.null())


def _count(store: Store, entries: list[FileEntry], settings: DedupSettings) -> Ledger:
    stages = tuple(f"{level} dedup" for level in LEVELS if level != "url" or "url" in settings.levels)
    ledger = Ledger()
    for entry in entries:
        table = pq.read_table(store.path(entry.path), filesystem=store.filesystem, schema=DECISIONS)
        for batch in table.to_batches():
            count_verdicts(batch, stages, ledger)
    return ledger
