"""What steps share that cut byte ranges out of kept documents: the ranges as a table, their bytes in the books."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.accounting import Count, Ledger
from daybreak.schema import CUTS
from pipelines.steps.filter import count_verdicts


def range_lists(ends: np.ndarray, begins: np.ndarray, stops: np.ndarray) -> pa.ListArray:
    """list<struct<begin, end>> of ranges, where row i has those from `ends[i]` to `ends[i + 1]`."""
    kind = CUTS.field("cuts").type.value_type
    columns = [pa.array(np.ascontiguousarray(side), pa.int64()) for side in (begins, stops)]
    structs = pa.StructArray.from_arrays(columns, fields=list(kind))
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), structs)


def count_cut(decisions: pa.Table, cuts: pa.Table, stage: str) -> list[Count]:
    """Counts of a step's decisions; bytes that were cut out of kept documents (schema CUTS) count as edited."""
    ledger = Ledger()
    for batch in decisions.to_batches():
        count_verdicts(batch, (stage,), ledger)
    for source, size in _bytes_cut(decisions, cuts):
        ledger.add(stage, source, "kept", 0, -size)
        ledger.add(stage, source, "edited", 0, size)
    return ledger.counts()


def _bytes_cut(decisions: pa.Table, cuts: pa.Table) -> Sequence[tuple[str, int]]:
    ranges = pc.list_flatten(cuts.column("cuts"))
    rows = pc.list_parent_indices(cuts.column("cuts"))
    kept = decisions.filter(pc.equal(decisions.column("verdict"), "keep"))
    sizes = pc.subtract(pc.struct_field(ranges, "end"), pc.struct_field(ranges, "begin"))
    table = pa.table({"source": kept.column("source").take(rows), "bytes": sizes})
    sums = table.group_by("source").aggregate([("bytes", "sum")])
    return [(row["source"], row["bytes_sum"]) for row in sums.to_pylist()]
