"""What Dolma's tagger `gopher_v1` reports (dolma 1.2.1, dolma/taggers/gopher.py), as its mixer reads it.

Words are what `str.split` gives, whatever the script; lines are `text.split("\\n")`, as they are. Scores are
rounded to five decimals when the tagger writes them (dolma/core/taggers.py, TAGGER_SCORE_PRECISION), so the
filters see the rounded ones. Where Dolma writes no score, for n-grams of a text of fewer words, 0 stands.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.codepoints import LETTER
from pipelines.kernels.compile import kernel
from pipelines.kernels.lines import ELLIPSIS
from pipelines.kernels.ngrams import LONGEST
from pipelines.kernels.ratio import ratio, rounded
from pipelines.kernels.seen import enter, forget, hash_points
from pipelines.kernels.words import is_stop_word
from pipelines.quality.families.signal import Signal

_TOP = "characters of the most frequent {n}-gram (of several, the first), times how often, per character of all words"
_DUPLICATE = (
    "characters of all occurrences of {n}-grams that occur more than once, per character of all {n}-grams"
)

SIGNALS = (
    Signal("dolma_word_count", "count", "words between white space, in every script"),
    Signal("dolma_median_word_length", "exact", "median of the words' code points"),
    Signal("dolma_symbol_to_word_ratio", "exact", "share of words with # or … in them"),
    Signal("dolma_alpha_word_ratio", "exact", "share of words with a letter (`str.isalpha`)"),
    Signal("dolma_required_word_count", "count", "words that are one of Gopher's eight in lower case; repeats count"),
    Signal("dolma_bullet_line_ratio", "exact", "share of lines, blank ones included, that begin with * or -"),
    Signal("dolma_ellipsis_line_ratio", "exact", "share of lines that end with …"),
    Signal("dolma_duplicate_line_ratio", "exact", "share of lines that occur more than once, the first included"),
    Signal("dolma_duplicate_line_char_ratio", "exact", "characters of those lines per character of all words"),
    *(Signal(f"dolma_top_{n}gram_char_ratio", "exact", _TOP.format(n=n)) for n in (2, 3, 4)),
    *(Signal(f"dolma_duplicate_{n}gram_char_ratio", "exact", _DUPLICATE.format(n=n)) for n in (5, 6, 7, 8, 9, 10)),
)  # fmt: skip

DECIMALS = 1e5
BINS = 256


@kernel
def measure_dolma(page, seen, grams, bins, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `SIGNALS`, in order.

    `grams` holds the counted stretches between white space of `page`; bins is scratch, int64 (BINS,).
    """
    words, characters = page.word_begin.size, grams.sums[grams.size[0]]
    symbols, letters, required = _words(page, bins)
    bullets, ellipses, repeated, repeated_characters = _lines(page, seen)
    lines = page.line_begin.size if page.points.size else 0
    out[0] = words
    out[1] = _median(page, bins)
    out[2] = _rounded(symbols, words)
    out[3] = _rounded(letters, words)
    out[4] = required
    out[5] = _rounded(bullets, lines)
    out[6] = _rounded(ellipses, lines)
    out[7] = _rounded(repeated, lines)
    out[8] = _rounded(repeated_characters, max(characters, 1))
    for n in range(2, 5):
        out[n + 7] = _rounded(grams.most[n] * grams.top[n], characters)
    for n in range(5, LONGEST + 1):
        out[n + 7] = _rounded(grams.repeated[n], grams.all[n])


@kernel
def _rounded(part, whole):  # type: ignore[no-untyped-def]
    return rounded(ratio(part, whole), DECIMALS)


@kernel
def _words(page, bins):  # type: ignore[no-untyped-def]
    """(words with # or …, words with a letter, required words); `bins` counts the words by length, the last
    bin all longer ones.
    """
    points, classes, begins, ends = page.points, page.classes, page.word_begin, page.word_end
    symbols = letters = required = 0
    bins[:] = 0
    for word in range(begins.size):
        begin, end = begins[word], ends[word]
        symbol = False
        kinds = np.uint32(0)
        for at in range(begin, end):
            kinds |= classes[at]
            symbol |= points[at] == 0x23 or points[at] == ELLIPSIS
        symbols += 1 if symbol else 0
        letters += 1 if kinds & LETTER else 0
        required += 1 if is_stop_word(points, begin, end) else 0
        bins[min(end - begin, BINS - 1)] += 1
    return symbols, letters, required


@kernel
def _median(page, bins):  # type: ignore[no-untyped-def]
    """The median word length, as `statistics.median` has it; 0 without words."""
    words = page.word_begin.size
    if not words:
        return 0.0
    if 2 * bins[BINS - 1] >= words:
        return float(np.median(page.word_end - page.word_begin))
    return (_length_at(bins, (words - 1) // 2) + _length_at(bins, words // 2)) / 2


@kernel
def _length_at(bins, rank):  # type: ignore[no-untyped-def]
    """The length of the word at `rank`, from 0, among all words by length."""
    length = 0
    while rank >= bins[length]:
        rank -= bins[length]
        length += 1
    return length


@kernel
def _lines(page, seen):  # type: ignore[no-untyped-def]
    """(lines with a bullet, with an ellipsis, that occur more than once, characters of these)."""
    bullets = ellipses = repeated = characters = 0
    forget(seen, page.line_begin.size)
    points, begins, ends = page.points, page.line_begin, page.line_end
    keys, counts, stamps, now = seen.keys, seen.counts, seen.stamps, seen.now
    for line in range(begins.size):
        begin, end = begins[line], ends[line]
        if end > begin:
            bullets += 1 if points[begin] == 0x2A or points[begin] == 0x2D else 0
            ellipses += 1 if points[end - 1] == ELLIPSIS else 0
        slot = enter(keys, counts, stamps, now, hash_points(points, begin, end))
        counts[slot] += 1
        if counts[slot] > 1:
            times = 2 if counts[slot] == 2 else 1
            repeated += times
            characters += times * (end - begin)
    return bullets, ellipses, repeated, characters
