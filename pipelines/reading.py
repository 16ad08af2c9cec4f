"""Tables that line up by unit: a pass reads the documents that all earlier decisions keep, without a join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.schema import CUTS
from daybreak.storage import Store
from pipelines.kernels.arrow import put
from pipelines.kernels.cuts import removed_bytes, without_ranges
from pipelines.parts import filtered, keep_mask, narrow_mask, read_column, read_part

if TYPE_CHECKING:
    from pipelines.step import Context


@dataclass(frozen=True)
class Cuts:
    """A table of schema CUTS: one row a document that the first `after` decisions of its unit keep.

    Offsets refer to the text as the cuts before it left it.
    """

    store: Store
    path: str
    after: int


@dataclass(frozen=True)
class KeptUnit:
    """The parts of one unit. `decisions` in the order they were made, each over the rows the former kept.

    A wide step writes no part for a unit of which nothing was left: its path is None. `cuts` in the order
    they were made: texts are read without those bytes.
    """

    unit: str
    size: int
    documents: tuple[Store, str]
    decisions: tuple[tuple[Store, str | None], ...]
    signals: tuple[Store, str] | None = None
    cuts: tuple[Cuts, ...] = ()

    def mask(self, after: int | None = None) -> np.ndarray | None:
        """Which documents of the unit the first `after` decisions keep (None: all decisions).

        bool [rows]; None when nothing was decided.
        """
        mask: np.ndarray | None = None
        for store, path in self.decisions[:after]:
            inner = np.zeros(0, dtype=bool) if path is None else keep_mask(store, path)
            mask = inner if mask is None else narrow_mask(mask, inner)
        return mask

    def read(self, columns: Sequence[str], rows: int = 512) -> Iterator[pa.RecordBatch]:
        """Kept documents, in the unit's order."""
        return self._cut(self._read(self.documents, columns, rows))

    def read_signals(self, columns: Sequence[str], rows: int = 512) -> Iterator[pa.RecordBatch]:
        """Signals of kept documents, in the same order (batches may be cut elsewhere)."""
        assert self.signals is not None
        return self._cut(self._read(self.signals, columns, rows))

    def _read(self, part: tuple[Store, str], columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        store, path = part
        batches = read_part(store, path, columns, rows)
        mask = self.mask()
        return batches if mask is None else filtered(batches, mask)

    def _cut(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for cuts in self.cuts:
            batches = _each_cut(batches, self._ranges(cuts))
        return batches

    def _ranges(self, cuts: Cuts) -> pa.ListArray:
        """The ranges of the documents that all decisions keep."""
        ranges = read_column(cuts.store, cuts.path, "cuts")
        ranges = ranges if len(ranges) else pa.array([], CUTS.field("cuts").type)
        outer, mask = self.mask(cuts.after), self.mask()
        if outer is None or mask is None:
            return ranges
        if int(outer.sum()) != len(ranges):
            raise ValueError(f"tables do not line up: {int(outer.sum())} rows, {len(ranges)} rows of cuts")
        return ranges.filter(pa.array(mask[outer]))


def _each_cut(batches: Iterator[pa.RecordBatch], cuts: pa.ListArray) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in batches:
        yield without(batch, cuts.slice(start, batch.num_rows))
        start += batch.num_rows
    if start != len(cuts):
        raise ValueError(f"tables do not line up: {start} rows, {len(cuts)} rows of cuts")


def without(batch: pa.RecordBatch, cuts: pa.ListArray) -> pa.RecordBatch:
    """`batch` with the byte ranges of each row's cuts (list<struct<begin, end>>) out of `text` and `n_bytes`."""
    if len(cuts.flatten()) == 0:
        return batch
    if "text" in batch.schema.names:
        batch = put(batch, "text", without_ranges(batch.column("text"), cuts))
    if "n_bytes" in batch.schema.names:
        sizes = pc.subtract(batch.column("n_bytes"), pa.array(removed_bytes(cuts)))
        batch = put(batch, "n_bytes", sizes)
    return batch


def kept_units(context: Context, *decided: str) -> list[KeptUnit]:
    """All units, large ones first so that tasks balance, with the decisions of the steps named.

    A step that the recipe does not have decided nothing. Cuts of all of them apply, one after the other.
    """
    decided = tuple(step for step in decided if step in context.inputs)
    documents, signals = context.parts("ingest", "documents"), context.parts("ingest", "signals")
    sizes = {e.path: e.bytes for e in context.inputs["ingest"].tables["documents"]}
    store = context.data("ingest")
    decisions = [(context.data(step), context.parts(step, "decisions")) for step in decided]
    cuts = [(context.data(step), context.parts(step, "cuts")) for step in decided]
    units = [
        KeptUnit(
            unit=unit,
            size=sizes[path],
            documents=(store, path),
            decisions=tuple((s, parts.get(unit)) for s, parts in decisions),
            signals=(store, signals[unit]),
            cuts=tuple(Cuts(s, c[unit], n) for n, (s, c) in enumerate(cuts, 1) if unit in c),
        )
        for unit, path in documents.items()
    ]
    return sorted(units, key=lambda u: (-u.size, u.unit))
