"""Sentences and spans of sentences.

A sentence ends at a mark (. ? ! where white space follows, and after a dot no lower-case letter; 。！？। ۔ and the
marks of other scripts at once) with the quotes and brackets that close behind it, and at the end of a line.
Scripts that end sentences with a space, as Thai and Lao do, have lines alone. Abbreviations are not known:
"Mr. Smith" is cut in two, the same way wherever it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.dedup.kernels import decode, mix64, text_buffers
from pipelines.kernels.codepoints import (
    CLOSER,
    DIGIT,
    FULL_STOP,
    LETTER,
    LOWER,
    SPACE,
    STOP,
    class_table,
)
from pipelines.kernels.compile import kernel
from pipelines.passages.normal import Normal, measure
from pipelines.passages.pieces import NEWLINE, Pieces, long_enough, relative, windows

_DOT = 0x2E
_SPAN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Spans:
    """Windows of `sentences` sentences in a row, across lines too; one sentence a window is a sentence.

    "All but one of any three-sentence span" (Raffel et al. 2020, section 2.2). The code behind C4
    (tensorflow_datasets, text/c4_utils.py) compares whole lines in lower case instead: the unit `lines`.
    datatrove (dedup/sentence_dedup.py) has windows too, of sentences cut by spaCy; there a window may repeat
    the very one that it overlaps. A window whose form has under `min_chars` characters or under `min_words`
    words is no passage, nor has a sentence without letters or digits a place in one.
    """

    normal: Normal
    sentences: int = 1
    min_chars: int = 0
    min_words: int = 0

    def __call__(self, texts: pa.Array) -> Pieces:
        """Passages of a string column; a null has none."""
        offsets, data = text_buffers(texts)
        ends, begins, stops = _bounds(offsets, data)
        found = measure(data, begins, stops, self.normal)
        whole = relative(ends, found.hashes, begins, stops, offsets)
        some = found.chars > 0
        return self._windows(whole.take(some), found.chars[some], found.fifths[some])

    def _windows(self, whole: Pieces, chars: np.ndarray, fifths: np.ndarray) -> Pieces:
        n = self.sentences
        ends, first = windows(whole.ends, n)
        hashes = span_hashes(whole.hashes, first, n)
        pieces = Pieces(ends, hashes, whole.begins[first], whole.stops[first + n - 1])
        sums = [_sums(values, first, n) for values in (chars, fifths)]
        return pieces.take(long_enough(sums[0], sums[1], self.min_chars, self.min_words))


def span_hashes(hashes: np.ndarray, first: np.ndarray, n: int) -> np.ndarray:
    """Hash of each window of `n` sentences from their own: int64 [windows]."""
    value = np.zeros(len(first), np.uint64)
    for k in range(n):
        value = value * _SPAN + hashes[first + k].view(np.uint64)
    return _mixed(value).view(np.int64)


def _sums(values: np.ndarray, first: np.ndarray, n: int) -> np.ndarray:
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return np.asarray(sums[first + n] - sums[first])


def _bounds(offsets: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    room = len(data) // 2 + len(offsets)
    ends = np.zeros(len(offsets), np.int64)
    begins, stops = np.empty(room, np.int64), np.empty(room, np.int64)
    count = _sentence_bounds(offsets, data, class_table(), ends, begins, stops)
    return ends, begins[:count], stops[:count]


@kernel
def _mixed(values):  # type: ignore[no-untyped-def]
    out = np.empty(values.size, np.uint64)
    for k in range(values.size):
        out[k] = mix64(values[k])
    return out


@kernel
def _sentence_bounds(offsets, data, classes, ends, begins, stops):  # type: ignore[no-untyped-def]
    """Fill the bounds of the stretches that end at marks or line ends; returns how many there are.

    `mark`: 0 no mark stands behind, 1 one of . ? !, 2 one of those and then white space, 3 a full stop.
    """
    count = 0
    for d in range(offsets.size - 1):
        i = offsets[d]
        begin, last = np.int64(-1), i
        mark, dot, content = 0, False, False
        while i < offsets[d + 1]:
            at = i
            point, width = decode(data, i)
            i += width
            kind = classes[point] if point < classes.size else np.uint32(0)
            if kind & SPACE:
                mark = 2 if mark == 1 else mark
                if point == NEWLINE and begin >= 0:
                    begins[count], stops[count] = begin, last
                    count += 1
                    begin, mark, content = np.int64(-1), 0, False
                continue
            if kind & STOP:
                mark, dot = (3 if kind & FULL_STOP else 1), point == _DOT
            elif not (mark and kind & CLOSER):
                if begin >= 0 and content and (mark == 3 or (mark == 2 and not (dot and kind & LOWER))):
                    begins[count], stops[count] = begin, last
                    count += 1
                    begin, content = np.int64(-1), False
                mark = 0
                content = content or kind & (LETTER | DIGIT) != 0
            begin = at if begin < 0 else begin
            last = i
        if begin >= 0:
            begins[count], stops[count] = begin, last
            count += 1
        ends[d + 1] = count
    return count
