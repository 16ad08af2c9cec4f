"""What a model looks at in each block of a page: its letters, links and marks, what holds it, what stands around.

Nothing of it depends on a language: letters, links and punctuation are counted in every script, and the words
in class and id attributes are those of the trade, English on pages of any language.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.scan import (
    BREAKS,
    CHILDREN,
    DEPTH,
    DIGITS,
    ELEMENT,
    FIRST,
    HOLDER,
    LAST,
    LINKED,
    LINKS,
    MARKS,
    ORDINAL,
    PARENT,
    SIZE,
    STOPPED,
    TAG,
    WORDS,
    Bits,
    Ints,
    Page,
)  # fmt: skip
from pipelines.extract.tags import GROUPS, TAGGED, VOCABULARY
from pipelines.kernels.compile import kernel

Floats = NDArray[np.float32]
Totals = NDArray[np.float64]

LEVELS = 4
"""Block-level elements around a block that are looked at: the one that holds it, and so on outwards."""

LONG = 80
"""Letters from which a block with few links counts as running text."""

BLOCK = ("size", "linked", "words", "marks", "digits", "breaks", "stopped", "links", "long", "word")
LEVEL = ("size", "linked", "share", "marks", "long", "blocks", "alike")
TREE = ("depth", "siblings", "ordinal", "children")
BEST = ("in", "in parent", "in grandparent", "before", "behind", "right in")
PAGE = ("best long", "size", "long", "linked")
PLACE = (
    "letters",
    "blocks",
    "long before",
    "long behind",
    "since long",
    "until long",
    "headed",
    "has top",
    "tops",
)
NEIGHBOUR = ("size", "linked", "long", "marks", "stopped", "paragraph", "heading", "item", "link")
AROUND = (-2, -1, 1, 2)

NUMBERS: tuple[str, ...] = (
    *(f"block {name}" for name in BLOCK),
    *(f"level {level} {name}" for level in range(LEVELS) for name in LEVEL),
    *(f"tree {name}" for name in TREE),
    *(f"best {name}" for name in BEST),
    *(f"page {name}" for name in PAGE),
    *(f"place {name}" for name in PLACE),
    *(f"at {offset:+} {name}" for offset in AROUND for name in NEIGHBOUR),
)
"""Names of the numbers of a block, in order; each lies mostly between 0 and 2."""

N_BITS = len(GROUPS) + 1
NAMES: tuple[str, ...] = (
    *NUMBERS,
    *(f"within {name}" for name in (*GROUPS, "unshown")),
    *(f"near {name}" for name in (*GROUPS, "unshown")),
)
"""Names of all inputs of the model: the numbers, the bits of all ancestors, the bits of the nearest ones."""

OF_LEVEL = len(BLOCK)
OF_TREE = OF_LEVEL + LEVELS * len(LEVEL)
OF_BEST = OF_TREE + len(TREE)
OF_PAGE = OF_BEST + len(BEST)
OF_PLACE = OF_PAGE + len(PAGE)
OF_AROUND = OF_PLACE + len(PLACE)
N_LEVEL, N_AROUND = len(LEVEL), len(NEIGHBOUR)


def _bit(name: str) -> int:
    return len(VOCABULARY) + list(TAGGED).index(name)


TOP = np.uint64(1 << _bit("top"))
SHAPES = np.array([1 << _bit(name) for name in ("paragraph", "heading", "item", "link")], np.uint64)

T_SIZE, T_LINKED, T_MARKS, T_LONG, T_BLOCKS, T_SCORE = range(6)
"""Columns of the totals of elements."""


def features(page: Page) -> tuple[Floats, Bits]:
    """(numbers (blocks, NUMBERS), bits (blocks, 2): those of all ancestors, those of the nearest ones)."""
    n_blocks, n_elements = len(page.blocks), len(page.elements)
    numbers = np.zeros((n_blocks, len(NUMBERS)), np.float32)
    bits = np.zeros((n_blocks, 2), np.uint64)
    if n_blocks:
        totals, alike = np.zeros((n_elements, 6)), np.zeros(n_elements, np.int32)
        _features(page.elements, page.own, page.inherited, page.blocks, totals, alike, numbers, bits)
    return numbers, bits


@kernel
def _log(value: float) -> float:  # pragma: no cover
    return np.log1p(value) / 5.0


@kernel
def _up(elements: Ints, element: int) -> int:  # pragma: no cover
    """The block-level element around a block-level element; the root's is itself."""
    return elements[elements[element, PARENT], HOLDER]


