"""RefinedWeb's line-wise corrections (Penedo et al. 2023, arXiv:2306.01116, G.2).

A line is discarded if it is mainly upper case, only numerical, a counter ("3 likes"), or of one word. A line
of at most 10 words loses `sign-in` at its beginning, `read more...` at its end and `items in cart` anywhere;
if nothing else is left, it is discarded. Blank lines stay, so that paragraphs do; white space at the ends of
lines goes.

The paper names its patterns by one example each, and those are what is cut. Where it is silent we read as
DataComp-LM does (dclm, baselines/mappers/modifiers.py): mainly upper case is more than half of a line's
characters; only numerical is every character a digit; a counter is a number, perhaps with k, m or b, and one
of `COUNTED`, with marks around it; case is ignored. Ours: words are those of `kernels.words`, and the
counted things may stand in the singular.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.codepoints import DIGIT, LETTER, SPACE, UPPER
from pipelines.kernels.compile import kernel
from pipelines.kernels.lines import ends_in_ellipsis, lowered
from pipelines.kernels.phrases import has_phrase, phrase_near, phrases_of
from pipelines.kernels.words import count_words
from pipelines.quality.line_gates import PATTERN
from pipelines.quality.line_output import copy, newline, put_point, write_points

COUNTED = (
    "bookmark", "comment", "download", "downvote", "follower", "like", "quote", "repost", "retweet", "share",
    "upvote", "view",
)  # fmt: skip
"""Things that a counter counts."""

MAX_UPPER_RATIO, MIN_WORDS, MAX_PATTERN_WORDS = range(3)
"""The places of `edit_refinedweb`'s limits."""

_BEGIN, _ANYWHERE, _END = "sign-in", "items in cart", "read more"
_PATTERNS, _CARTS = phrases_of(_BEGIN, _ANYWHERE, _END), phrases_of(_ANYWHERE)
_SIGN_IN, _CART, _READ_MORE = range(3)
_COUNTED = np.array(sorted(int.from_bytes(word.encode(), "big") for word in COUNTED), np.uint64)
_LONGEST = max(map(len, COUNTED))


@kernel
def edit_refinedweb(data, page, line, words, kinds, limits, writing, out, written):  # type: ignore[no-untyped-def]
    """Judge every line of the page and, if `writing`, write what is left.

    Returns (bytes written, lines removed, words removed). line: scratch of three arrays. words int32 (lines,)
    and kinds uint8 (lines,): words and gates (`line_gates`) of each line. limits: float64 (3,).
    """
    length = solid = removed = lost = 0
    for number in range(page.text_begin.size):
        begin, end = page.text_begin[number], page.text_end[number]
        if begin < end:
            mine = words[number]
            m = _left(page, begin, end, mine, kinds[number] & PATTERN != 0, limits, line)
            lost += mine if m == 0 else 0
            lost += mine - count_words(line[1], 0, m)[0] if m > 0 else 0
            if m == 0:
                removed += 1
                continue
        if not writing:
            continue
        if begin == end:
            length = newline(length, out, written)
            continue
        length = newline(length, out, written)
        if m > 0:
            length += write_points(data, line, 0, m, out, written + length)
            solid = length
            continue
        first = begin if length == 0 else page.line_begin[number]
        length += copy(data, page.places[first], page.places[end], out, written + length)
        solid = length
    return solid, removed, lost


@kernel
def _left(page, begin, end, words, likely, limits, line):  # type: ignore[no-untyped-def]
    """What the rules leave of a line: 0 nothing, -1 all of it, else so many code points, put into `line`.

    likely: False if no pattern stands in the line.
    """
    points, classes = page.points, page.classes
    size = end - begin
    if words < limits[MIN_WORDS] or _count_upper(classes, begin, end) > limits[MAX_UPPER_RATIO] * size:
        return 0
    if _is_numerical(classes, begin, end) or _is_counter(points, classes, begin, end):
        return 0
    if not likely or words > limits[MAX_PATTERN_WORDS] or not has_phrase(points, begin, end, _PATTERNS):
        return -1
    m = _without_carts(page, begin, end, line)
    first, m = _without_ends(line[0], line[1], m)
    if m - first == size:
        return -1
    for k in range(first, m):
        line[0][k - first], line[1][k - first], line[2][k - first] = line[0][k], line[1][k], line[2][k]
    return m - first


