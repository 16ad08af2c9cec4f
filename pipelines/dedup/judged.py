"""From judged documents to the rows that are written: one decision a document, and the members of clusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.schema import CLUSTERS, DECISIONS
from pipelines.dedup.settings import LEVELS

PLACED = pa.schema(
    [
        ("doc_id", pa.string()),
        ("level", pa.string()),
        ("matched", pa.string()),
        ("similarity", pa.float64()),
        ("set", pa.string()),
        ("cluster_id", pa.string()),
    ]
)
"""Removed documents of all levels, each with the document that its cluster keeps."""

JUDGED = pa.schema(
    [
        *PLACED,
        ("unit", pa.string()),
        ("row", pa.int64()),
        ("source", pa.string()),
        ("n_bytes", pa.int64()),
    ]
)
"""All documents. Of kept ones those of PLACED are null, but `cluster_id`, which is their own doc_id."""

DECIDED = pa.schema([("unit", pa.string()), ("row", pa.int64()), *DECISIONS])
"""Decisions, each with its place."""

SIZED = pa.schema(
    [
        *(f for f in PLACED if f.name != "set"),
        ("size", pa.int32()),
        ("depth", pa.int8()),
    ]
)
"""Members of clusters. size: documents of this run that lead to the kept one, exact copies of near copies too, and
itself. depth: the last level that removed one, counted from 1."""


def decided(batches: Iterable[pa.RecordBatch], threshold: float) -> Iterator[pa.RecordBatch]:
    """DECIDED of JUDGED; `threshold` is that of near duplicates."""
    for batch in batches:
        yield _decided({name: batch.column(name) for name in batch.schema.names}, threshold)


def _decided(known: dict[str, pa.Array], threshold: float) -> pa.RecordBatch:
    level = known["level"]
    dropped = level.is_valid()
    # A null set is no second part of the rule's name.
    rule = pc.coalesce(pc.binary_join_element_wise(level, known["set"], ":"), level)
    least = pc.if_else(pc.equal(level, LEVELS[-1]), threshold, 1.0)
    ends = np.concatenate(([0], np.cumsum(dropped.to_numpy(zero_copy_only=False)))).astype(np.int32)
    known |= {
        "stage": pc.binary_join_element_wise(pc.fill_null(level, LEVELS[-1]), "dedup", " "),
        "verdict": pc.if_else(dropped, "drop", "keep"),
        "rule": rule,
        "value": known["similarity"],
        "threshold": least,
        "failed": pa.ListArray.from_arrays(pa.array(ends), rule.filter(dropped)),
        "detail": known["matched"],
    }
    return pa.RecordBatch.from_arrays([known[name] for name in DECIDED.names], schema=DECIDED)


def members(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """CLUSTERS of SIZED: the one that stays has the level of the cluster's last one."""
    for batch in batches:
        known = {name: batch.column(name) for name in batch.schema.names}
        deepest = pa.array(LEVELS).take(pc.subtract(known["depth"], 1))
        known |= {
            "representative": known["level"].is_null(),
            "level": pc.coalesce(known["level"], deepest),
            "similarity": known["similarity"].cast(pa.float32()),
        }
        yield pa.RecordBatch.from_arrays([known[name] for name in CLUSTERS.names], schema=CLUSTERS)
