"""From the passages that go to the byte ranges that leave each text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.dedup.kernels import text_buffers
from pipelines.kernels.compile import kernel
from pipelines.passages.pieces import NEWLINE

SPACE, TAB, RETURN = 0x20, 0x09, 0x0D


@dataclass(frozen=True)
class Cut:
    """Ranges that leave each text of a batch: text d has those from `ends[d]` to `ends[d + 1]`, ascending, apart.

    `left` and `gone`: characters of each text that stay and that leave, white space aside; 0 where nothing does.
    """

    ends: np.ndarray
    begins: np.ndarray
    stops: np.ndarray
    left: np.ndarray
    gone: np.ndarray


def cut_texts(texts: pa.Array, ends: np.ndarray, begins: np.ndarray, stops: np.ndarray) -> Cut:
    """Join and round off ranges (int64, in bytes from the start of each text, by begin).

    Ranges with nothing but blanks between them become one. A range takes the blanks behind it where a blank or
    nothing stands before it, and the blanks before it where its line ends; one that holds whole lines takes
    their end, and the empty lines behind it where an empty line stands before it, too.
    """
    offsets, data = text_buffers(texts)
    out = np.empty(len(begins), np.int64), np.empty(len(begins), np.int64)
    new_ends = np.zeros(len(offsets), np.int64)
    left, gone = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    count = _cut(offsets, data, ends, begins, stops, new_ends, *out, left, gone)
    return Cut(new_ends, out[0][:count], out[1][:count], left, gone)


@kernel
def _cut(offsets, data, ends, begins, stops, new_ends, out, out_stops, left, gone):  # type: ignore[no-untyped-def]
    count = 0
    for d in range(offsets.size - 1):
        base, size = offsets[d], offsets[d + 1] - offsets[d]
        first = count
        for k in range(ends[d], ends[d + 1]):
            if count > first and _blank_between(data, base, out_stops[count - 1], begins[k]):
                out_stops[count - 1] = max(out_stops[count - 1], stops[k])
            else:
                out[count], out_stops[count] = begins[k], stops[k]
                count += 1
        last, count = count, first
        for k in range(first, last):
            begin, stop = _rounded(data, base, size, out[k], out_stops[k])
            if count > first and begin <= out_stops[count - 1]:
                out_stops[count - 1] = max(out_stops[count - 1], stop)
            else:
                out[count], out_stops[count] = begin, stop
                count += 1
        new_ends[d + 1] = count
        at = 0
        for k in range(first, count):
            left[d] += _characters(data, base + at, base + out[k])
            gone[d] += _characters(data, base + out[k], base + out_stops[k])
            at = out_stops[k]
        if count > first:
            left[d] += _characters(data, base + at, base + size)
    return count


@kernel
def _blank(byte):  # type: ignore[no-untyped-def]
    return byte in (SPACE, TAB, RETURN)


@kernel
def _blank_between(data, base, begin, stop):  # type: ignore[no-untyped-def]
    """True if the bytes [begin, stop) are blanks, or none are there."""
    while begin < stop and _blank(data[base + begin]):
        begin += 1
    return begin >= stop


@kernel
def _rounded(data, base, size, begin, stop):  # type: ignore[no-untyped-def]
    if begin == 0 or data[base + begin - 1] == NEWLINE or _blank(data[base + begin - 1]):
        while stop < size and _blank(data[base + stop]):
            stop += 1
    if stop < size and data[base + stop] != NEWLINE:
        return begin, stop
    while begin > 0 and _blank(data[base + begin - 1]):
        begin -= 1
    if begin > 0 and data[base + begin - 1] != NEWLINE:
        return begin, stop
    stop = min(stop + 1, size)
    if begin < 2 or data[base + begin - 2] == NEWLINE:
        while stop < size and data[base + stop] == NEWLINE:
            stop += 1
    while stop == size and begin > 0 and data[base + begin - 1] == NEWLINE:
        begin -= 1
    return begin, stop


@kernel
def _characters(data, begin, stop):  # type: ignore[no-untyped-def]
    """Characters in the bytes [begin, stop), white space of ASCII aside."""
    total = 0
    for at in range(begin, stop):
        total += 1 if data[at] > SPACE and data[at] & 0xC0 != 0x80 else 0
    return total