@kernel
def _count_upper(classes, begin, end):  # type: ignore[no-untyped-def]
    upper = np.uint32(0)
    for at in range(np.uint64(begin), np.uint64(end)):
        upper = np.uint32(upper + np.uint32(classes[at] & UPPER != 0))
    return upper


@kernel
def _is_numerical(classes, begin, end):  # type: ignore[no-untyped-def]
    while begin < end and classes[begin] & DIGIT:
        begin += 1
    return begin == end


@kernel
def _is_counter(points, classes, begin, end):  # type: ignore[no-untyped-def]
    """True for a number, white space and a counted thing, with marks around them."""
    word = LETTER | DIGIT
    while begin < end and not classes[begin] & word:
        begin += 1
    while end > begin and not classes[end - 1] & word:
        end -= 1
    if begin == end or not classes[begin] & DIGIT:
        return False
    while begin < end and (classes[begin] & DIGIT or points[begin] == 0x2C or points[begin] == 0x2E):
        begin += 1
    if begin < end and _is_unit(lowered(points[begin])):
        begin += 1
    first = begin
    while begin < end and classes[begin] & SPACE:
        begin += 1
    return begin > first and _is_counted(points, begin, end)


@kernel
def _is_unit(point):  # type: ignore[no-untyped-def]
    """k, m or b, for thousands, millions and billions."""
    return point == 0x6B or point == 0x6D or point == 0x62


@kernel
def _is_counted(points, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) is a word of `COUNTED`, or its plural."""
    if lowered(points[end - 1]) == 0x73:
        end -= 1
    if end - begin > _LONGEST:
        return False
    packed = np.uint64(0)
    for at in range(begin, end):
        point = lowered(points[at])
        if point > 0x7F:
            return False
        packed = packed << np.uint64(8) | np.uint64(point)
    found = False
    for k in range(_COUNTED.size):
        found = found or _COUNTED[k] == packed
    return found


@kernel
def _without_carts(page, begin, end, line):  # type: ignore[no-untyped-def]
    """Copy the line to `line` without `items in cart` and one white space before it; how many are left."""
    m = 0
    at = behind = begin  # of the phrase before: a second one right behind it has no white space of its own
    while at < end:
        skip = _cart_at(page.points, at, end)
        if skip:
            m -= 1 if at > behind and line[1][m - 1] & SPACE else 0
            at += skip
            behind = at
            continue
        put_point(line, at, m, page.points, page.classes, page.places)
        m += 1
        at += 1
    return m


@kernel
def _cart_at(points, at, end):  # type: ignore[no-untyped-def]
    """Length of the phrase if it begins at `at`, else 0."""
    anchor = at + _CARTS.anchors[0]
    if anchor < end and phrase_near(points, at, end, anchor, _CARTS)[0] == 0:
        return _CARTS.ends[0]
    return 0


@kernel
def _without_ends(points, classes, m):  # type: ignore[no-untyped-def]
    """[first, end) of `m` code points without `read more...` at the end and `sign-in` at the beginning."""
    while m and classes[m - 1] & SPACE:
        m -= 1
    if ends_in_ellipsis(points, 0, m):
        end = m - (3 if points[m - 1] == 0x2E else 1)
        start = end - (_PATTERNS.ends[_READ_MORE] - _PATTERNS.ends[_CART])
        if start >= 0 and _phrase_is(points, start, end, _READ_MORE):
            m = start - (1 if start and classes[start - 1] & SPACE else 0)
    first = _skip_space(classes, 0, m)
    size = _PATTERNS.ends[_SIGN_IN]
    if m - first >= size and _phrase_is(points, first, first + size, _SIGN_IN):
        first = _skip_space(classes, first + size, m)
    while m > first and classes[m - 1] & SPACE:
        m -= 1
    return first, m


@kernel
def _skip_space(classes, at, end):  # type: ignore[no-untyped-def]
    while at < end and classes[at] & SPACE:
        at += 1
    return at


@kernel
def _phrase_is(points, begin, end, number):  # type: ignore[no-untyped-def]
    """True if [begin, end) is phrase `number` of the patterns."""
    found, _ = phrase_near(points, begin, end, begin + _PATTERNS.anchors[number], _PATTERNS)
    return found == number