@kernel
def _is_long(block: Ints) -> bool:  # pragma: no cover
    return block[SIZE] >= LONG and block[LINKED] * 10 < block[SIZE] * 3


@kernel
def _sum_up(elements: Ints, blocks: Ints, totals: Totals) -> None:  # pragma: no cover
    """Fill `totals`: sums over the blocks in each element, and its score as the text's holder (as Readability's)."""
    for block in blocks:
        long = _is_long(block)
        row = totals[block[FIRST]]
        row[T_SIZE] += block[SIZE]
        row[T_LINKED] += block[LINKED]
        row[T_MARKS] += block[MARKS]
        row[T_LONG] += block[SIZE] if long else 0
        row[T_BLOCKS] += 1
        if long:
            score = 1 + block[MARKS] / 2 + block[SIZE] / 100
            holder = _up(elements, block[ELEMENT])
            totals[holder, T_SCORE] += score
            totals[_up(elements, holder), T_SCORE] += score / 2
    for element in range(len(elements) - 1, 0, -1):
        totals[elements[element, PARENT], :T_SCORE] += totals[element, :T_SCORE]


@kernel
def _count_alike(elements: Ints, own: Bits, alike: Ints) -> None:  # pragma: no cover
    """Fill `alike`: siblings of the same tag and bits, itself among them (by a hash that may seldom mix two)."""
    room = 1
    while room < 2 * len(elements):
        room *= 2
    counts, slots = np.zeros(room, np.int32), np.zeros(len(elements), np.int64)
    for element in range(1, len(elements)):
        key = own[element] ^ (np.uint64(elements[element, PARENT]) * np.uint64(0x9E3779B97F4A7C15))
        key = (key + np.uint64(elements[element, TAG])) * np.uint64(0xBF58476D1CE4E5B9)
        slots[element] = np.int64((key >> np.uint64(32)) & np.uint64(room - 1))
        counts[slots[element]] += 1
    for element in range(1, len(elements)):
        alike[element] = counts[slots[element]]


@kernel
def _best(totals: Totals) -> int:  # pragma: no cover
    """The element with the most running text right in it and few links; the root where there is none."""
    best, highest = 0, 0.0
    for element in range(len(totals)):
        size = max(totals[element, T_SIZE], 1.0)
        score = totals[element, T_SCORE] * (1 - totals[element, T_LINKED] / size)
        if score > highest:
            best, highest = element, score
    return best


@kernel
def _of_block(block: Ints, row: Floats) -> None:  # pragma: no cover
    size, words = max(block[SIZE], 1), max(block[WORDS], 1)
    row[0] = _log(block[SIZE])
    row[1] = block[LINKED] / size
    row[2] = _log(block[WORDS])
    row[3] = 10 * block[MARKS] / size
    row[4] = block[DIGITS] / size
    row[5] = _log(block[BREAKS])
    row[6] = block[STOPPED]
    row[7] = _log(block[LINKS])
    row[8] = _is_long(block)
    row[9] = min(size / words / 10, 3.0)


@kernel
def _of_levels(
    elements: Ints, totals: Totals, alike: Ints, block: Ints, row: Floats
) -> None:  # pragma: no cover
    whole, element = max(totals[0, T_SIZE], 1.0), block[ELEMENT]
    for level in range(LEVELS):
        at, sums = OF_LEVEL + level * N_LEVEL, totals[element]
        size = max(sums[T_SIZE], 1.0)
        row[at] = _log(sums[T_SIZE])
        row[at + 1] = sums[T_LINKED] / size
        row[at + 2] = sums[T_SIZE] / whole
        row[at + 3] = 10 * sums[T_MARKS] / size
        row[at + 4] = sums[T_LONG] / size
        row[at + 5] = _log(sums[T_BLOCKS])
        row[at + 6] = _log(alike[element])
        element = _up(elements, element)


