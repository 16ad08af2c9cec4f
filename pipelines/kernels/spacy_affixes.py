"""Prefixes, suffixes and infixes of spaCy's English tokenizer, as compiled functions.

Each looks at the code points [begin, end) alone, as the regular expressions of spaCy 3.8
(lang/punctuation.py, lang/en/punctuation.py) look at a string cut out of the text.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.spacy_kinds import (
    ALPHA,
    BEFORE_DOT,
    BREAK,
    CURRENCY,
    ENDER,
    FIGURE,
    LOW,
    OPENER,
    QUOTE,
    UNITS,
    UP,
)

DOT = 0x2E
_DOLLAR = 0x24
_ELLIPSIS = 0x2026
_DEGREE = 0xB0
_LONGEST_UNIT = max(len(unit) for unit in UNITS)
_PACKED_UNITS = np.unique(
    [
        sum(ord(character) << 16 * place for place, character in enumerate(unit))
        for unit in UNITS
        if len(unit) < 5
    ]
).astype(np.uint64)
_LONG_UNITS = np.array(
    [[ord(character) for character in unit] for unit in UNITS if len(unit) == 5], np.uint32
)


@inlined
def dots(points, begin, end):  # type: ignore[no-untyped-def]
    """Length of the run of full stops at `begin`."""
    at = begin
    while at < end and points[at] == DOT:
        at += 1
    return at - begin


@inlined
def prefix(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """Length of the prefix of [begin, end), 0 if there is none."""
    if kinds[begin] & OPENER:
        return 1
    point = points[begin]
    if point == DOT:
        run = dots(points, begin, end)
        return run if run > 1 else 0
    if point == 0x2B:
        return 0 if begin + 1 < end and kinds[begin + 1] & FIGURE else 1
    if point == 0x41 or point == 0x43:
        return 2 if begin + 1 < end and points[begin + 1] == _DOLLAR else 0
    if point == 0x55 and end - begin > 2 and points[begin + 1] == 0x53 and points[begin + 2] == _DOLLAR:
        return 3
    return 0


@inlined
def suffix(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """Length of the suffix of [begin, end), 0 if there is none; of several that fit, the longest."""
    if begin == end:
        return 0
    point = points[end - 1]
    if point == DOT:
        return _dot_suffix(points, kinds, begin, end)
    single = 1 if kinds[end - 1] & ENDER else 0
    if end - begin < 2:
        return single
    before = points[end - 2]
    if point == _ELLIPSIS and before == _ELLIPSIS:
        return 2
    if (point == 0x73 or point == 0x53) and (before == 0x27 or before == 0x2019):
        return 2
    if (point == 0x2B or kinds[end - 1] & CURRENCY) and kinds[end - 2] & FIGURE:
        return 1
    if point == _DOLLAR:
        return _dollar_suffix(points, kinds, begin, end)
    return max(single, _unit_suffix(points, kinds, begin, end))


@inlined
def _dot_suffix(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    at = end - 1
    while at > begin and points[at - 1] == DOT:
        at -= 1
    if end - at > 1:
        return end - at
    if at == begin:
        return 0
    if kinds[at - 1] & BEFORE_DOT:
        return 1
    if at - begin < 2:
        return 0
    if kinds[at - 1] & UP and kinds[at - 2] & UP:
        return 1
    scale = points[at - 1] | np.uint32(0x20)
    return 1 if points[at - 2] == _DEGREE and (scale == 0x66 or scale == 0x63 or scale == 0x6B) else 0


@kernel
def _dollar_suffix(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """Length of C$, A$ or US$ after a digit at the end of [begin, end)."""
    before = points[end - 2]
    if end - begin > 2 and (before == 0x43 or before == 0x41) and kinds[end - 3] & FIGURE:
        return 2
    american = end - begin > 3 and before == 0x53 and points[end - 3] == 0x55 and kinds[end - 4] & FIGURE
    return 3 if american else 0


@inlined
def _unit_suffix(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """Length of the unit that ends [begin, end) and stands after a digit."""
    at = end
    while at > begin and end - at <= _LONGEST_UNIT and not kinds[at - 1] & FIGURE:
        at -= 1
    found = begin < at < end and end - at <= _LONGEST_UNIT and kinds[at - 1] & FIGURE
    return end - at if found and _is_unit(points, at, end) else 0


@kernel
def _is_unit(points, begin, end):  # type: ignore[no-untyped-def]
    if end - begin == 5:
        for unit in range(_LONG_UNITS.shape[0]):
            same = True
            for at in range(5):
                same = same and points[begin + at] == _LONG_UNITS[unit, at]
            if same:
                return True
        return False
    packed = np.uint64(0)
    for at in range(begin, end):
        if points[at] > 0xFFFF or points[at] == 0:
            return False
        packed |= np.uint64(points[at]) << np.uint64(16 * (at - begin))
    slot = np.searchsorted(_PACKED_UNITS, packed)
    return slot < _PACKED_UNITS.size and _PACKED_UNITS[slot] == packed


@inlined
def infix(points, kinds, begin, end, at):  # type: ignore[no-untyped-def]
    """Length of the infix of [begin, end) that stands at `at`, 0 if there is none."""
    if kinds[at] & BREAK:
        return 1
    point = points[at]
    if point == DOT and dots(points, at, end) > 1:
        return dots(points, at, end)
    if at == begin or at + 1 == end:
        return 0
    left, right = kinds[at - 1], kinds[at + 1]
    if point == DOT:
        return 1 if left & (LOW | QUOTE) and right & (UP | QUOTE) else 0
    if point == 0x2C:
        return 1 if left & ALPHA and right & ALPHA else 0
    operator = point == 0x2B or point == 0x2D or point == 0x2A or point == 0x5E
    if operator and left & FIGURE and (right & FIGURE or points[at + 1] == 0x2D):
        return 1
    if not left & (ALPHA | FIGURE):
        return 0
    if (0x3A <= point <= 0x3E and point != 0x3B) or point == 0x2F:
        return 1 if right & ALPHA else 0
    return _hyphen(points, kinds, end, at)


@kernel
def _hyphen(points, kinds, end, at):  # type: ignore[no-untyped-def]
    """Length of the hyphen or dash at `at` that a letter follows: one, two or three -, one –, ~ or —, or two —."""
    point = points[at]
    if point == 0x2D:
        longest = 3
    elif point == 0x2014:
        longest = 2
    elif point == 0x2013 or point == 0x7E:
        longest = 1
    else:
        return 0
    length = 1
    while length < longest and at + length < end and points[at + length] == point:
        length += 1
    # Where a longer run stands, no part of it has a letter after it but the whole.
    return length if at + length < end and kinds[at + length] & ALPHA else 0
