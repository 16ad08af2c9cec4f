"""`Measure`: the numbers that quality rules look at, one column each, in one compiled pass.

| signal | type | definition |
|---|---|---|
| n_chars | int32 | code points |
| n_words | int32 | words; in scripts without spaces by character class (`kernels.words.count_words`) |
| n_lines | int32 | lines with something other than white space; lines are split on \\n alone |
| n_sentences | int32 | sentences (`kernels.lines.count_sentences`) |
| mean_word_length | float32 | code points a word, over the words without letters of unspaced scripts |
| hash_word_ratio | float32 | number signs (#) per word |
| ellipsis_word_ratio | float32 | ellipses (… or ...) per word |
| bullet_line_ratio | float32 | share of lines that begin with a bullet (after white space) |
| ellipsis_line_ratio | float32 | share of lines that end in an ellipsis |
| alpha_word_ratio | float32 | share of words with a letter of any script |
| stop_word_count | int32 | how many of Gopher's eight stop words occur (any case, marks around ignored) |
| curly_brace | int32 | occurrences of { |
| lorem_ipsum | int32 | occurrences of "lorem ipsum", any case |
| unspaced_ratio | float32 | share of letters that belong to scripts written without spaces |
| upper_ratio | float32 | share of letters that are upper or title case |
| digit_ratio | float32 | decimal digits per code point that is not white space |
| duplicate_line_ratio | float32 | share of lines equal to an earlier one (white space at the ends ignored) |

A ratio over nothing is 0. The classes of code points are in `kernels.codepoints`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrow import TextView, put, text_view
from pipelines.kernels.codepoints import DIGIT, LETTER, SPACE, UNSPACED, UPPER, class_table
from pipelines.kernels.compile import kernel
from pipelines.kernels.decode import decode, scratch_for
from pipelines.kernels.lines import (
    count_ellipses,
    count_lines,
    count_newlines,
    count_phrase,
    count_sentences,
)
from pipelines.kernels.words import count_stop_words, count_words

SIGNALS = pa.schema(
    [
        ("n_chars", pa.int32()),
        ("n_words", pa.int32()),
        ("n_lines", pa.int32()),
        ("n_sentences", pa.int32()),
        ("mean_word_length", pa.float32()),
        ("hash_word_ratio", pa.float32()),
        ("ellipsis_word_ratio", pa.float32()),
        ("bullet_line_ratio", pa.float32()),
        ("ellipsis_line_ratio", pa.float32()),
        ("alpha_word_ratio", pa.float32()),
        ("stop_word_count", pa.int32()),
        ("curly_brace", pa.int32()),
        ("lorem_ipsum", pa.int32()),
        ("unspaced_ratio", pa.float32()),
        ("upper_ratio", pa.float32()),
        ("digit_ratio", pa.float32()),
        ("duplicate_line_ratio", pa.float32()),
    ]
)
"""The columns that `Measure` appends; this module's table defines them."""

COUNTS = (
    "chars", "solid", "letters", "unspaced", "upper", "digits", "hashes", "braces",
    "words", "alpha", "stops", "lines", "bulleted", "elliptic", "repeated", "sentences", "ellipses",
    "lorem", "spaced", "spelled",
)  # fmt: skip
"""What the kernel counts in a document, in the order of its output's columns."""

LOREM = np.frombuffer("lorem ipsum".encode("utf-32-le"), np.uint32)


@dataclass(frozen=True)
class Measure:
    """Append the columns of `SIGNALS`, measured on `text`."""

    name: str = "measure"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the signals; a null text measures as an empty one."""
        view = text_view(batch.column("text"))
        for field, values in zip(SIGNALS, _signals(count(view)), strict=True):
            batch = put(batch, field.name, pa.array(values, field.type))
        return batch


def count(view: TextView) -> dict[str, np.ndarray]:
    """Counts of each document, by the names in `COUNTS`: int64 of shape (rows,)."""
    counts = np.zeros((len(view.starts), len(COUNTS)), np.int64)
    scratch = scratch_for(view)
    seen = np.zeros(_table_size(int(scratch.points.size)), np.uint64)
    _count(view.starts, view.stops, view.data, class_table(), counts,
           scratch.points, scratch.classes, scratch.places, seen)  # fmt: skip
    return dict(zip(COUNTS, counts.T, strict=True))


def _signals(n: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """The columns of `SIGNALS`, in order."""
    return (
        n["chars"],
        n["words"],
        n["lines"],
        n["sentences"],
        _ratio(n["spelled"], n["spaced"]),
        _ratio(n["hashes"], n["words"]),
        _ratio(n["ellipses"], n["words"]),
        _ratio(n["bulleted"], n["lines"]),
        _ratio(n["elliptic"], n["lines"]),
        _ratio(n["alpha"], n["words"]),
        n["stops"],
        n["braces"],
        n["lorem"],
        _ratio(n["unspaced"], n["letters"]),
        _ratio(n["upper"], n["letters"]),
        _ratio(n["digits"], n["solid"]),
        _ratio(n["repeated"], n["lines"]),
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


@kernel
def _table_size(lines):  # type: ignore[no-untyped-def]
    """Slots for a hash table of `lines` lines: a power of two, at least twice as many."""
    size = 16
    while size < 2 * lines:
        size *= 2
    return size


@kernel
def _count(starts, stops, data, table, counts, points, classes, places, seen):  # type: ignore[no-untyped-def]
    """Fill `counts` (rows, len(COUNTS)), a document at a time."""
    for row in range(starts.size):
        n = decode(data, starts[row], stops[row], table, points, classes, places)
        out = counts[row]
        _count_characters(points, classes, n, out)
        out[8], out[9], out[18], out[19] = count_words(classes, 0, n)
        out[10] = count_stop_words(points, classes, n)
        size = _table_size(count_newlines(data, starts[row], stops[row]) + 1)
        out[11], out[12], out[13], out[14] = count_lines(points, classes, n, seen[:size])
        out[15] = count_sentences(points, classes, n)
        out[16] = count_ellipses(points, n)
        out[17] = count_phrase(points, n, LOREM)


@kernel
def _count_characters(points, classes, n, out):  # type: ignore[no-untyped-def]
    """The first eight of `COUNTS`."""
    solid = letters = unspaced = upper = digits = hashes = braces = 0
    for at in range(n):
        kind = classes[at]
        solid += 0 if kind & SPACE else 1
        letters += 1 if kind & LETTER else 0
        unspaced += 1 if kind & LETTER and kind & UNSPACED else 0
        upper += 1 if kind & UPPER else 0
        digits += 1 if kind & DIGIT else 0
        hashes += 1 if points[at] == 0x23 else 0
        braces += 1 if points[at] == 0x7B else 0
    out[:8] = n, solid, letters, unspaced, upper, digits, hashes, braces
