"""Long runs of tokens that stand in more than one place (Lee et al. 2022, ExactSubstr).

A run of at least `tokens` tokens stood before if each of its windows of that many tokens did. There the tokens are
those of a model (50 of them) and a suffix array finds the runs; here tokens are words, or characters of scripts
without spaces (`pipelines.decontaminate.tokens`, cut 'letters'), and windows are compared by hash.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.decontaminate.tokens import Tokens, tokenize
from pipelines.dedup.kernels import mix64
from pipelines.kernels.compile import kernel
from pipelines.passages.pieces import Pieces, windows

_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Substrings:
    """Windows of `tokens` tokens. An anchor of a window is the least hash of its runs of half as many tokens.

    Equal windows have equal anchors, so a window whose anchor stands once, anywhere, has no copy (winnowing,
    Schleimer et al. 2003). `repeated`: the anchors that stand more often, int64, ascending; None: every window
    is a passage.
    """

    tokens: int = 50
    repeated: np.ndarray | None = None

    def __call__(self, texts: pa.Array) -> Pieces:
        """Passages of a string column; a null has none."""
        found = tokenize(texts, "letters")
        ends, first = windows(found.ends, self.tokens)
        pieces = Pieces(
            ends,
            _window_hashes(ends, found.ends, found.hashes, self.tokens),
            found.begins[first].astype(np.int32),
            found.stops[first + self.tokens - 1].astype(np.int32),
        )
        if self.repeated is None:
            return pieces
        anchors, which = self._anchors(found)
        return pieces.take(_among(anchors, self.repeated)[which])

    def anchors(self, texts: pa.Array) -> np.ndarray:
        """The anchors of all windows, once for each place they stand in: int64."""
        return self._anchors(tokenize(texts, "letters"))[0]

    def _anchors(self, found: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """Hashes of the anchors in order, once a place, and which of them each window has."""
        ends, _ = windows(found.ends, self.tokens)
        part = max(1, self.tokens // 2)
        gram_ends, _ = windows(found.ends, part)
        grams = _window_hashes(gram_ends, found.ends, found.hashes, part)
        places = _least(ends, gram_ends, grams, self.tokens - part + 1)
        fresh = np.ones(len(places), bool)
        fresh[1:] = places[1:] != places[:-1]
        return grams[places[fresh]], np.cumsum(fresh) - 1


def _among(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which of `values` stand in `known`, which ascends."""
    if not len(known):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(known[at] == values)


@kernel
def _window_hashes(ends, token_ends, tokens, n):  # type: ignore[no-untyped-def]
    """Hash of every run of `n` tokens: int64 [windows]. A polynomial in _BASE modulo 2^64, rolled on and mixed."""
    out = np.empty(ends[-1], np.int64)
    top = np.uint64(1)
    for _ in range(n):
        top *= _BASE
    for d in range(ends.size - 1):
        value, first = np.uint64(0), token_ends[d]
        if ends[d + 1] > ends[d]:
            for k in range(n - 1):
                value = value * _BASE + tokens[first + k]
        for j in range(ends[d + 1] - ends[d]):
            value = value * _BASE + tokens[first + j + n - 1]
            if j > 0:
                value -= tokens[first + j - 1] * top
            out[ends[d] + j] = np.int64(mix64(value))
    return out


@kernel
def _least(ends, gram_ends, grams, width):  # type: ignore[no-untyped-def]
    """Index of the least of the `width` grams of each window, the first of equals: int64 [windows].

    A queue of grams that rise holds those that may still be the least.
    """
    out = np.empty(ends[-1], np.int64)
    queue = np.empty(grams.size + 1, np.int64)
    for d in range(ends.size - 1):
        head, tail = 0, 0
        for k in range(gram_ends[d], gram_ends[d + 1]):
            while tail > head and grams[queue[tail - 1]] > grams[k]:
                tail -= 1
            queue[tail] = k
            tail += 1
            window = k - gram_ends[d] - width + 1
            if queue[head] <= k - width:
                head += 1
            if 0 <= window < ends[d + 1] - ends[d]:
                out[ends[d] + window] = queue[head]
    return out
