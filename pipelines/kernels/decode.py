"""UTF-8 bytes to code points and their classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.kernels.arrow import TextView
from pipelines.kernels.bits import BLOCK, widen8
from pipelines.kernels.compile import kernel
from pipelines.kernels.wide import load8

REPLACEMENT = 0xFFFD
_STEP, _HIGH = 8, np.uint64(0x8080808080808080)


@dataclass(frozen=True)
class Scratch:
    """Work space for one document at a time: `points` uint32; `classes` uint32, `BLOCK` longer; and, one longer,
    `places` int64.
    """

    points: np.ndarray
    classes: np.ndarray
    places: np.ndarray


def scratch_for(view: TextView) -> Scratch:
    """Scratch that fits the longest document of `view` (a document has no more code points than bytes)."""
    size = int(view.n_bytes.max(initial=0)) + 1
    return Scratch(np.empty(size, np.uint32), np.empty(size + BLOCK, np.uint32), np.empty(size + 1, np.int64))


@kernel
def decode(data, start, stop, table, points, classes, places):  # type: ignore[no-untyped-def]
    """Spread the bytes [start, stop) of `data` into code points, their classes, and where in `data` each
    begins.

    Returns the number n of code points; `places[n]` is `stop`. A broken sequence reads as U+FFFD, a byte at
    a time.
    """
    n = 0
    at = start
    while at < stop:
        if at + _STEP <= stop and load8(data, at) & _HIGH == 0:
            _spread(data, np.uint64(at), table, points, classes, places, np.uint64(n))
            at += _STEP
            n += _STEP
            continue
        places[n] = at
        point = np.uint32(data[at])
        at += 1
        if point >= 0x80:
            point, at = _sequence(data, point, at, stop)
        points[n] = point
        classes[n] = table[point] if point < table.size else 0
        n += 1
    places[n] = stop
    return n


@kernel
def decode_points(data, start, stop, table, points, classes):  # type: ignore[no-untyped-def]
    """`decode` for those who do not ask where in `data` a code point begins."""
    n = 0
    at = start
    while at < stop:
        if at + _STEP <= stop and load8(data, at) & _HIGH == 0:
            widen8(data, at, points, n)
            place, first = np.uint64(at), np.uint64(n)
            for k in range(np.uint64(_STEP)):
                classes[first + k] = table[data[place + k]]
            at += _STEP
            n += _STEP
            continue
        point = np.uint32(data[at])
        at += 1
        if point >= 0x80:
            point, at = _sequence(data, point, at, stop)
        points[n] = point
        classes[n] = table[point] if point < table.size else 0
        n += 1
    return n


@kernel
def _spread(data, at, table, points, classes, places, n):  # type: ignore[no-untyped-def]
    """`decode` of the ASCII bytes at `at`, `_STEP` of them."""
    for k in range(np.uint64(_STEP)):
        point = data[at + k]
        points[n + k], classes[n + k], places[n + k] = point, table[point], at + k


@kernel
def _sequence(data, lead, at, stop):  # type: ignore[no-untyped-def]
    """The code point that byte `lead` opens, and where the next begins; `at` is the byte after `lead`."""
    if lead >= 0xF0:
        more, point = 3, lead & 0x07
    elif lead >= 0xE0:
        more, point = 2, lead & 0x0F
    else:
        more, point = 1, lead & 0x1F
    if lead < 0xC2 or lead > 0xF4 or at + more > stop:
        return np.uint32(REPLACEMENT), at
    for k in range(more):
        byte = data[at + k]
        if byte & 0xC0 != 0x80:
            return np.uint32(REPLACEMENT), at
        point = (point << 6) | (byte & 0x3F)
    return np.uint32(point), at + more
