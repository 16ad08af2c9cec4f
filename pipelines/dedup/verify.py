"""Exact Jaccard similarity of candidate pairs: what MinHash proposes, the shingle sets decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numba import njit

from daybreak.errors import InputError
from pipelines.dedup.shingles import shingle_sets

SETS = pa.schema([("doc_id", pa.string()), ("shingles", pa.list_(pa.int64()))])
"""Shingle sets of the candidates' texts."""

EDGES = pa.schema([("hub", pa.string()), ("member", pa.string()), ("similarity", pa.float64())])
"""Verified pairs; `hub` stands before `member` in the declared order."""


@njit(cache=True)
def _jaccard(
    left_ends: np.ndarray, left: np.ndarray, right_ends: np.ndarray, right: np.ndarray
) -> np.ndarray:
    out = np.zeros(len(left_ends) - 1, np.float64)
    for p in range(len(out)):
        i, j, shared = left_ends[p], right_ends[p], 0
        while i < left_ends[p + 1] and j < right_ends[p + 1]:
            a, b = left[i], right[j]
            shared += a == b
            i += a <= b
            j += b <= a
        total = left_ends[p + 1] - left_ends[p] + right_ends[p + 1] - right_ends[p] - shared
        if total > 0:
            out[p] = shared / total
    return out


def jaccard(left: pa.ListArray, right: pa.ListArray) -> np.ndarray:
    """Jaccard similarity of each pair of ascending sets (list<int64>), float64 [n]; 0 if both are empty."""
    a, b = left.flatten().to_numpy(), right.flatten().to_numpy()
    left_ends, right_ends = left.offsets.to_numpy(), right.offsets.to_numpy()
    return _jaccard(left_ends - left_ends[0], a, right_ends - right_ends[0], b)


def set_batches(batches: Iterable[pa.RecordBatch], ngram: int, by: str = "words") -> Iterator[pa.RecordBatch]:
    """SETS of batches with doc_id and text."""
    for batch in batches:
        sets = shingle_sets(batch.column("text"), ngram, by)
        yield pa.RecordBatch.from_arrays([batch.column("doc_id"), sets], schema=SETS)


def edge_batches(batches: Iterable[pa.RecordBatch], threshold: float) -> Iterator[pa.RecordBatch]:
    """EDGES of batches (hub, member, hub_shingles, member_shingles) whose similarity reaches `threshold`.

    Raises InputError where a set is null: a candidate's text was not handed in.
    """
    for batch in batches:
        for side in ("hub", "member"):
            _refuse_missing(batch.column(side), batch.column(f"{side}_shingles"))
        similarity = jaccard(batch.column("hub_shingles"), batch.column("member_shingles"))
        pairs = [batch.column("hub"), batch.column("member"), pa.array(similarity)]
        kept = pa.array(similarity >= threshold)
        yield pa.RecordBatch.from_arrays(pairs, schema=EDGES).filter(kept)


def _refuse_missing(ids: pa.Array, sets: pa.ListArray) -> None:
    if sets.null_count:
        missing = ids.filter(sets.is_null())[0].as_py()
        raise InputError(f"dedup: no text for candidate {missing}; are texts and signatures of one run?")
