"""Runs without white space, found 64 characters at a time, and which of their characters take part in affix rules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.bits import BLOCK, class_mask, within
from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.page import put_bits
from pipelines.kernels.spacy_kinds import AFFIX, BLANK, FIGURE, NARROW

_ONE, _SIX, _LAST, _ALL = np.uint64(1), np.uint64(6), np.uint64(BLOCK - 1), ~np.uint64(0)


class Runs(NamedTuple):
    """Room for the runs of one document: begins, ends uint32, code points [begin, end) of each; marked and wide uint64,
    a bit a code point: it is AFFIX or FIGURE; it is not NARROW.
    """

    begins: np.ndarray
    ends: np.ndarray
    marked: np.ndarray
    wide: np.ndarray


def runs_for(size: int) -> Runs:
    """Room for documents of up to `size` code points; memory is taken as it is touched."""
    runs, words = size // 2 + 1, size // BLOCK + 2
    return Runs(np.empty(runs, np.uint32), np.empty(runs, np.uint32),
                np.empty(words, np.uint64), np.empty(words, np.uint64))  # fmt: skip


@kernel
def find_runs(kinds, n, begins, ends, marked, wide):  # type: ignore[no-untyped-def]
    """Fill the arrays of `Runs` from the first `n` of `kinds`, which is `BLOCK` longer; returns how many runs."""
    runs = ended = 0
    before = np.uint64(0)
    for at in range(0, n, BLOCK):
        solid = ~class_mask(kinds, at, np.uint32(BLANK)) & within(at, n)
        block = at // BLOCK
        marked[block] = class_mask(kinds, at, np.uint32(AFFIX | FIGURE)) & solid
        wide[block] = ~class_mask(kinds, at, np.uint32(NARROW)) & solid
        behind = (solid << _ONE) | before
        runs = put_bits(solid & ~behind, at, begins, runs)
        ended = put_bits(behind & ~solid, at, ends, ended)
        before = solid >> _LAST
    if ended < runs:
        ends[ended] = n
    return runs


@inlined
def bits_of(marks, begin, size):  # type: ignore[no-untyped-def]
    """The bits of `marks` for `size` code points (1 to `BLOCK`) from `begin`, the first one lowest."""
    word, shift = np.uint64(begin) >> _SIX, np.uint64(begin) & _LAST
    # Shifted in two steps, since a shift by 64 is none.
    high = (marks[word + _ONE] << _ONE) << (_LAST - shift)
    return (marks[word] >> shift | high) & _ALL >> np.uint64(BLOCK - size)
