"""Lines (split on \\n alone), the phrases in them, and the sentences."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.codepoints import CLOSER, DIGIT, FULL_STOP, LETTER, LINE_BREAK, LOWER, SPACE, STOP
from pipelines.kernels.compile import inlined, kernel

NEWLINE = 0x0A
ELLIPSIS = 0x2026
DOT = 0x2E


@kernel
def line_end(points, at, n):  # type: ignore[no-untyped-def]
    """Index of the next newline from `at`, or `n`."""
    while at < n and points[at] != NEWLINE:
        at += 1
    return at


@inlined
def strip(classes, begin, end):  # type: ignore[no-untyped-def]
    """[begin, end) without the white space at both ends; empty if there is nothing else."""
    while begin < end and classes[begin] & SPACE:
        begin += 1
    while end > begin and classes[end - 1] & SPACE:
        end -= 1
    return begin, end


@kernel
def ends_in_ellipsis(points, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) ends in … or in three dots."""
    if end > begin and points[end - 1] == ELLIPSIS:
        return True
    return end - begin >= 3 and points[end - 1] == DOT and points[end - 2] == DOT and points[end - 3] == DOT


@kernel
def count_sentences(points, classes, n):  # type: ignore[no-untyped-def]
    """Sentences among the first `n` code points, as `count_sentences_in` counts them."""
    return count_sentences_in(points, classes, 0, n)


@kernel
def count_sentences_in(points, classes, begin, end):  # type: ignore[no-untyped-def]
    """Sentences in [begin, end): stretches with a letter or digit, ended by a STOP mark or by the end of the line.

    The marks . ? ! end a sentence where white space follows (and, for the dot, no lower-case letter after
    that); those of other scripts end it at once. Quotes and closing brackets go with the sentence before
    them.
    """
    total = 0
    content = False
    at = begin
    while at < end:
        seen = np.uint32(0)
        while at < end and not classes[at] & (STOP | LINE_BREAK):
            seen |= classes[at]
            at += 1
        content = content or seen & (LETTER | DIGIT) != 0
        if at < end and classes[at] & STOP:
            at, ended = _after_mark(points, classes, at, end)
        else:
            ended = True
            at += 1
        total += 1 if content and ended else 0
        content = content and not ended
    return total + (1 if content else 0)


@kernel
def _after_mark(points, classes, at, end):  # type: ignore[no-untyped-def]
    """(the place behind the marks at `at` and what goes with them, True if a sentence ends there).

    At the end of the text none does: its last sentence ends anyway.
    """
    full = spaced = dot = False
    while at < end:
        kind = classes[at]
        if kind & STOP:
            full, spaced, dot = kind & FULL_STOP != 0, False, points[at] == DOT
        elif kind & LINE_BREAK:
            return at + 1, True
        elif kind & SPACE:
            spaced = True
        elif not kind & CLOSER:
            return at, full or (spaced and not (dot and kind & LOWER))
        at += 1
    return at, False


@inlined
def lowered(point):  # type: ignore[no-untyped-def]
    """`point` in lower case where that is an ASCII letter (the Kelvin sign's is k)."""
    if 0x41 <= point <= 0x5A:
        return point | np.uint32(0x20)
    return np.uint32(0x6B) if point == 0x212A else point


@kernel
def count_phrase(points, n, phrase):  # type: ignore[no-untyped-def]
    """Occurrences of `phrase` (lower-case ASCII code points, uint32) in the first `n` code points, in any
    case.
    """
    total = 0
    for at in range(n - phrase.size + 1):
        if lowered(points[at]) == phrase[0] and _same(points, at, phrase):
            total += 1
    return total


@kernel
def _same(points, at, phrase):  # type: ignore[no-untyped-def]
    k = 1
    while k < phrase.size and lowered(points[at + k]) == phrase[k]:
        k += 1
    return k == phrase.size


@kernel
def count_ellipses(points, n):  # type: ignore[no-untyped-def]
    """Ellipses: … and three dots in a row (six dots are two)."""
    total = 0
    dots = 0
    for at in range(n):
        total += 1 if points[at] == ELLIPSIS else 0
        dots = dots + 1 if points[at] == DOT else 0
        if dots == 3:
            total += 1
            dots = 0
    return total