@kernel
def _of_tree(elements: Ints, totals: Totals, best: int, block: Ints, row: Floats) -> None:  # pragma: no cover
    element, first = block[ELEMENT], block[FIRST]
    row[OF_TREE] = elements[element, DEPTH] / 20
    row[OF_TREE + 1] = _log(elements[elements[element, PARENT], CHILDREN])
    row[OF_TREE + 2] = _log(elements[element, ORDINAL])
    row[OF_TREE + 3] = _log(elements[element, CHILDREN])
    around = best
    for level in range(3):
        row[OF_BEST + level] = around <= first <= elements[around, LAST]
        around = _up(elements, around)
    row[OF_BEST + 3] = first < best
    row[OF_BEST + 4] = first > elements[best, LAST]
    row[OF_BEST + 5] = _up(elements, element) == best
    whole, long = max(totals[0, T_SIZE], 1.0), max(totals[0, T_LONG], 1.0)
    row[OF_PAGE] = totals[best, T_LONG] / long
    row[OF_PAGE + 1] = _log(totals[0, T_SIZE])
    row[OF_PAGE + 2] = totals[0, T_LONG] / whole
    row[OF_PAGE + 3] = totals[0, T_LINKED] / whole


@kernel
def _places(blocks: Ints, totals: Totals, bits: Bits, numbers: Floats) -> None:  # pragma: no cover
    """Where each block stands among the others, in running text and under headings of the first rank."""
    whole, all_long = max(totals[0, T_SIZE], 1.0), max(totals[0, T_LONG], 1.0)
    letters, long, since, tops = 0, 0, 1000, 0
    for index in range(len(blocks)):
        row, block, is_long = numbers[index], blocks[index], _is_long(blocks[index])
        letters += block[SIZE]
        row[OF_PLACE] = letters / whole
        row[OF_PLACE + 1] = index / len(blocks)
        row[OF_PLACE + 2] = long / all_long
        long += block[SIZE] if is_long else 0
        row[OF_PLACE + 3] = 1 - long / all_long
        row[OF_PLACE + 4] = _log(min(since, 200))
        since = 1 if is_long else since + 1
        tops += (bits[index, 0] & TOP) > 0
        row[OF_PLACE + 6] = tops > 0
        row[OF_PLACE + 8] = tops > 1
    until = 1000
    for index in range(len(blocks) - 1, -1, -1):
        numbers[index, OF_PLACE + 5] = _log(min(until, 200))
        numbers[index, OF_PLACE + 7] = tops > 0
        until = 1 if _is_long(blocks[index]) else until + 1


@kernel
def _of_neighbours(index: int, bits: Bits, numbers: Floats) -> None:  # pragma: no cover
    row, at = numbers[index], OF_AROUND
    for offset in AROUND:
        other = index + offset
        if 0 <= other < len(numbers):
            row[at], row[at + 1], row[at + 2] = numbers[other, 0], numbers[other, 1], numbers[other, 8]
            row[at + 3], row[at + 4] = numbers[other, 3], numbers[other, 6]
            for shape in range(len(SHAPES)):
                row[at + 5 + shape] = (bits[other, 1] & SHAPES[shape]) > 0
        at += N_AROUND


@kernel
def _features(
    elements: Ints,
    own: Bits,
    inherited: Bits,
    blocks: Ints,
    totals: Totals,
    alike: Ints,
    numbers: Floats,
    bits: Bits,
) -> None:  # pragma: no cover
    elements[0, LAST] = len(elements) - 1
    _sum_up(elements, blocks, totals)
    _count_alike(elements, own, alike)
    best = _best(totals)
    for index in range(len(blocks)):
        block, row = blocks[index], numbers[index]
        first, holder = block[FIRST], block[ELEMENT]
        bits[index, 0] = inherited[first]
        bits[index, 1] = own[first] | own[holder] | own[_up(elements, holder)]
        _of_block(block, row)
        _of_levels(elements, totals, alike, block, row)
        _of_tree(elements, totals, best, block, row)
    _places(blocks, totals, bits, numbers)
    for index in range(len(blocks)):
        _of_neighbours(index, bits, numbers)
