"""`Page`: one document as kernels read it, decoded once for every family of signals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.arrow import TextView
from pipelines.kernels.bits import BLOCK, class_mask, lowest_bit, within
from pipelines.kernels.codepoints import LINE_BREAK, SPACE
from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.decode import decode
from pipelines.kernels.lines import strip

_ONE = np.uint64(1)


class Page(NamedTuple):
    """A decoded document, or the room for one (numba takes named tuples of arrays as they are).

    points uint32 (n,), classes uint32 (n,): code points and their classes. places int64 (n + 1,): where each
    begins in the batch's bytes. word_begin, word_end int32 (words,): code points [begin, end) of every
    stretch without white space, which is what `str.split` gives. line_begin, line_end int32 (lines,): what
    stands between two \\n, blank lines included, as `text.split("\\n")` gives it. text_begin, text_end int32
    (lines,): the same without white space at both ends; equal for a blank line.
    """

    points: np.ndarray
    classes: np.ndarray
    places: np.ndarray
    word_begin: np.ndarray
    word_end: np.ndarray
    line_begin: np.ndarray
    line_end: np.ndarray
    text_begin: np.ndarray
    text_end: np.ndarray


def room_for(view: TextView) -> Page:
    """Room for the longest document of `view`: pages of it are slices. Untouched room costs no memory."""
    size = int(view.n_bytes.max(initial=0)) + 1
    words, lines = size // 2 + 1, size + 1
    return Page(
        np.empty(size + BLOCK, np.uint32),
        np.empty(size + BLOCK, np.uint32),
        np.empty(size + 1, np.int64),
        np.empty(words, np.int32),
        np.empty(words, np.int32),
        np.empty(lines, np.int32),
        np.empty(lines, np.int32),
        np.empty(lines, np.int32),
        np.empty(lines, np.int32),
    )


@kernel
def load(data, start, stop, table, room):  # type: ignore[no-untyped-def]
    """The bytes [start, stop) of `data` as a `Page` in `room`."""
    n = decode(data, start, stop, table, room.points, room.classes, room.places)
    words = _words(room.classes, n, room.word_begin, room.word_end)
    lines = _lines(room.classes, n, room.line_begin, room.line_end, room.text_begin, room.text_end)
    return Page(
        room.points[:n],
        room.classes[:n],
        room.places[: n + 1],
        room.word_begin[:words],
        room.word_end[:words],
        room.line_begin[:lines],
        room.line_end[:lines],
        room.text_begin[:lines],
        room.text_end[:lines],
    )


@inlined
def put_bits(mask, at, out, count):  # type: ignore[no-untyped-def]
    """Append to `out`, which holds `count`, the place of each bit of `mask`, counted from `at`; returns how
    many there are then.
    """
    while mask:
        out[np.uint64(count)] = at + lowest_bit(mask)
        mask &= mask - _ONE
        count += 1
    return count


@kernel
def _words(classes, n, begins, ends):  # type: ignore[no-untyped-def]
    words = ended = 0
    before = np.uint64(0)
    for at in range(0, n, BLOCK):
        solid = ~class_mask(classes, at, np.uint32(SPACE)) & within(at, n)
        behind = (solid << _ONE) | before
        words = put_bits(solid & ~behind, at, begins, words)
        ended = put_bits(behind & ~solid, at, ends, ended)
        before = solid >> np.uint64(BLOCK - 1)
    if ended < words:
        ends[ended] = n
    return words


@kernel
def _lines(classes, n, line_begin, line_end, text_begin, text_end):  # type: ignore[no-untyped-def]
    lines = begin = 0
    for at in range(0, n, BLOCK):
        lines = put_bits(class_mask(classes, at, np.uint32(LINE_BREAK)) & within(at, n), at, line_end, lines)
    line_end[lines] = n
    lines += 1
    for line in range(lines):
        end = line_end[line]
        line_begin[line] = begin
        text_begin[line], text_end[line] = strip(classes, begin, end)
        begin = end + 1
    return lines
