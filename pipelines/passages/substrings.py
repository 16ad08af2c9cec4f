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
from pipelines.passages.pieces import Pieces

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
        if self.repeated is None:
            return _pieces(found, *_windows(found.ends, found.hashes, self.tokens), self.tokens)
        places, anchors = _anchors(found.ends, found.hashes, self.tokens, self.tokens // 2)
        wanted = np.isin(anchors, self.repeated)
        return _pieces(found, *_some_windows(found.ends, found.hashes, places, wanted, self.tokens), self.tokens)

    def anchors(self, texts: pa.Array) -> np.ndarray:
        """The anchors of all windows, once for each place they stand in: int64."""
        found = tokenize(texts, "letters")
        places, anchors = _anchors(found.ends, found.hashes, self.tokens, self.tokens // 2)
        fresh = np.ones(len(places), bool)
        fresh[1:] = places[1:] != places[:-1]
        return anchors[fresh]
