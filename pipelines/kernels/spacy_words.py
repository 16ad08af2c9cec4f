"""Words as spaCy's English tokenizer splits them (`spacy.blank("en")`), in compiled code.

The method is that of spaCy 3.8 (MIT licence), tokenizer.pyx: runs without white space lose prefixes and
suffixes until a special case is left or nothing changes; what is left is a special case, a web address, or is
cut at infixes. Afterwards special cases that affixes tore apart are joined again, the longest first, where
their tokens stand together. White space makes no word. Polynomial hashes of 64 bits stand for strings.

How a run parts depends on its characters alone, so short ones are parted once and remembered.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.bits import BLOCK, low_bytes8
from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.hashes import between, enter, find, scattered
from pipelines.kernels.spacy_affixes import DOT, infix, prefix, suffix
from pipelines.kernels.spacy_kinds import AFFIX, ENDER, FIGURE
from pipelines.kernels.spacy_runs import bits_of, find_runs
from pipelines.kernels.spacy_urls import is_url

LONGEST_CASE = 12
"""Characters of the longest special case."""

LONGEST_KNOWN = 16
"""Characters of the longest run that is remembered."""

_KNOWN_SLOTS = 4096
_SIFT_WORDS = 1024
_SIZES = np.array([2 ** (8 * size) - 1 for size in range(9)], np.uint64)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SIX, _LOW_SIX, _ONE = np.uint64(6), np.uint64(63), np.uint64(1)


class Cases(NamedTuple):
    """Special cases. parts: table (`hashes.find`) of the lengths of each one's tokens, a byte each. sift: uint64
    (_SIFT_WORDS,), a bit for the hash of each: most strings are told apart there.
    """

    parts: np.ndarray
    sift: np.ndarray


def known_runs() -> np.ndarray:
    """Room for remembered runs: uint64 (slots, 4). The characters of one in two numbers, a byte each; the length of
    each of its tokens less one, four bits each; its own length, 0 in a free slot.
    """
    return np.zeros((_KNOWN_SLOTS, 4), np.uint64)


def no_cases(slots: int) -> Cases:
    """No special case yet, and room for fewer than `slots`, a power of two."""
    return Cases(np.zeros((slots, 2), np.uint64), np.zeros(_SIFT_WORDS, np.uint64))


def add_case(cases: Cases, value: np.uint64, parts: int) -> None:
    """Add the case with hash `value`."""
    enter(cases.parts, value, np.uint64(parts))
    bit = int(scattered(value, 64 * _SIFT_WORDS - 1))
    cases.sift[bit >> 6] |= np.uint64(1 << (bit & 63))


@kernel
def split_runs(points, kinds, sums, n, cases, words, stack, known, runs):  # type: ignore[no-untyped-def]
    """Tokens of every run without white space; returns how many.

    kinds: of each code point (`spacy_kinds`), `bits.BLOCK` longer than `n`. sums: of `hashes.add_up`. words: int64
    (n, 3), where each begins and ends and the bits of its hash, filled from the start. stack: scratch, int32 (n,).
    known: `known_runs`. runs: scratch, `spacy_runs.Runs`. One character is one token, mark or not.
    """
    parts, sift = cases.parts, cases.sift
    begins, ends, marked, wide = runs.begins, runs.ends, runs.marked, runs.wide
    count = 0
    for run in range(find_runs(kinds, n, begins, ends, marked, wide)):
        begin, end = np.int64(begins[run]), np.int64(ends[run])
        size = end - begin
        if size > BLOCK:
            count = _put_long(points, kinds, sums, begin, end, count, parts, sift, words, stack)
            continue
        marks = bits_of(marked, begin, size)
        if not marks or size == 1:
            count = _put_plain(sums, begin, end, count, parts, sift, words)
        elif marks == _ONE << np.uint64(size - 1) and _closes(points, kinds, end):
            count = _put_marked(points, kinds, sums, begin, end, count, parts, sift, words)
        elif _all_figures(kinds, begin, end):
            count = _put_plain(sums, begin, end, count, parts, sift, words)
        elif (
            size <= LONGEST_KNOWN and not bits_of(wide, begin, size) and begin + LONGEST_KNOWN <= points.size
        ):
            count = _put_short(points, kinds, sums, begin, end, count, parts, sift, words, stack, known)
        else:
            count = _split_run(points, kinds, sums, begin, end, count, parts, sift, words, stack)
    return count


@inlined
def _closes(points, kinds, end):  # type: ignore[no-untyped-def]
    """True if the character before `end` may be a suffix by itself."""
    return kinds[end - 1] & ENDER != 0 or points[end - 1] == DOT


@inlined
def _all_figures(kinds, begin, end):  # type: ignore[no-untyped-def]
    at = begin
    while at < end and kinds[at] & FIGURE:
        at += 1
    return at == end


@inlined
def _put_plain(sums, begin, end, count, parts, sift, words):  # type: ignore[no-untyped-def]
    """Tokens of a run that affix rules do not touch."""
    value = between(sums, begin, end)
    return put_whole(sums, begin, end, value, case(parts, sift, value, end - begin), words, count)


@kernel
def _put_long(points, kinds, sums, begin, end, count, parts, sift, words, stack):  # type: ignore[no-untyped-def]
    """Tokens of a run of more than `BLOCK` characters."""
    before = seen = 0
    for at in range(begin, end):
        before = seen
        seen |= kinds[at] & (AFFIX | FIGURE)
    if not seen or _all_figures(kinds, begin, end):
        return _put_plain(sums, begin, end, count, parts, sift, words)
    if not before and _closes(points, kinds, end):
        return _put_marked(points, kinds, sums, begin, end, count, parts, sift, words)
    return _split_run(points, kinds, sums, begin, end, count, parts, sift, words, stack)


@inlined
def case(parts, sift, value, length):  # type: ignore[no-untyped-def]
    """Lengths of the tokens, eight bits each, of the special case of hash `value`; 0 if it is none."""
    bit = scattered(value, 64 * _SIFT_WORDS - 1)
    if not sift[bit >> _SIX] >> (bit & _LOW_SIX) & _ONE or length > LONGEST_CASE:
        return np.uint64(0)
    return find(parts, value)


@inlined
def special(sums, begin, end, parts, sift):  # type: ignore[no-untyped-def]
    """`case` of [begin, end)."""
    return case(parts, sift, between(sums, begin, end), end - begin) if end > begin else np.uint64(0)


@inlined
def _put_marked(points, kinds, sums, begin, end, count, parts, sift, words):  # type: ignore[no-untyped-def]
    """Tokens of a run of plain characters and one mark: what `_split_run` makes of it, sooner."""
    whole = between(sums, begin, end)
    found = case(parts, sift, whole, end - begin)
    if found or not suffix(points, kinds, begin, end):
        return put_whole(sums, begin, end, whole, found, words, count)
    value = between(sums, begin, end - 1)
    count = put_whole(sums, begin, end - 1, value, case(parts, sift, value, end - 1 - begin), words, count)
    return put_word(words, count, end - 1, end, between(sums, end - 1, end))


@inlined
def _put_short(points, kinds, sums, begin, end, count, parts, sift, words, stack, known):  # type: ignore[no-untyped-def]
    """Tokens of a run of `LONGEST_KNOWN` characters of a byte at most: as remembered, or found and remembered."""
    size = end - begin
    left = low_bytes8(points, begin) & _SIZES[min(size, 8)]
    right = low_bytes8(points, begin + 8) & _SIZES[max(size - 8, 0)]
    slot = scattered(left * _SPREAD + right, known.shape[0] - 1)
    if known[slot, 0] == left and known[slot, 1] == right and known[slot, 3] == np.uint64(size):
        return _put_known(sums, begin, end, known[slot, 2], words, count)
    made = _split_run(points, kinds, sums, begin, end, count, parts, sift, words, stack)
    lengths = np.uint64(0)
    for token in range(made - 1, count - 1, -1):
        lengths = lengths << np.uint64(4) | np.uint64(words[token, 1] - words[token, 0] - 1)
    known[slot, 0], known[slot, 1], known[slot, 2], known[slot, 3] = left, right, lengths, np.uint64(size)
    return made


@inlined
def _put_known(sums, begin, end, lengths, words, count):  # type: ignore[no-untyped-def]
    while begin < end:
        stop = begin + np.int64(lengths & np.uint64(15)) + 1
        count = put_word(words, count, begin, stop, between(sums, begin, stop))
        lengths >>= np.uint64(4)
        begin = stop
    return count


@inlined
def put_word(words, count, begin, end, value):  # type: ignore[no-untyped-def]
    """Append one token; returns the new count."""
    words[count, 0] = begin
    words[count, 1] = end
    words[count, 2] = np.int64(value)
    return count + 1


@inlined
def put_whole(sums, begin, end, value, parts, words, count):  # type: ignore[no-untyped-def]
    """Append [begin, end) as the parts of a special case, or as one token where `parts` is 0."""
    if parts == 0:
        return put_word(words, count, begin, end, value)
    while parts:
        stop = begin + np.int64(parts & np.uint64(0xFF))
        count = put_word(words, count, begin, stop, between(sums, begin, stop))
        begin = stop
        parts >>= np.uint64(8)
    return count


@kernel
def _split_run(points, kinds, sums, begin, end, count, parts, sift, words, stack):  # type: ignore[no-untyped-def]
    """Tokens of the run [begin, end), by prefixes, suffixes, special cases and infixes."""
    depth = 0
    at, stop, size = begin, end, -1
    found = special(sums, at, stop, parts, sift)
    while found == 0 and at < stop and stop - at != size:
        size = stop - at
        ahead = prefix(points, kinds, at, stop)
        if ahead:
            found = special(sums, at + ahead, stop, parts, sift)
        behind = 0 if found else suffix(points, kinds, at + ahead, stop)
        whole = False
        if behind:
            found = special(sums, at, stop - behind, parts, sift)
            whole = found != 0
        if ahead and not whole:
            count = put_word(words, count, at, at + ahead, between(sums, at, at + ahead))
            at += ahead
        if behind:
            stop -= behind
            stack[depth] = stop
            depth += 1
        if ahead and behind and not whole:
            found = special(sums, at, stop, parts, sift)
    count = _put_middle(points, kinds, sums, at, stop, found, count, words)
    for level in range(depth - 1, -1, -1):
        stop = stack[level - 1] if level else end
        count = put_word(words, count, stack[level], stop, between(sums, stack[level], stop))
    return count


@inlined
def _put_middle(points, kinds, sums, begin, end, parts, count, words):  # type: ignore[no-untyped-def]
    """Tokens of what stands between prefixes and suffixes."""
    if begin == end:
        return count
    if parts or (_dotted(points, begin, end) and is_url(points, kinds, begin, end)):
        return put_whole(sums, begin, end, between(sums, begin, end), parts, words, count)
    first = at = begin
    while at < end:
        length = infix(points, kinds, begin, end, at) if kinds[at] & AFFIX else 0
        if length and at > begin:
            if at > first:
                count = put_word(words, count, first, at, between(sums, first, at))
            count = put_word(words, count, at, at + length, between(sums, at, at + length))
            first = at + length
        at += max(length, 1)
    if first < end:
        count = put_word(words, count, first, end, between(sums, first, end))
    return count


@inlined
def _dotted(points, begin, end):  # type: ignore[no-untyped-def]
    at = begin
    while at < end and points[at] != DOT:
        at += 1
    return at < end
