"""Exact Jaccard similarity of candidate pairs: what MinHash proposes, the shingle sets decide.

Between tasks a set is one binary value, its shingles as ascending uint32, little-endian: a quarter of what
the text takes for most languages, and copied in one piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from pipelines.dedup.shingles import shingle_sets
from pipelines.kernels.compile import kernel

SETS = pa.schema([("doc_id", pa.string()), ("shingles", pa.binary())])
"""Shingle sets of documents."""

NUMBERED_SETS = pa.schema([("id", pa.int64()), ("shingles", pa.binary())])
"""The same by place in the declared order."""

EDGES = pa.schema([("hub", pa.int64()), ("member", pa.int64()), ("similarity", pa.float64())])
"""Verified pairs; `hub` stands before `member` in the declared order."""


@kernel
def _jaccard(
    left: np.ndarray,
    begin: np.ndarray,
    end: np.ndarray,
    right: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
) -> np.ndarray:
    out = np.zeros(len(begin), np.float64)
    for p in range(len(out)):
        i, j, shared = begin[p], start[p], 0
        while i < end[p] and j < stop[p]:
            a, b = left[i], right[j]
            shared += a == b
            i += a <= b
            j += b <= a
        total = end[p] - begin[p] + stop[p] - start[p] - shared
        if total > 0:
            out[p] = shared / total
    return out


def jaccard(left: pa.ListArray, right: pa.ListArray) -> np.ndarray:
    """Jaccard similarity of each pair of ascending sets (list<uint32>), float64 [n]; 0 if both are empty."""
    a, b = left.flatten().to_numpy(), right.flatten().to_numpy()
    ends, stops = (side.offsets.to_numpy().astype(np.int64) for side in (left, right))
    ends, stops = ends - ends[0], stops - stops[0]
    return _jaccard(a, ends[:-1], ends[1:], b, stops[:-1], stops[1:])


def jaccard_at(
    values: np.ndarray, begin: np.ndarray, end: np.ndarray, hub: np.ndarray, member: np.ndarray
) -> np.ndarray:
    """The same of sets by number: set k is values[begin[k]:end[k]], uint32; begin and end are int64."""
    return _jaccard(values, begin[hub], end[hub], values, begin[member], end[member])


def packed(sets: pa.ListArray) -> pa.BinaryArray:
    """Sets (list<uint32>, or another type of 32 bits) as binary values; null stays null."""
    ends = sets.offsets.to_numpy()
    values = sets.values.slice(ends[0], ends[-1] - ends[0]).to_numpy().view(np.uint32)
    offsets = ((ends - ends[0]) * 4).astype(np.int32)
    flat = pa.Array.from_buffers(
        pa.binary(), len(sets), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(values))]
    )
    return pc.if_else(sets.is_valid(), flat, pa.scalar(None, pa.binary())) if sets.null_count else flat


def unpacked(sets: pa.BinaryArray) -> pa.ListArray:
    """Sets from binary values without nulls: list<uint32>."""
    _, offsets, data = sets.buffers()
    ends = np.frombuffer(offsets, np.int32)[sets.offset : sets.offset + len(sets) + 1]
    size = int(ends[-1] - ends[0])
    values = np.frombuffer(data, np.uint8, size, int(ends[0])) if size else np.zeros(0, np.uint8)
    aligned = np.ascontiguousarray(values).view(np.uint32)
    return pa.ListArray.from_arrays(pa.array((ends - ends[0]) // 4, pa.int32()), pa.array(aligned))


def set_batches(batches: Iterable[pa.RecordBatch], ngram: int, by: str = "words") -> Iterator[pa.RecordBatch]:
    """SETS of batches with doc_id and text."""
    for batch in batches:
        sets = packed(shingle_sets(batch.column("text"), ngram, by))
        yield pa.RecordBatch.from_arrays([batch.column("doc_id"), sets], schema=SETS)


def packed_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """SETS of batches with doc_id and shingles as lists of 32-bit numbers."""
    for batch in batches:
        sets = packed(batch.column("shingles"))
        yield pa.RecordBatch.from_arrays([batch.column("doc_id"), sets], schema=SETS)


def found_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """NUMBERED_SETS of batches with id, doc_id and shingles. Raises InputError where there is no set."""
    for batch in batches:
        sets = batch.column("shingles")
        if sets.null_count:
            missing = batch.column("doc_id").filter(sets.is_null())[0].as_py()
            raise InputError(f"dedup: no text for candidate {missing}; are texts and signatures of one run?")
        yield pa.RecordBatch.from_arrays([batch.column("id"), sets], schema=NUMBERED_SETS)


def edge_batches(batches: Iterable[pa.RecordBatch], threshold: float) -> Iterator[pa.RecordBatch]:
    """EDGES of batches (hub, member, hub_shingles, member_shingles) whose similarity reaches `threshold`."""
    for batch in batches:
        similarity = jaccard(*(unpacked(batch.column(f"{side}_shingles")) for side in ("hub", "member")))
        pairs = [batch.column("hub"), batch.column("member"), pa.array(similarity)]
        kept = pa.array(similarity >= threshold)
        yield pa.RecordBatch.from_arrays(pairs, schema=EDGES).filter(kept)
