"""Taking byte ranges out of the texts of a column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.arrow import as_array, string_array, text_view
from pipelines.kernels.compile import kernel


def without_ranges(texts: pa.Array, cuts: pa.ListArray) -> pa.Array:
    """Each text less the byte ranges of its row in `cuts` (list<struct<begin, end>>, ascending and apart).

    Raises ValueError where a range lies outside its text or begins or ends inside a character.
    """
    like = as_array(texts)
    view = text_view(like)
    ends, begins, stops = range_arrays(cuts)
    out, lengths = np.empty(int(view.n_bytes.sum()), np.uint8), np.empty(len(like), np.int64)
    size = _copy_rest(view.starts, view.stops, view.data, ends, begins, stops, out, lengths)
    if size < 0:
        raise ValueError(f"row {-1 - size}: a cut is not a range of whole characters of its text")
    return string_array(like, out[:size], lengths)


def range_arrays(cuts: pa.ListArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ranges of row i are those from `ends[i]` to `ends[i + 1]` of `begins` and `stops`; all int64, read-only."""
    offsets = cuts.offsets.to_numpy().astype(np.int64)
    flat = cuts.flatten()
    columns = [pc.struct_field(flat, name).to_numpy(zero_copy_only=False) for name in ("begin", "end")]
    arrays = [offsets - offsets[0], *(column.astype(np.int64) for column in columns)]
    for array in arrays:
        array.flags.writeable = False
    return arrays[0], arrays[1], arrays[2]


def removed_bytes(cuts: pa.ListArray) -> np.ndarray:
    """Bytes that the ranges of each row cover: int64 [rows]."""
    ends, begins, stops = range_arrays(cuts)
    sums = np.concatenate([[0], np.cumsum(stops - begins)])
    return np.asarray(sums[ends[1:]] - sums[ends[:-1]])


@kernel
def _copy_rest(starts, stops, data, ends, begins, cut_stops, out, lengths):  # type: ignore[no-untyped-def]
    """Fill `out` and `lengths`; returns the bytes written, or -1 - row where a cut does not fit."""
    size = 0
    for row in range(starts.size):
        before, at = size, starts[row]
        for k in range(ends[row], ends[row + 1]):
            begin, stop = starts[row] + begins[k], starts[row] + cut_stops[k]
            if begin < at or stop < begin or stop > stops[row]:
                return -1 - row
            if _inside(data, begin, stops[row]) or _inside(data, stop, stops[row]):
                return -1 - row
            size = _copy(data, at, begin, out, size)
            at = stop
        size = _copy(data, at, stops[row], out, size)
        lengths[row] = size - before
    return size


@kernel
def _inside(data, at, stop):  # type: ignore[no-untyped-def]
    """True if byte `at` goes on with a character that began before it."""
    return at < stop and data[at] & 0xC0 == 0x80


@kernel
def _copy(data, begin, stop, out, size):  # type: ignore[no-untyped-def]
    for at in range(begin, stop):
        out[size] = data[at]
        size += 1
    return size
