"""C4's line rules (Raffel et al. 2020, 2.2; TensorFlow Datasets, text/c4_utils.py, `clean_page`).

A line is what stands between two \\n, stripped of white space. In the order of the published code, a line is
dropped if it has a word of more than 1,000 characters; citation marks ([1], [], [edit], [citation needed])
are cut out of it; it is dropped if it does not end in . ? ! or ", or ends in ..., if it has fewer words than
the set's minimum, or if it contains, in any case, `javascript` or a phrase of `POLICY`. What is left is
joined by \\n and stripped.

Beyond the published rules, so that they hold outside English:
- terminal marks of other scripts and closing quotes ” » 」 』 end a line as well (`LINE_END` in
  `kernels.codepoints`);
- a line that ends in a character of class `SYLLABLE` (Thai and Lao have no full stop) needs no mark;
- words are counted as in `kernels.words`, so that characters count in scripts without spaces; a long word
  is a run without spaces and without such characters;
- lines are split on \\n alone, where the published code uses `str.splitlines`.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.codepoints import DIGIT, LINE_END, SYLLABLE
from pipelines.kernels.compile import kernel
from pipelines.kernels.lines import count_sentences_in, ends_in_ellipsis, strip
from pipelines.kernels.phrases import phrase_near, phrases_of
from pipelines.kernels.words import count_words, longest_word
from pipelines.quality.line_gates import BRACE, CITATION, PHRASE
from pipelines.quality.line_output import copy, newline, put_point, write_points

POLICY = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
"""Phrases that mark a line of policy (TensorFlow Datasets, text/c4_utils.py)."""

SENTENCES_PAPER, SENTENCES_TFDS, CURLY_TFDS, LOREM_TFDS = range(4)
"""What `edit_c4` counts, in order."""

_PHRASES = phrases_of("javascript", "lorem ipsum", *POLICY)
_JAVASCRIPT, _LOREM, _POLICY = range(3)
_EDIT = np.frombuffer("edit]".encode("utf-32-le"), np.uint32)
_CITATION_NEEDED = np.frombuffer("citation needed]".encode("utf-32-le"), np.uint32)
_OPEN, _CLOSE, _BRACE = 0x5B, 0x5D, 0x7B


@kernel
def edit_c4(data, page, line, words, kinds, limits, variant, out, written, counts):  # type: ignore[no-untyped-def]
    """Judge the page by both variants and write what `variant` keeps; returns (bytes written, lines removed).

    limits int64 (2, 2): least words and longest word of the paper's and of the code's rules. variant: its row,
    or -1 to write nothing. line: scratch of three arrays, as long as the page. words int32 (lines,) and kinds
    uint8 (lines,): words and gates (`line_gates`) of each line. counts float64 (4,) is filled.
    """
    counts[:] = 0
    length = removed = 0
    short = min(limits[0, 1], limits[1, 1])
    for number in range(page.text_begin.size):
        begin, end = page.text_begin[number], page.text_end[number]
        if begin == end:
            continue
        kept = False
        if _may_end(page, begin, end):
            m = _without_citations(page, begin, end, line) if kinds[number] & CITATION else -1
            longest = end - begin
            longest = longest if longest <= short else longest_word(page.classes, begin, end)
            if m < 0:
                named = kinds[number] & (PHRASE | BRACE) != 0
                good = _judge(
                    page.points, page.classes, begin, end, words[number], longest, named, limits, counts
                )
            else:
                left = count_words(line[1], 0, m)[0]
                good = _judge(line[0], line[1], 0, m, left, longest, True, limits, counts)
            kept = variant >= 0 and good >> variant & 1 != 0
        if kept:
            length = newline(length, out, written)
            length += _write(data, page, begin, end, line, m, length == 0, out, written + length)
        else:
            removed += 1 if variant >= 0 else 0
    return length, removed


@kernel
def _may_end(page, begin, end):  # type: ignore[no-untyped-def]
    """True if the line ends in a mark, or in a bracket that may close a citation after one."""
    return page.classes[end - 1] & (LINE_END | SYLLABLE) != 0 or page.points[end - 1] == _CLOSE


@kernel
def _judge(points, classes, begin, end, words, longest, named, limits, counts):  # type: ignore[no-untyped-def]
    """A bit mask of the variants that keep the line: 1 for the paper, 2 for the code. Adds to `counts`.

    longest: characters of the longest word, or any number within the limits if that is. named: False if the
    line has neither a phrase nor {.
    """
    if begin == end or not classes[end - 1] & (LINE_END | SYLLABLE) or ends_in_ellipsis(points, begin, end):
        return 0
    paper = words >= limits[0, 0] and longest <= limits[0, 1]
    code = words >= limits[1, 0] and longest <= limits[1, 1]
    if not (paper or code):
        return 0
    if named and not _may_be_said(points, begin, end, code, counts):
        return 0
    sentences = count_sentences_in(points, classes, begin, end)
    counts[SENTENCES_PAPER] += sentences if paper else 0
    counts[SENTENCES_TFDS] += sentences if code else 0
    return (1 if paper else 0) | (2 if code else 0)


@kernel
def _may_be_said(points, begin, end, code, counts):  # type: ignore[no-untyped-def]
    """True if the line has no phrase for which it is dropped. Adds to `counts` if the code would see it."""
    named, lorem, policy, braces = _phrases(points, begin, end)
    if code:
        counts[LOREM_TFDS] += lorem
        counts[CURLY_TFDS] += 0 if named else braces
    return named == 0 and policy == 0


@kernel
def _phrases(points, begin, end):  # type: ignore[no-untyped-def]
    """(`javascript`, `lorem ipsum`, phrases of `POLICY`, {): how often each occurs."""
    named = lorem = policy = braces = 0
    for at in range(begin, end):
        braces += 1 if points[at] == _BRACE else 0
        found = phrase_near(points, begin, end, at, _PHRASES)[0]
        named += 1 if found == _JAVASCRIPT else 0
        lorem += 1 if found == _LOREM else 0
        policy += 1 if found >= _POLICY else 0
    return named, lorem, policy, braces


@kernel
def _write(data, page, begin, end, line, m, first, out, written):  # type: ignore[no-untyped-def]
    """Copy the bytes of a kept line; returns how many. m: code points in `line` if it was edited, else -1.

    The page's first line loses its leading white space. A kept line ends in a terminal mark, so that nothing
    need be stripped from the page's end.
    """
    if m < 0:
        return copy(data, page.places[begin], page.places[end], out, written)
    return write_points(data, line, strip(line[1], 0, m)[0] if first else 0, m, out, written)


@kernel
def _without_citations(page, begin, end, line):  # type: ignore[no-untyped-def]
    """Copy the code points [begin, end) without citation marks to `line`; how many are left, or -1 where there
    is no mark and nothing was copied.
    """
    at = begin
    while at < end and not (page.points[at] == _OPEN and _citation(page, at, end)):
        at += 1
    if at == end:
        return -1
    m = 0
    at = begin
    while at < end:
        skip = _citation(page, at, end) if page.points[at] == _OPEN else 0
        if skip:
            at += skip
            continue
        put_point(line, at, m, page.points, page.classes, page.places)
        m += 1
        at += 1
    return m


@kernel
def _citation(page, at, end):  # type: ignore[no-untyped-def]
    """Length of the citation mark that begins at `at` (an opening bracket); 0 if there is none."""
    stop = at + 1
    while stop < end and page.classes[stop] & DIGIT:
        stop += 1
    if stop < end and page.points[stop] == _CLOSE:
        return stop + 1 - at
    if _starts_with(page.points, at + 1, end, _EDIT):
        return 1 + _EDIT.size
    return 1 + _CITATION_NEEDED.size if _starts_with(page.points, at + 1, end, _CITATION_NEEDED) else 0


@kernel
def _starts_with(points, at, end, phrase):  # type: ignore[no-untyped-def]
    if end - at < phrase.size:
        return False
    k = 0
    while k < phrase.size and points[at + k] == phrase[k]:
        k += 1
    return k == phrase.size
