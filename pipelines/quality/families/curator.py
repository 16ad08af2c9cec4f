"""What NeMo Curator's heuristic filters look at (NVIDIA-NeMo/Curator, nemo_curator/stages/text/filters/heuristic),
as its code counts it for texts with spaces (its word splitter for English).

Words are what `str.split` gives. Lines (Curator says sentences) are split at \\n, blank ones left out;
paragraphs at \\n\\n. Nothing is normalised unless a definition says so.
"""

from __future__ import annotations

from pipelines.kernels.compile import kernel
from pipelines.kernels.ratio import ratio
from pipelines.quality.families.curator_characters import count_address_characters, count_characters
from pipelines.quality.families.curator_lines import (
    BOILERPLATE,
    BULLETED,
    CHARS,
    ELLIPTIC,
    LINES,
    LOREMS,
    PARAGRAPH_CHARS,
    PARAGRAPHS,
    UNENDED,
    UNIQUE,
    UNIQUE_CHARS,
    UNIQUE_PARAGRAPH_CHARS,
    UNIQUE_PARAGRAPHS,
    count_lines,
)
from pipelines.quality.families.curator_words import (
    DUPLICATE_FROM,
    DUPLICATE_TO,
    TOP,
    count_words_of,
    measure_grams,
)
from pipelines.quality.families.signal import Signal

SIGNALS = (
    Signal("nc_non_alnum_ratio", "number", "code points other than a-z, A-Z, 0-9, newline and ? ! , . per code point"),
    Signal("nc_symbol_word_ratio", "number", "share of words that are an ellipsis mark, or runs of # by more than half "
           "of their length"),
    Signal("nc_digit_ratio", "number", "decimal digits of any script per code point"),
    Signal("nc_url_ratio", "number", "code points of http addresses per code point"),
    Signal("nc_white_space_ratio", "number", "spaces, tabs, newlines, returns and backspaces per code point"),
    Signal("nc_parenthesis_ratio", "number", "the brackets { } ( ) [ ] ⟨ ⟩ per code point"),
    Signal("nc_boilerplate_ratio", "number", "share of paragraphs with a phrase of cookie or privacy notices, any "
           'case; 1 if "lorem ipsum" occurs'),
    Signal("nc_unique_line_ratio", "number", "different lines per line; 0 without lines"),
    Signal("nc_unique_paragraph_ratio", "number", "different paragraphs per paragraph; 0 for a blank text"),
    Signal("nc_unique_line_char_ratio", "number", "code points of different lines per code point of lines"),
    Signal("nc_unique_paragraph_char_ratio", "number", "code points of different paragraphs per code point of "
           "paragraphs"),
    Signal("nc_words", "count", "words"),
    Signal("nc_no_end_mark_ratio", "number", "share of lines that do not end in . ? ! \" or '"),
    Signal("nc_alpha_word_ratio", "number", "share of words with a letter of any script"),
    Signal("nc_common_words", "count", "occurrences of the be to of and that have with, in lower case, as whole words"),
    Signal("nc_mean_word_length", "number", "code points per word"),
    Signal("nc_longest_word", "count", "code points of the longest word; 1001 without words"),
    Signal("nc_ellipsis_line_ratio", "number", 'share of lines that end in an ellipsis mark or "read more"'),
    *(Signal(f"nc_top_{n}gram_ratio", "number", f"code points that the most frequent {n}-gram takes up, wherever its "
             "words stand joined by one space, per code point; of several the first counts") for n in TOP),
    *(Signal(f"nc_dup_{n}gram_ratio", "number", f"code points of {n}-grams that occurred before, with the spaces "
             "between their words, what overlaps counted once, per code point")
      for n in range(DUPLICATE_FROM, DUPLICATE_TO + 1)),
    Signal("nc_bullet_line_ratio", "number", "share of lines that begin with one of twelve bullets"),
)  # fmt: skip
"""Of a text without words, lines or characters the ratios that are to stay low are 1, the others 0."""

_GRAMS = next(place for place, signal in enumerate(SIGNALS) if signal.name == "nc_top_2gram_ratio")


@kernel
def measure_curator(page, seen, repeats, counts, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `SIGNALS`, in order. counts: int64 room of `curator_lines.COUNTS`."""
    n = page.points.size
    plain, digits, blank, brackets = count_characters(page)
    out[0] = _or_one(n - plain, n)
    out[2] = _or_one(digits, n)
    out[3] = _or_one(count_address_characters(page.points), n)
    out[4] = _or_one(blank, n)
    out[5] = _or_one(brackets, n)
    _measure_words(page, out)
    count_lines(page, seen, counts)
    _measure_lines(page.word_begin.size > 0, counts, out)
    measure_grams(page, seen, repeats, out[_GRAMS:-1])


@kernel
def _or_one(part, whole):  # type: ignore[no-untyped-def]
    return part / whole if whole > 0 else 1.0


@kernel
def _measure_words(page, out):  # type: ignore[no-untyped-def]
    words = page.word_begin.size
    symbols, lettered, common, total, longest = count_words_of(page)
    out[1] = _or_one(symbols, words)
    out[11] = words
    out[13] = ratio(lettered, words)
    out[14] = common
    out[15] = ratio(total, words)
    out[16] = longest if words else 1001


@kernel
def _measure_lines(solid, counts, out):  # type: ignore[no-untyped-def]
    """solid: the text is not blank."""
    lines = counts[LINES]
    out[6] = 1.0 if counts[LOREMS] else counts[BOILERPLATE] / counts[PARAGRAPHS]
    out[7] = ratio(counts[UNIQUE], lines)
    out[8] = counts[UNIQUE_PARAGRAPHS] / counts[PARAGRAPHS] if solid else 0.0
    out[9] = ratio(counts[UNIQUE_CHARS], counts[CHARS])
    out[10] = ratio(counts[UNIQUE_PARAGRAPH_CHARS], counts[PARAGRAPH_CHARS])
    out[12] = _or_one(counts[UNENDED], lines)
    out[17] = _or_one(counts[ELLIPTIC], lines)
    out[27] = _or_one(counts[BULLETED], lines)
