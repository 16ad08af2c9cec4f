"""Kernel: stretches of digits and marks that may hold a telephone number, a card or a national number."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import kernel
from pipelines.kernels.wide import digits8, first8, load8
from pipelines.pii import hints

MIN_DIGITS = 7
"""No number that is looked for has fewer."""
MAX_GAP = 2
"""Marks that may stand between two digits of one number."""
BEFORE, AFTER = 48, 16
"""Bytes before and after a window in which a cue may begin."""

_INTERNATIONAL, _GROUPS_334, _TRUNK_ZERO = hints.INTERNATIONAL, hints.GROUPS_334, hints.TRUNK_ZERO
_CHINA_MOBILE, _PHONE_CUE, _CARD, _SSN = hints.CHINA_MOBILE, hints.PHONE_CUE, hints.CARD, hints.SSN
_LONG_ID, _TABLE_MASK = hints.LONG_ID, hints.CUE_TABLE_SIZE - 1


@kernel
def mark_size(data, at, stop):  # type: ignore[no-untyped-def]
    """Bytes of the mark at `at` that may stand inside a number: space ( ) . - /, no-break space, hyphens and
    dashes U+2010 to U+2015; 0 if there is none.
    """
    byte = data[at]
    if byte == 0x20 or byte == 0x28 or byte == 0x29 or (0x2D <= byte <= 0x2F):
        return 1
    if byte == 0xC2 and at + 1 < stop and data[at + 1] == 0xA0:
        return 2
    if byte == 0xE2 and at + 2 < stop and data[at + 1] == 0x80 and 0x90 <= data[at + 2] <= 0x95:
        return 3
    return 0


@kernel
def _is_digit(byte):  # type: ignore[no-untyped-def]
    return 0x30 <= byte <= 0x39


@kernel
def number_windows(data, starts, stops, cues, out):  # type: ignore[no-untyped-def]
    """Fill `out`, int64 (n, 4), with row, begin, end, hints; give back how many windows there are.

    A window begins at a digit, or at the plus sign or bracket before it, and runs on to the last digit
    before anything but MAX_GAP marks; it has MIN_DIGITS digits or more. begin and end count from the row's
    start. Every digit is visited once and each window looks at BEFORE + AFTER bytes more: linear. n must be
    at least the bytes / MIN_DIGITS.
    """
    found = 0
    for row in range(starts.size):
        start, stop = starts[row], stops[row]
        at = start
        while at < stop:
            at = _next_digit(data, at, stop)
            if at >= stop:
                break
            begin = at
            if begin > start and data[begin - 1] == 0x28:
                begin -= 1
            plus = begin > start and data[begin - 1] == 0x2B
            if not plus and begin - 1 > start and data[begin - 1] == 0x20 and data[begin - 2] == 0x2B:
                plus = True
                begin -= 1
            begin -= 1 if plus else 0
            end, digits, bits = _read_number(data, at, stop)
            if digits >= MIN_DIGITS:
                bits |= _INTERNATIONAL if plus else 0
                bits |= _cued(data, begin, end, start, stop, cues)
                if bits:
                    out[found, 0] = row
                    out[found, 1] = begin - start
                    out[found, 2] = end - start
                    out[found, 3] = bits
                    found += 1
            at = end
    return found


@kernel
def _next_digit(data, at, stop):  # type: ignore[no-untyped-def]
    """Where the first digit from `at` on stands, eight bytes at a time; `stop` if there is none."""
    while at + 8 <= stop:
        digits = digits8(load8(data, at))
        if digits:
            return at + first8(digits)
        at += 8
    while at < stop and not _is_digit(data[at]):
        at += 1
    return at


@kernel
def _read_number(data, at, stop):  # type: ignore[no-untyped-def]
    """(end, digits, hints) of the window whose first digit is at `at`."""
    digits = 0
    end = at
    bits = 0
    older = old = 0
    groups = 0
    zero_led = False
    while True:
        first = end
        while end < stop and _is_digit(data[end]):
            end += 1
        length = end - first
        digits += length
        groups += 1
        bits |= _group_hints(data, first, length, old, older)
        bits |= _TRUNK_ZERO if zero_led else 0
        zero_led = zero_led or data[first] == 0x30
        older, old = old, length
        gap = end
        marks = 0
        while marks < MAX_GAP and gap < stop:
            size = mark_size(data, gap, stop)
            if size == 0:
                break
            gap += size
            marks += 1
        if marks == 0 or gap >= stop or not _is_digit(data[gap]):
            break
        end = gap
    bits |= _CARD if digits >= 12 else 0
    bits |= _LONG_ID if digits >= 11 else 0
    return end, digits, bits


@kernel
def _group_hints(data, first, length, old, older):  # type: ignore[no-untyped-def]
    """Hints of a group of `length` digits at `first`, after groups of `older` and `old` digits."""
    bits = 0
    if length >= 2 and data[first] == 0x30 and data[first + 1] == 0x30:
        bits |= _INTERNATIONAL
    if length == 4 and old == 3 and older == 3:
        bits |= _GROUPS_334
    if length == 4 and old == 2 and older == 3:
        bits |= _SSN
    if (length == 11 and data[first] == 0x31) or (length == 4 and old == 4 and older == 3):
        bits |= _CHINA_MOBILE
    return bits


@kernel
def _cued(data, begin, end, start, stop, cues):  # type: ignore[no-untyped-def]
    """Hints of the cues that may begin a word in the bytes before `begin`; those of telephones after `end` too."""
    bits = 0
    inside = False
    for at in range(max(start, begin - BEFORE), begin - 2):
        if not inside:
            bits |= cues[_slot(data, at)]
        inside = _is_letter(data[at])
    for at in range(end, min(stop - 2, end + AFTER)):
        bits |= cues[_slot(data, at)] & _PHONE_CUE
    return bits


@kernel
def _slot(data, at):  # type: ignore[no-untyped-def]
    first, second, third = np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2])
    return (_lower(first) * 961 + _lower(second) * 31 + _lower(third)) & _TABLE_MASK


@kernel
def _is_letter(byte):  # type: ignore[no-untyped-def]
    return 0x61 <= _lower(np.int64(byte)) <= 0x7A


@kernel
def _lower(byte):  # type: ignore[no-untyped-def]
    return byte | 0x20 if 0x41 <= byte <= 0x5A else byte
