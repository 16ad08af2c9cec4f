"""Repetition as Gopher's paper has it (Rae et al. 2021, A.1.1 and table A1), over words of every script.

The paper leaves open what a word and a duplicate are. Here words are those of `kernels.words`, as written; a
line, paragraph or n-gram is a duplicate where it stands again. That characters in overlapping duplicate
n-grams count once is the paper's own reading.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import kernel
from pipelines.kernels.ngrams import LONGEST, add_page_words, count_grams
from pipelines.kernels.ratio import ratio
from pipelines.kernels.seen import MIX, forget, known
from pipelines.kernels.words import has_unspaced, list_words
from pipelines.quality.families.signal import Signal

TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)

_TOP = (
    "characters of the {n} words that most often stand together (of several, the first), times how often, "
    "per character of all words; 0 if nothing stands twice"
)
_DUPLICATE = (
    "characters of all words in a run of {n} words that stands more than once, each word counted once, "
    "per character of all words"
)

SIGNALS = (
    Signal("duplicate_paragraph_ratio", "number", "share of paragraphs (between blank lines) equal to an earlier one"),
    Signal("duplicate_line_char_ratio", "number", "share of the characters in lines equal to an earlier one"),
    Signal("duplicate_paragraph_char_ratio", "number", "the same for paragraphs"),
    *(Signal(f"top_{n}gram_char_ratio", "number", _TOP.format(n=n)) for n in TOP),
    *(Signal(f"duplicate_{n}gram_char_ratio", "number", _DUPLICATE.format(n=n)) for n in DUPLICATE),
)  # fmt: skip
"""A ratio over nothing is 0; white space around a line does not count.

The share of duplicate lines is `duplicate_line_ratio`, of the basic family.
"""

PARAGRAPH = np.uint64(0x5851F42D4C957F2D)


@kernel
def measure_repetition(data, page, seen, grams, repeated, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `SIGNALS`, in order, of the page that was loaded from `data`.

    grams: the stretches without white space of the page, numbered; where a script without spaces occurs, its
    words take their place. repeated: its repeated lines (`kernels.repeated_lines`).
    """
    out[0], out[1], out[2] = _lines(page, seen, repeated)
    if has_unspaced(page.classes):
        words = list_words(page.classes, grams.begins, grams.ends)
        add_page_words(grams, seen, data, page.places, grams.begins[:words], grams.ends[:words])
    count_grams(grams, seen)
    characters = grams.sums[grams.size[0]]
    for n in range(2, 5):
        out[n + 1] = ratio(grams.most[n] * grams.top[n], characters) if grams.most[n] > 1 else 0.0
    for n in range(5, LONGEST + 1):
        out[n + 1] = ratio(grams.covered[n], characters)


@kernel
def _lines(page, seen, repeated):  # type: ignore[no-untyped-def]
    """Repeated paragraphs per paragraph, and characters in repeated lines and paragraphs per character."""
    characters = in_lines = in_paragraphs = paragraphs = again = 0
    forget(seen, page.text_begin.size + 1)
    paragraph, length = PARAGRAPH, 0
    for line in range(page.text_begin.size + 1):
        blank = line == page.text_begin.size or page.text_begin[line] == page.text_end[line]
        if blank and length:
            paragraphs += 1
            if known(seen, paragraph):
                again += 1
                in_paragraphs += length
            paragraph, length = PARAGRAPH, 0
        elif not blank:
            size = page.text_end[line] - page.text_begin[line]
            in_lines += size if repeated.again[line] else 0
            paragraph = (paragraph ^ repeated.keys[line]) * MIX
            length += size
            characters += size
    return ratio(again, paragraphs), ratio(in_lines, characters), ratio(in_paragraphs, characters)
