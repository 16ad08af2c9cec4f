"""Kernel: words without white space that may hold an address, an account, a wallet or a key."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import kernel
from pipelines.kernels.wide import LOWS, ONES, equal8, first8, least8, load8
from pipelines.pii import hints

DIGIT, UPPER, LOWER, HEX, LATIN_LEAD, BLANK, MARK = 1, 2, 4, 8, 16, 32, 64
WORD = DIGIT | UPPER | LOWER
SLASH, PAST_DIGITS, AT, LOW_LINE, DASH = (np.uint64(byte) for byte in (0x2F, 0x3A, 0x40, 0x5F, 0x2D))
LETTER_A, PAST_LETTERS, CASES = np.uint64(0x61), np.uint64(0x7B), ONES * np.uint64(0x20)
ONE, EIGHT, LAST = np.uint64(1), np.uint64(8), np.uint64(56)
MIN_ID, MAX_ID, MIN_ID_DIGITS = 9, 18, 6
MIN_WALLET, MAX_BASE58 = 26, 35
MIN_IPV6, MAX_IPV6 = 7, 40

_EMAIL, _QUAD, _COLONS, _IBAN = hints.EMAIL, hints.QUAD, hints.COLONS, hints.IBAN
_LETTER_ID, _WALLET, _SECRET = hints.LETTER_ID, hints.WALLET, hints.SECRET
_TABLE_MASK = hints.CUE_TABLE_SIZE - 1


def byte_classes() -> np.ndarray:
    """Class bits of every byte: uint8 of shape (256,)."""
    table = np.zeros(256, np.uint8)
    table[0x30:0x3A] |= DIGIT | HEX
    table[0x41:0x5B] |= UPPER
    table[0x61:0x7B] |= LOWER
    table[0x41:0x47] |= HEX
    table[0x61:0x67] |= HEX
    table[0xC3:0xCA] |= LATIN_LEAD
    table[:0x21] |= BLANK
    table[0x7F:] |= BLANK
    table[0xC3:0xCA] &= 0xFF ^ BLANK
    table[[0x40, 0x2E, 0x3A, 0x2D]] |= MARK
    table.flags.writeable = False
    return table


@kernel
def token_windows(data, starts, stops, classes, joints, slots, prefixes, lengths, out):  # type: ignore[no-untyped-def]
    """Fill `out`, int64 (n, 4), with row, begin, end, hints; give back how many windows there are.

    A window is a stretch of printing ASCII and Latin letters (U+00C0 to U+024F) with a hint in it. begin and
    end count from the row's start. joints, slots, prefixes and lengths are those of `hints.Prefixes`. Every byte is
    visited a fixed number of times: linear. n must be at least the bytes / 4.
    """
    found = 0
    for row in range(starts.size):
        start, stop = starts[row], stops[row]
        at = start
        while True:
            sign = _next_sign(data, at, stop, joints)
            if sign == stop:
                break
            token = _token_start(data, sign, at, classes)
            at, bits = _token(data, token, stop, classes, slots, prefixes, lengths)
            if bits:
                found = _emit(out, found, row, token - start, at - start, bits)
    return found


@kernel
def _next_sign(data, at, stop, joints):  # type: ignore[no-untyped-def]
    """Where the first sign is without which a token has no hint: a digit, an @, a capital behind a letter, or a mark
    in `joints` with the two bytes before it. `stop` if there is none; `at` begins a token.
    """
    first = at
    before = np.uint64(0)
    while at + 8 <= stop:
        signs, before = _signs8(load8(data, at), before)
        while signs:
            sign = at + first8(signs)
            if not _is_joint(data[sign]) or (sign - first >= 2 and joints[_slot(data, sign - 2)]):
                return sign
            signs &= signs - ONE
        at += 8
    inside = before != 0
    while at < stop:
        byte = data[at]
        letter = 0x61 <= (byte | 0x20) <= 0x7A
        if 0x30 <= byte <= 0x39 or byte == 0x40 or (inside and letter and byte < 0x61):
            return at
        if _is_joint(byte) and at - first >= 2 and joints[_slot(data, at - 2)]:
            return at
        inside = letter
        at += 1
    return stop


@kernel
def _signs8(eight, before):  # type: ignore[no-untyped-def]
    """(flags of the signs in eight bytes, 0x80 if the last of them is a letter); `before` is that of the eight bytes
    before.
    """
    low = eight & LOWS
    letters = least8(low | CASES, LETTER_A) & ~least8(low | CASES, PAST_LETTERS) & ~eight
    capitals = letters & ~least8(low, LETTER_A) & (letters << EIGHT | before)
    others = (least8(low, SLASH) & ~least8(low, PAST_DIGITS)) | equal8(low, AT) | equal8(low, LOW_LINE)
    return capitals | ((others | equal8(low, DASH)) & ~eight), letters >> LAST


@kernel
def _is_joint(byte):  # type: ignore[no-untyped-def]
    """True for - / and _."""
    return byte == 0x2D or byte == 0x2F or byte == 0x5F


@kernel
def _token_start(data, at, least, classes):  # type: ignore[no-untyped-def]
    """Where the token that `at` is in begins, `least` or behind it."""
    while at > least:
        if not classes[data[at - 1]] & (BLANK | LATIN_LEAD):
            at -= 1
        elif at - 2 >= least and classes[data[at - 2]] & LATIN_LEAD:
            at -= 2
        else:
            break
    return at


@kernel
def _token(data, token, stop, classes, slots, prefixes, lengths):  # type: ignore[no-untyped-def]
    """(where the token ends that begins at `token`, its hints)."""
    at = token
    bits = 0
    while at < stop:
        kind = classes[data[at]]
        if kind & WORD:
            end = at + 1
            seen = kind
            while end < stop and classes[data[end]] & WORD:
                seen |= classes[data[end]]
                end += 1
            if end - at >= 2 and at + 2 < stop and slots[_slot(data, at)]:
                bits |= _SECRET if _has_prefix(data, at, stop, prefixes, lengths) else 0
            if seen & (DIGIT | UPPER):
                bits |= _word_hints(data, at, end, stop, classes)
            at = end
            continue
        if kind & BLANK:
            break
        if kind & MARK:
            bits |= _mark_hints(data, at, token, stop, classes)
        at += 2 if kind & LATIN_LEAD else 1
    return min(at, stop), bits


@kernel
def _emit(out, found, row, begin, end, bits):  # type: ignore[no-untyped-def]
    out[found, 0] = row
    out[found, 1] = begin
    out[found, 2] = end
    out[found, 3] = bits
    return found + 1


@kernel
def _slot(data, at):  # type: ignore[no-untyped-def]
    return (np.int64(data[at]) * 961 + np.int64(data[at + 1]) * 31 + np.int64(data[at + 2])) & _TABLE_MASK


@kernel
def _has_prefix(data, at, stop, prefixes, lengths):  # type: ignore[no-untyped-def]
    """True if one of the prefixes stands at `at`."""
    for row in range(lengths.size):
        k = 0
        while k < lengths[row] and at + k < stop and data[at + k] == prefixes[row, k]:
            k += 1
        if k == lengths[row]:
            return True
    return False


@kernel
def _mark_hints(data, at, token, stop, classes):  # type: ignore[no-untyped-def]
    """Hints of the mark @ : . or - at `at`, in the token that begins at `token`."""
    byte = data[at]
    if byte == 0x40:
        return _EMAIL if at > token and at + 1 < stop and not classes[data[at + 1]] & BLANK else 0
    if byte == 0x2E:
        return _QUAD if at > token and _is_quad(data, at, stop, classes) else 0
    if byte == 0x3A:
        return _COLONS if _has_colons(data, at, token, stop, classes) else 0
    return _SECRET if _dashes(data, at, stop) else 0


@kernel
def _dashes(data, at, stop):  # type: ignore[no-untyped-def]
    """True if -----B (of BEGIN) is at `at`."""
    return (
        at + 5 < stop and data[at + 5] == 0x42 and data[at + 1] == 0x2D and data[at + 2] == 0x2D
        and data[at + 3] == 0x2D and data[at + 4] == 0x2D
    )  # fmt: skip


@kernel
def _word_hints(data, at, end, stop, classes):  # type: ignore[no-untyped-def]
    """Hints of the letters and digits in [at, end), a word as a whole."""
    length = end - at
    bits = 0
    if length >= 2 and classes[data[at]] & UPPER and classes[data[at + 1]] & UPPER:
        if length >= 4 and classes[data[at + 2]] & DIGIT and classes[data[at + 3]] & DIGIT:
            bits |= _IBAN
        if length == 2 and end + 1 < stop and data[end] == 0x20 and classes[data[end + 1]] & DIGIT:
            bits |= _LETTER_ID
    if MIN_ID <= length <= MAX_ID and _is_id(data, at, end, classes):
        bits |= _LETTER_ID
    if length >= MIN_WALLET and _begins_wallet(data, at, length):
        bits |= _WALLET
    return bits


@kernel
def _begins_wallet(data, at, length):  # type: ignore[no-untyped-def]
    """True if the word of `length` at `at` begins as an address: 1, 3, bc1, or 0x and 42 long."""
    if data[at] == 0x30:
        return length == 42 and data[at + 1] == 0x78
    if data[at] == 0x31 or data[at] == 0x33:
        return length <= MAX_BASE58
    return (data[at] | 0x20) == 0x62 and (data[at + 1] | 0x20) == 0x63 and data[at + 2] == 0x31


@kernel
def _is_id(data, at, end, classes):  # type: ignore[no-untyped-def]
    """True if [at, end) is capitals and digits, enough of them digits, and not digits alone."""
    digits = 0
    for k in range(at, end):
        kind = classes[data[k]]
        if kind & LOWER:
            return False
        digits += 1 if kind & DIGIT else 0
    return MIN_ID_DIGITS <= digits < end - at


@kernel
def _is_quad(data, dot, stop, classes):  # type: ignore[no-untyped-def]
    """True if a digit stands before the dot at `dot`, and three more numbers with dots between follow."""
    if not classes[data[dot - 1]] & DIGIT:
        return False
    at = dot
    for _ in range(3):
        if at >= stop or data[at] != 0x2E:
            return False
        first = at + 1
        at = first
        while at < stop and at < first + 3 and classes[data[at]] & DIGIT:
            at += 1
        if at == first:
            return False
    return True


@kernel
def _has_colons(data, at, token, stop, classes):  # type: ignore[no-untyped-def]
    """True if the colon at `at` may begin the colons of an address: with the four bytes before it and the at
    most MAX_IPV6 after it, of hexadecimal digits and colons, there are MIN_IPV6 bytes, a decimal digit, and ::
    or seven colons.
    """
    seen = 0
    first = at
    while first > token and at - first < 4 and classes[data[first - 1]] & HEX:
        first -= 1
        seen |= classes[data[first]]
    colons = 0
    double = False
    end = at
    while end < stop and end < at + MAX_IPV6 and (data[end] == 0x3A or classes[data[end]] & HEX):
        seen |= classes[data[end]]
        if data[end] == 0x3A:
            colons += 1
            double = double or (end > first and data[end - 1] == 0x3A)
        end += 1
    return end - first >= MIN_IPV6 and (seen & DIGIT) != 0 and (double or colons >= 7)
