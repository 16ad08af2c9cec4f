"""NeMo Curator's counts of characters and addresses (stages/text/utils/constants.py)."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.codepoints import DIGIT
from pipelines.kernels.compile import kernel

PLAIN, BLANK, BRACKET, ADDRESS, HEX = 1, 2, 4, 8, 16
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MEMBERS = {
    PLAIN: _LETTERS + _LETTERS.upper() + "0123456789\n?!,.",
    BLANK: "\t\n\r\b ",
    BRACKET: "{}[]()",
    ADDRESS: _LETTERS + _LETTERS.upper() + "0123456789$-_@.&+/:=?#~!*(),",
    HEX: "0123456789abcdefABCDEF",
}
_KINDS = np.zeros(128, np.uint8)
for _kind, _members in _MEMBERS.items():
    for _member in _members:
        _KINDS[ord(_member)] |= _kind


@kernel
def count_characters(page):  # type: ignore[no-untyped-def]
    """(plain, digits, white space, brackets), each as Curator's patterns have it."""
    plain = digits = blank = brackets = 0
    for at in range(page.points.size):
        point = page.points[at]
        kind = _KINDS[point] if point < 128 else 0
        plain += 1 if kind & PLAIN else 0
        blank += 1 if kind & BLANK else 0
        brackets += 1 if kind & BRACKET or point == 0x27E8 or point == 0x27E9 else 0
        digits += 1 if page.classes[at] & DIGIT else 0
    return plain, digits, blank, brackets


@kernel
def count_address_characters(points):  # type: ignore[no-untyped-def]
    """Code points of all addresses: http:// or https:// and the letters, digits, $ - _ @ . & + / : = ? # ~ ! * ( ) ,
    and %XX after it (version 1.4; before, an address ended at the first slash after its host).
    """
    total = at = 0
    while at + 7 < points.size:
        if points[at] != 0x68:
            at += 1
            continue
        first = _after_scheme(points, at)
        end = _address_end(points, first) if first else at
        if first and end > first:
            total += end - at
            at = end
        else:
            at += 1
    return total


@kernel
def _after_scheme(points, at):  # type: ignore[no-untyped-def]
    """Where the text after http:// or https:// at `at` begins; 0 if there is none. Reads no further than
    the text."""
    n = points.size
    if not (points[at + 1] == 0x74 and points[at + 2] == 0x74 and points[at + 3] == 0x70):
        return 0
    at += 5 if points[at + 4] == 0x73 else 4
    if at + 3 < n and points[at] == 0x3A and points[at + 1] == 0x2F and points[at + 2] == 0x2F:
        return at + 3
    return 0


@kernel
def _address_end(points, at):  # type: ignore[no-untyped-def]
    n = points.size
    while at < n:
        point = points[at]
        if point < 128 and _KINDS[point] & ADDRESS:
            at += 1
        elif point == 0x25 and at + 2 < n and _is_hex(points[at + 1]) and _is_hex(points[at + 2]):
            at += 3
        else:
            break
    return at


@kernel
def _is_hex(point):  # type: ignore[no-untyped-def]
    return point < 128 and _KINDS[point] & HEX != 0
