"""Tables that line up by unit: a pass reads the documents that all earlier decisions keep, without a join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from daybreak.storage import Store
from pipelines.parts import filtered, keep_mask, narrow_mask, read_part
from pipelines.step import Context


@dataclass(frozen=True)
class KeptUnit:
    """The parts of one unit. `decisions` in the order they were made, each over the rows the former kept.

    A wide step writes no part for a unit of which nothing was left: its path is None.
    """

    unit: str
    size: int
    documents: tuple[Store, str]
    decisions: tuple[tuple[Store, str | None], ...]
    signals: tuple[Store, str] | None = None

    def mask(self) -> np.ndarray | None:
        """Which documents of the unit all decisions keep: bool [rows]; None when nothing was decided."""
        mask: np.ndarray | None = None
        for store, path in self.decisions:
            inner = np.zeros(0, dtype=bool) if path is None else keep_mask(store, path)
            mask = inner if mask is None else narrow_mask(mask, inner)
        return mask

    def read(self, columns: Sequence[str], rows: int = 512) -> Iterator[pa.RecordBatch]:
        """Kept documents, in the unit's order."""
        return self._read(self.documents, columns, rows)

    def read_signals(self, columns: Sequence[str], rows: int = 512) -> Iterator[pa.RecordBatch]:
        """Signals of kept documents, in the same order (batches may be cut elsewhere)."""
        assert self.signals is not None
        return self._read(self.signals, columns, rows)

    def _read(self, part: tuple[Store, str], columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        store, path = part
        batches = read_part(store, path, columns, rows)
        mask = self.mask()
        return batches if mask is None else filtered(batches, mask)


def kept_units(context: Context, *decided: str) -> list[KeptUnit]:
    """All units, large ones first so that tasks balance, with the decisions of the steps named."""
    documents, signals = context.parts("ingest", "documents"), context.parts("ingest", "signals")
    sizes = {e.path: e.bytes for e in context.inputs["ingest"].tables["documents"]}
    store = context.data("ingest")
    decisions = [(context.data(step), context.parts(step, "decisions")) for step in decided]
    units = [
        KeptUnit(
            unit=unit,
            size=sizes[path],
            documents=(store, path),
            decisions=tuple((s, parts.get(unit)) for s, parts in decisions),
            signals=(store, signals[unit]),
        )
        for unit, path in documents.items()
    ]
    return sorted(units, key=lambda u: (-u.size, u.unit))
