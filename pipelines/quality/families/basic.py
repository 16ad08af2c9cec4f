"""The signals of our own rules: every script counted sensibly (see `kernels.words`, `kernels.lines`)."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.codepoints import BULLET, DIGIT, LETTER, SPACE, UNSPACED, UPPER
from pipelines.kernels.compile import kernel
from pipelines.kernels.lines import count_ellipses, count_phrase, count_sentences, ends_in_ellipsis
from pipelines.kernels.ratio import ratio
from pipelines.kernels.words import count_spaced, count_stop_words, count_words
from pipelines.quality.families.signal import Signal

SIGNALS = (
    Signal("n_chars", "count", "code points"),
    Signal("n_words", "count", "words; in scripts without spaces by character class"),
    Signal("n_lines", "count", "lines with something other than white space; lines are split on \\n alone"),
    Signal("n_sentences", "count", "sentences, by marks and ends of lines"),
    Signal("mean_word_length", "number", "code points a word, over words without letters of unspaced scripts"),
    Signal("hash_word_ratio", "number", "number signs (#) per word"),
    Signal("ellipsis_word_ratio", "number", "ellipses (… or ...) per word"),
    Signal("bullet_line_ratio", "number", "share of lines that begin with a bullet (after white space)"),
    Signal("ellipsis_line_ratio", "number", "share of lines that end in an ellipsis"),
    Signal("alpha_word_ratio", "number", "share of words with a letter of any script"),
    Signal("stop_word_count", "count", "how many of Gopher's eight stop words occur (any case, marks ignored)"),
    Signal("curly_brace", "count", "occurrences of {"),
    Signal("lorem_ipsum", "count", 'occurrences of "lorem ipsum", any case'),
    Signal("unspaced_ratio", "number", "share of letters that belong to scripts written without spaces"),
    Signal("upper_ratio", "number", "share of letters that are upper or title case"),
    Signal("digit_ratio", "number", "decimal digits per code point that is not white space"),
    Signal("duplicate_line_ratio", "number", "share of lines equal to an earlier one (outer white space ignored)"),
)  # fmt: skip
"""A ratio over nothing is 0. The classes of code points are in `kernels.codepoints`."""

LOREM = np.frombuffer("lorem ipsum".encode("utf-32-le"), np.uint32)
_SMALL = np.uint32(0x20)


@kernel
def measure_basic(page, grams, repeated, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `SIGNALS`, in order.

    grams: the stretches without white space of the page, numbered. repeated: its repeated lines
    (`kernels.repeated_lines`).
    """
    points, classes, n = page.points, page.classes, page.points.size
    solid, letters, unspaced, upper, digits, hashes, braces = _characters(points, classes)
    if unspaced:
        words, alpha, spaced, spelled = count_words(classes, 0, n)
    else:
        words, alpha, spaced, spelled = count_spaced(classes, n, page.word_begin.size, solid)
    lines, bulleted, elliptic, again = _lines(page, repeated.again)
    out[0], out[1], out[2], out[3] = n, words, lines, count_sentences(points, classes, n)
    out[4] = ratio(spelled, spaced)
    out[5] = ratio(hashes, words)
    out[6] = ratio(count_ellipses(points, n), words)
    out[7] = ratio(bulleted, lines)
    out[8] = ratio(elliptic, lines)
    out[9] = ratio(alpha, words)
    out[10] = count_stop_words(page, grams.firsts[: grams.size[1]])
    out[11] = braces
    out[12] = count_phrase(points, n, LOREM) if _may_hold_lorem(points) else 0
    out[13] = ratio(unspaced, letters)
    out[14] = ratio(upper, letters)
    out[15] = ratio(digits, solid)
    out[16] = ratio(again, lines)


@kernel
def _characters(points, classes):  # type: ignore[no-untyped-def]
    """(not white space, letters, letters of unspaced scripts, upper case, digits, #, {).

    Counted in 32 bits: eight characters at a time.
    """
    space = letters = unspaced = upper = digits = hashes = braces = np.uint32(0)
    for at in range(points.size):
        point, kind = points[at], classes[at]
        space = np.uint32(space + (kind & SPACE != 0))
        letters = np.uint32(letters + (kind & LETTER != 0))
        unspaced = np.uint32(unspaced + ((kind & LETTER != 0) & (kind & UNSPACED != 0)))
        upper = np.uint32(upper + (kind & UPPER != 0))
        digits = np.uint32(digits + (kind & DIGIT != 0))
        hashes = np.uint32(hashes + (point == 0x23))
        braces = np.uint32(braces + (point == 0x7B))
    return points.size - np.int64(space), letters, unspaced, upper, digits, hashes, braces


@kernel
def _may_hold_lorem(points):  # type: ignore[no-untyped-def]
    """False if `m ip` stands nowhere, in any case; four comparisons for eight characters at a time."""
    found = np.uint32(0)
    for at in range(np.uint64(max(points.size - 3, 0))):
        letter, space = points[at] | _SMALL, points[at + np.uint64(1)]
        third, fourth = points[at + np.uint64(2)] | _SMALL, points[at + np.uint64(3)] | _SMALL
        found |= np.uint32((letter == 0x6D) & (space == 0x20) & (third == 0x69) & (fourth == 0x70))
    return found != 0


@kernel
def _lines(page, again):  # type: ignore[no-untyped-def]
    """(lines, bulleted, ending in an ellipsis, repeating an earlier line), blank lines left out."""
    lines = bulleted = elliptic = repeated = 0
    for line in range(page.text_begin.size):
        begin, end = page.text_begin[line], page.text_end[line]
        if begin == end:
            continue
        lines += 1
        bulleted += 1 if page.classes[begin] & BULLET else 0
        elliptic += 1 if ends_in_ellipsis(page.points, begin, end) else 0
        repeated += again[line]
    return lines, bulleted, elliptic, repeated
