"""What texts are cut into: passages with the hash of their form and the bytes they stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.dedup.kernels import text_buffers
from pipelines.kernels.compile import kernel
from pipelines.passages.normal import Normal, measure

NEWLINE = 0x0A


@dataclass(frozen=True)
class Pieces:
    """Passages of all texts of a batch: text d has those from `ends[d]` to `ends[d + 1]`, in order.

    `ends` int64 [texts + 1]; `hashes` int64 [pieces]; `begins` and `stops` int32 [pieces], in bytes from the
    start of the text, between characters. Passages of one text may overlap.
    """

    ends: np.ndarray
    hashes: np.ndarray
    begins: np.ndarray
    stops: np.ndarray

    def rows(self) -> np.ndarray:
        """The text of each passage: int64 [pieces]."""
        return np.repeat(np.arange(len(self.ends) - 1), np.diff(self.ends))

    def take(self, mask: np.ndarray) -> Pieces:
        """The passages where `mask` (bool [pieces]) is true."""
        ends = np.concatenate([[0], np.cumsum(mask)])[self.ends]
        return Pieces(ends, self.hashes[mask], self.begins[mask], self.stops[mask])


@dataclass(frozen=True)
class Lines:
    """Cuts a text at \\n. Lines whose form is empty, has under `min_chars` characters or under `min_words` words
    are no passages.
    """

    normal: Normal
    min_chars: int = 0
    min_words: int = 0

    def __call__(self, texts: pa.Array) -> Pieces:
        """Passages of a string column; a null has none."""
        offsets, data = text_buffers(texts)
        ends, begins, stops = _bounds(offsets, data)
        found = measure(data, begins, stops, self.normal)
        pieces = relative(ends, found.hashes, begins, stops, offsets)
        return pieces.take(long_enough(found.chars, found.fifths, self.min_chars, self.min_words))


def relative(
    ends: np.ndarray, hashes: np.ndarray, begins: np.ndarray, stops: np.ndarray, offsets: np.ndarray
) -> Pieces:
    """Pieces from bounds (int64) in the bytes of all texts, where text d begins at `offsets[d]`."""
    starts = offsets[:-1].repeat(np.diff(ends))
    return Pieces(ends, hashes, (begins - starts).astype(np.int32), (stops - starts).astype(np.int32))


def windows(ends: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of `n` things in a row, where text d has those from `ends[d]` to `ends[d + 1]`.

    The ends of its windows likewise (int64 [texts + 1]), and the first thing of each window (int64 [windows]).
    """
    sizes = np.maximum(np.diff(ends) - n + 1, 0)
    sums = np.concatenate([[0], np.cumsum(sizes)])
    return sums, np.arange(sums[-1]) + np.repeat(ends[:-1] - sums[:-1], sizes)


def long_enough(chars: np.ndarray, fifths: np.ndarray, min_chars: int, min_words: int) -> np.ndarray:
    """Which passages have a form at all, and enough characters and words: bool [pieces]."""
    return (chars >= max(1, min_chars)) & (fifths >= 5 * min_words)


def _bounds(offsets: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    room = int(np.count_nonzero(data == NEWLINE)) + len(offsets)
    ends = np.zeros(len(offsets), np.int64)
    begins, stops = np.empty(room, np.int64), np.empty(room, np.int64)
    count = _line_bounds(offsets, data, ends, begins, stops)
    return ends, begins[:count], stops[:count]


@kernel
def _line_bounds(offsets, data, ends, begins, stops):  # type: ignore[no-untyped-def]
    count = 0
    for d in range(offsets.size - 1):
        begin = offsets[d]
        for i in range(offsets[d], offsets[d + 1]):
            if data[i] == NEWLINE:
                begins[count], stops[count] = begin, i
                count += 1
                begin = i + 1
        if begin < offsets[d + 1]:
            begins[count], stops[count] = begin, offsets[d + 1]
            count += 1
        ends[d + 1] = count
    return count
