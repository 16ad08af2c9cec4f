"""Does a string look like a web address to spaCy? Its URL_PATTERN as compiled functions.

spaCy 3.8 (MIT licence), lang/tokenizer_exceptions.py: an optional scheme, an optional `user@`, a host (an IPv4
address outside private networks, or labels and a top-level domain in lower case), an optional port, an
optional path. Work is linear in the string: each host is tried once, after the scheme and after every @.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import kernel
from pipelines.kernels.spacy_kinds import LOW, NUMERAL, WORDY

_DOT, _COLON, _SLASH, _AT = 0x2E, 0x3A, 0x2F, 0x40


@kernel
def is_url(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) (no white space inside) matches as a whole."""
    if _host(points, kinds, begin, end):
        return True
    start = _after_scheme(points, kinds, begin, end)
    if start and _host(points, kinds, start, end):
        return True
    found = False
    for at in range(begin + 1, end - 1):
        found = found or (points[at] == _AT and _host(points, kinds, at + 1, end))
    return found


@kernel
def _after_scheme(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """Where the text behind `scheme://` begins; 0 if there is no scheme."""
    at = begin
    while at < end and (kinds[at] & WORDY or points[at] == 0x2B or points[at] == 0x2D or points[at] == _DOT):
        at += 1
    if at - begin < 2 or at + 3 >= end:
        return 0
    return at + 3 if points[at] == _COLON and points[at + 1] == _SLASH and points[at + 2] == _SLASH else 0


@kernel
def _host(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) is a host with what may follow it."""
    return _address(points, kinds, begin, end) or _domain(points, kinds, begin, end)


@kernel
def _domain(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    label = begin
    at = begin
    while at < end:
        if label > begin and _top_level(points, kinds, label, end):
            return True
        while at < end and _in_label(points[at]):
            at += 1
        size = at - label
        if at == end or points[at] != _DOT or size < 1 or size > 64:
            return False
        if _joins(points[label]) or _joins(points[at - 1]):
            return False
        at += 1
        label = at
    return False


@kernel
def _joins(point):  # type: ignore[no-untyped-def]
    """True for _ and -, which stand only inside a label."""
    return point == 0x5F or point == 0x2D


@kernel
def _in_label(point):  # type: ignore[no-untyped-def]
    letter = 0x61 <= point <= 0x7A or 0x41 <= point <= 0x5A or 0x30 <= point <= 0x39
    return letter or 0xA1 <= point <= 0xFFFF or _joins(point)


@kernel
def _top_level(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) is 2 to 63 letters and then what may follow a host."""
    at = begin
    while at < end and kinds[at] & LOW:
        at += 1
    return 2 <= at - begin <= 63 and _tail(points, kinds, at, end)


@kernel
def _tail(points, kinds, at, end):  # type: ignore[no-untyped-def]
    """True if [at, end) is empty, or a port of 2 to 5 digits and a path, or either."""
    if at < end and points[at] == _COLON:
        first = at + 1
        at = first
        while at < end and kinds[at] & NUMERAL:
            at += 1
        if at - first < 2 or at - first > 5:
            return False
    return at == end or points[at] == _SLASH or points[at] == 0x3F or points[at] == 0x23


@kernel
def _address(points, kinds, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) is an IPv4 address outside private networks, and what may follow it."""
    if begin == end or not 0x31 <= points[begin] <= 0x39:
        return False
    first_octet = second_octet = np.int64(0)
    at = begin
    for place in range(4):
        first = at
        value = np.int64(0)
        while at < end and 0x30 <= points[at] <= 0x39 and at - first < 4:
            value = value * 10 + np.int64(points[at]) - 0x30
            at += 1
        if not _octet(place, value, at - first, points[first] if first < end else points[begin]):
            return False
        first_octet = value if place == 0 else first_octet
        second_octet = value if place == 1 else second_octet
        if place < 3:
            if at == end or points[at] != _DOT:
                return False
            at += 1
    return not _private(first_octet, second_octet) and _tail(points, kinds, at, end)


@kernel
def _octet(place, value, size, lead):  # type: ignore[no-untyped-def]
    """True if an octet of `size` digits that begins with `lead` may stand at `place`."""
    if size < 1 or size > 3:
        return False
    if place == 0:
        return value <= 223
    if place == 3:
        return lead != 0x30 and value <= 254
    return value <= 255 and not (size == 3 and lead == 0x30)


@kernel
def _private(a, b):  # type: ignore[no-untyped-def]
    """True if an address that begins a.b is private, local to a link or the host's own."""
    whole = a == 10 or a == 127
    return whole or (a == 169 and b == 254) or (a == 192 and b == 168) or (a == 172 and 16 <= b <= 31)
