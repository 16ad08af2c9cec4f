"""Where on a page the line editors have anything to look for: one pass over its bytes, eight at a time where it can.

Phrases, citation marks and braces are rare, so a page is looked at once for four characters of each phrase, and
only lines that hold some are searched as their rules ask. A gate may open for nothing, and never stays shut
where it must not: the characters are tried in any case, and the Kelvin sign passes for a k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.arrow import TextView
from pipelines.kernels.compile import kernel
from pipelines.kernels.wide import load8

PHRASE, PATTERN, CITATION, BRACE, LOREM = 1, 2, 4, 8, 16
"""What may begin at a byte: a phrase of `c4_lines`, a pattern of `refinedweb_lines`, [, {, `lorem ipsum`."""

_SMALL = 0x20
_KELVIN = 0xE2
"""The first byte of the Kelvin sign, which is a k in lower case."""
_REACH, _STEP = 3, 8


class Gates(NamedTuple):
    """Room for the gates of one page: places int64 and kinds uint8, one a gate, in order; bytes uint8, the kinds
    that open at each byte.
    """

    places: np.ndarray
    kinds: np.ndarray
    bytes: np.ndarray


def gates_for(view: TextView) -> Gates:
    """Room for the longest document of `view`. Untouched room costs no memory."""
    size = int(view.n_bytes.max(initial=0)) + _STEP
    return Gates(np.empty(size, np.int64), np.empty(size, np.uint8), np.empty(size, np.uint8))


@kernel
def find_gates(data, start, stop, gates):  # type: ignore[no-untyped-def]
    """Fill `gates` with those of the bytes [start, stop) of `data`; returns how many there are."""
    places, kinds, marked = gates.places, gates.kinds, gates.bytes
    _mark(data, start, stop, marked)
    size, count = stop - start, 0
    marked[size : size + _STEP] = 0
    for first in range(0, size, _STEP):
        if load8(marked, first) == 0:
            continue
        for at in range(first, first + _STEP):
            places[count], kinds[count] = start + at, marked[at]
            count += 1 if marked[at] else 0
    return count


@kernel
def kinds_by_line(page, gates, count, out):  # type: ignore[no-untyped-def]
    """Fill `out`, uint8 (lines,), with the kinds of the gates in each line. count: the gates of the page."""
    places, kinds, line_end, ends = gates.places, gates.kinds, page.line_end, page.places
    out[:] = 0
    line = 0
    for gate in range(count):
        while places[gate] >= ends[line_end[line]]:
            line += 1
        out[line] |= kinds[gate]


@kernel
def _mark(data, start, stop, room):  # type: ignore[no-untyped-def]
    """Fill `room` with the kinds of each byte. Straight through, without a branch."""
    first, size = np.uint64(start), np.uint64(max(stop - start - _REACH, 0))
    for k in range(size):
        at = first + k
        a, b = data[at] | _SMALL, data[at + np.uint64(1)] | _SMALL
        c, d = data[at + np.uint64(2)] | _SMALL, data[at + np.uint64(3)] | _SMALL
        room[k] = _phrase(a, b, c, d, data[at + np.uint64(3)]) | _pattern(a, b, c, d) | _single(data[at])
    for k in range(size, np.uint64(stop - start)):
        room[k] = _single(data[first + k])


@kernel
def _single(byte):  # type: ignore[no-untyped-def]
    return np.uint8((byte == 0x5B) * CITATION | (byte == 0x7B) * BRACE)


@kernel
def _phrase(a, b, c, d, raw):  # type: ignore[no-untyped-def]
    """`jav`ascript, lore`m ip`sum, ter`ms o`f use, pri`vacy` policy, `cook`ie and `cook`ies."""
    java = (a == 0x6A) & (b == 0x61) & (c == 0x76) & (d == 0x61)
    lorem = (a == 0x6D) & (b == 0x20) & (c == 0x69) & (d == 0x70)
    terms = (a == 0x6D) & (b == 0x73) & (c == 0x20) & (d == 0x6F)
    privacy = (a == 0x76) & (b == 0x61) & (c == 0x63) & (d == 0x79)
    cook = (a == 0x63) & (b == 0x6F) & (c == 0x6F) & ((d == 0x6B) | (raw == _KELVIN))
    return np.uint8((java | lorem | terms | privacy | cook) * PHRASE | lorem * LOREM)


@kernel
def _pattern(a, b, c, d):  # type: ignore[no-untyped-def]
    """si`gn-i`n, ite`ms i`n cart, rea`d mo`re."""
    sign = (a == 0x67) & (b == 0x6E) & (c == 0x2D) & (d == 0x69)
    items = (a == 0x6D) & (b == 0x73) & (c == 0x20) & (d == 0x69)
    more = (a == 0x64) & (b == 0x20) & (c == 0x6D) & (d == 0x6F)
    return np.uint8((sign | items | more) * PATTERN)
