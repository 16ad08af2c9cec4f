"""Nodes and the buckets that they share, in one process: `nodes` without Spark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup.nodes import EARLIER, EARLIER_BUCKETS, MEMBERS, shared_rows
from pipelines.dedup.windows import Members


@dataclass(frozen=True)
class LocalNodes:
    """n: documents, those of `earlier` (`nodes.EARLIER`, in order) first. members: by those numbers."""

    n: int
    earlier: pa.Table
    members: Members

    @classmethod
    def of(cls, bands: pa.ListArray, ids: np.ndarray, found: pa.Table | None) -> LocalNodes:
        """Nodes of the documents `ids`, ascending, whose buckets are `bands` of all documents.

        found: `nodes.EARLIER_BUCKETS`, what a prior has in those buckets.
        """
        found = EARLIER_BUCKETS.empty_table() if found is None else found.select(EARLIER_BUCKETS.names)
        earlier = found.select(EARLIER.names).group_by(EARLIER.names).aggregate([]).sort_by("order")
        earlier = earlier.select(EARLIER.names).combine_chunks()
        here = bands.take(pa.array(ids))
        counts = pc.list_value_length(here).to_numpy()
        old = pc.index_in(found["order"], earlier["order"].combine_chunks()).to_numpy()
        buckets = np.concatenate([found["bucket"].to_numpy(), here.flatten().to_numpy()])
        numbers = np.concatenate([old, np.repeat(len(earlier) + np.arange(len(ids)), counts)])
        return cls(len(earlier) + len(ids), earlier, shared(buckets, numbers.astype(np.int64)))


def shared(buckets: np.ndarray, ids: np.ndarray) -> Members:
    """The rows of buckets that two or more documents share, ascending by bucket and id."""
    order = np.lexsort((ids, buckets))
    rows = pa.RecordBatch.from_arrays([pa.array(buckets[order]), pa.array(ids[order])], schema=MEMBERS)
    table = pa.Table.from_batches(shared_rows([rows]), MEMBERS)
    return Members(table["bucket"].to_numpy(), table["id"].to_numpy())
