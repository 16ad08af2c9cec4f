"""The line signals of FineWeb's own filters (Penedo et al. 2024, 3.6), read so that every script has them."""

from __future__ import annotations

from pipelines.kernels.codepoints import LINE_END, LOGOGRAM
from pipelines.kernels.compile import kernel
from pipelines.kernels.ratio import ratio
from pipelines.quality.families.signal import Signal

SHORT_LINE = 30
"""Characters below which a line is short."""

LOGOGRAM_WIDTH = 3
"""Characters that a Han character or kana counts for: a text in Chinese has about a third of the characters
of the same text in English.
"""

SIGNALS = (
    Signal("line_punct_ratio", "number", "share of lines that end in a terminal mark or closing quote of any script"),
    Signal("short_line_ratio", "number", "share of lines of fewer than 30 characters, a Han character or kana "
           "counted as three"),
    Signal("newline_word_ratio", "number", "line breaks per word"),
)  # fmt: skip
"""Lines are split on \\n alone; blank ones are none, and white space at their ends is not theirs. A ratio over
nothing is 0. The share of repeated lines, FineWeb's other signal, is `duplicate_line_char_ratio` of `repetition`.
"""


@kernel
def measure_lines(page, words, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `SIGNALS`, in order. words: how many there are."""
    lines = ended = short = 0
    for line in range(page.text_begin.size):
        begin, end = page.text_begin[line], page.text_end[line]
        if begin == end:
            continue
        lines += 1
        ended += 1 if page.classes[end - 1] & LINE_END else 0
        short += 1 if _is_short(page.classes, begin, end) else 0
    out[0] = ratio(ended, lines)
    out[1] = ratio(short, lines)
    out[2] = ratio(page.line_begin.size - 1, words)


@kernel
def _is_short(classes, begin, end):  # type: ignore[no-untyped-def]
    width = end - begin
    if width >= SHORT_LINE:
        return False
    for at in range(begin, end):
        width += LOGOGRAM_WIDTH - 1 if classes[at] & LOGOGRAM else 0
    return width < SHORT_LINE
