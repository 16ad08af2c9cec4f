"""The narrow half of dedup: units of kept documents in, one row a document out; and texts, where they are wanted.

Workers of Spark import this module: what reads recipes stays out of it (`documents`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.dedup.engines import ENGINES
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.planted import PlantedUnit
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import SIGNATURES
from pipelines.dedup.urls import url_hash
from pipelines.parts import runs
from pipelines.reading import KeptUnit

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Unit = KeptUnit | PlantedUnit


@dataclass(frozen=True)
class ScanUnit:
    """Reads one unit's kept documents as the stage takes them, hashes of the levels that are on."""

    settings: DedupSettings
    order: DeclaredOrder

    def __call__(self, unit: Unit) -> Iterator[pa.RecordBatch]:
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
        engine = ENGINES[self.settings.engine]
        none = {
            name: pa.nulls(rows, SIGNATURES.field(name).type) for name in ("url_hash", "exact_hash", "bands")
        }
        return {
            "url_hash": url_hash(known["url"]) if "url" in levels else none["url_hash"],
            "exact_hash": known["exact_hash"] if "exact" in levels else none["exact_hash"],
            "bands": engine.features(known["text"], self.settings) if "near" in levels else none["bands"],
        }


@dataclass(frozen=True)
class FetchTexts:
    """Texts of wanted documents, read from the parts of their units; other units are not opened."""

    units: Mapping[str, Unit]

    def __call__(self, wanted: DataFrame) -> DataFrame:
        """`wanted` (doc_id, unit, row) as (doc_id, text)."""
        placed = wanted.select("unit", "row").repartition("unit").sortWithinPartitions("unit", "row")
        return placed.mapInArrow(self._read, "doc_id string, text string")

    def here(self, wanted: pa.Table) -> Iterator[pa.RecordBatch]:
        """The same in this process: doc_id and text of `wanted`, ascending by unit and row."""
        return self._read(wanted.to_batches())

    def _read(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows: dict[str, list[np.ndarray]] = {}
        for batch in batches:
            for unit, start, stop in runs(batch.column("unit")):
                rows.setdefault(unit, []).append(batch.column("row").slice(start, stop - start).to_numpy())
        for unit, pieces in rows.items():
            yield from self._take(self.units[unit], np.concatenate(pieces))

    def _take(self, unit: Unit, rows: np.ndarray) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in unit.read(["doc_id", "text"]):
            here = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
            start += batch.num_rows
            if len(here):
                yield batch.take(pa.array(here))


def _column(unit: Unit, name: str) -> pa.Array:
    arrays = [b.column(0) for b in unit.read_signals([name], rows=1 << 14)]
    return pa.chunked_array(arrays).combine_chunks() if arrays else pa.array([], pa.null())
