"""The last pass of spaCy's tokenizer: special cases that affixes tore apart are joined again.

spaCy 3.8 (MIT licence), tokenizer.pyx, `_apply_special_cases`: wherever the tokens of a special case follow
each other (white space between them or not), that stretch is taken, longest first and then leftmost; a stretch
that shares an end with one looked at before is not. Of those taken, the ones that stand without white space
become the special case's own tokens.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.hashes import find
from pipelines.kernels.spacy_words import put_whole, put_word, special

LONGEST_CHAIN = 13
"""More tokens than any special case is torn into."""

PAIRS = 1024
GOES_ON, COMPLETE = 1, 2
_TAKEN, _SEEN = 1 << 15, 1 << 14
_FOLD = np.uint64(0xC2B2AE3D27D4EB4F)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SIX, _LOW_SIX, _ONE = np.uint64(6), np.uint64(63), np.uint64(1)


@inlined
def fold(state, value):  # type: ignore[no-untyped-def]
    """Key of a chain of tokens: that of the chain without its last one (0 at first), and the last one's hash."""
    mixed = (state + np.uint64(1)) * _FOLD
    return (mixed ^ (mixed >> np.uint64(29))) + value * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)


@inlined
def pair_bit(first, second):  # type: ignore[no-untyped-def]
    """The bit of a table of 64 * `PAIRS` for the hashes of two tokens that follow each other."""
    return ((first + _FOLD) * _SPREAD ^ second) * _FOLD >> np.uint64(48)


@kernel
def rejoin(points, sums, count, cases, chains, pairs, words, spare, places, marks):  # type: ignore[no-untyped-def]
    """Join torn special cases in the first `count` of `words`; returns the new count.

    chains: table of flags of the chains that special cases are torn into; pairs: bits (`pair_bit`) of
    those that begin one, since most tokens begin none. Scratch: spare, like `words`; places, int32, and marks, uint16,
    one a token.
    """
    some = 0
    for at in range(count - 1):
        bit = pair_bit(np.uint64(words[at, 2]), np.uint64(words[at + 1, 2]))
        places[some] = at
        some += 1 if pairs[bit >> _SIX] >> (bit & _LOW_SIX) & _ONE else 0
    present = 0
    for k in range(some):
        found = _matches(points, words, places[k], count, chains)
        if found and not present:
            marks[:count] = 0
        if found:
            marks[places[k]] = found
        present |= found
    if present:
        _choose(count, present, marks)
        if _settle(sums, count, cases, words, marks):
            count = _rebuild(sums, count, cases, words, spare, marks)
    return count


@kernel
def _matches(points, words, at, count, chains):  # type: ignore[no-untyped-def]
    """Bit k is set if the k tokens from `at` are those of a torn special case."""
    found = 0
    state = fold(np.uint64(0), np.uint64(words[at, 2]))
    flags = np.int64(find(chains, state))
    last = at
    while flags & GOES_ON and last + 1 < count and _near(points, words[last, 1], words[last + 1, 0]):
        last += 1
        state = fold(state, np.uint64(words[last, 2]))
        flags = np.int64(find(chains, state))
        if flags & COMPLETE:
            found |= 1 << (last + 1 - at)
    return found


@inlined
def _near(points, end, begin):  # type: ignore[no-untyped-def]
    """True if nothing or one U+0020 stands between two tokens; of other white space spaCy makes a token."""
    return end == begin or (end + 1 == begin and points[end] == 0x20)


@kernel
def _choose(count, present, marks):  # type: ignore[no-untyped-def]
    """Leave _TAKEN and its length in `marks` where a stretch that is taken begins."""
    for length in range(LONGEST_CHAIN, 1, -1):
        if not present >> length & 1:
            continue
        for at in range(count):
            if marks[at] & _TAKEN or not marks[at] >> length & 1:
                continue
            free = not (marks[at] | marks[at + length - 1]) & _SEEN
            for k in range(at, at + length):
                marks[k] |= _SEEN
            if free:
                marks[at] = _TAKEN | _SEEN | length


@kernel
def _settle(sums, count, cases, words, marks):  # type: ignore[no-untyped-def]
    """Drop from `marks` the stretches that stay as they are; True if any is left."""
    some = False
    for at in range(count):
        if not marks[at] & _TAKEN:
            continue
        last = at + (marks[at] & 0xFF) - 1
        if _together(words, at, last) and not _same(sums, words, at, last, cases):
            some = True
        else:
            marks[at] = 0
    return some


@kernel
def _together(words, first, last):  # type: ignore[no-untyped-def]
    at = first
    while at < last and words[at, 1] == words[at + 1, 0]:
        at += 1
    return at == last


@kernel
def _same(sums, words, first, last, cases):  # type: ignore[no-untyped-def]
    """True if the special case's own tokens are the ones that stand there."""
    parts = special(sums, words[first, 0], words[last, 1], cases.parts, cases.sift)
    at = first
    while parts and at <= last:
        if np.int64(parts & np.uint64(0xFF)) != words[at, 1] - words[at, 0]:
            return False
        parts >>= np.uint64(8)
        at += 1
    return parts == 0 and at == last + 1


@kernel
def _rebuild(sums, count, cases, words, spare, marks):  # type: ignore[no-untyped-def]
    made = 0
    at = 0
    while at < count:
        if marks[at] & _TAKEN:
            last = at + (marks[at] & 0xFF) - 1
            begin, end = words[at, 0], words[last, 1]
            # The case's own hash is asked for only if it had no parts, and every case has some.
            made = put_whole(
                sums,
                begin,
                end,
                np.uint64(0),
                special(sums, begin, end, cases.parts, cases.sift),
                spare,
                made,
            )
            at = last + 1
        else:
            made = put_word(spare, made, words[at, 0], words[at, 1], words[at, 2])
            at += 1
    for at in range(made):
        put_word(words, at, spare[at, 0], spare[at, 1], spare[at, 2])
    return made
