"""Steps whose loss jumps out of the recent ones."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from statistics import fmean, stdev


class SpikeWatch:
    """Compares each loss with the window of losses before it.

    A spike enters the window too, so that a lasting change of level is reported at first and not for ever.
    """

    def __init__(self, window: int, threshold: float, losses: Iterable[float] = ()) -> None:
        self.threshold = threshold
        self.losses = deque(losses, maxlen=window)

    def __call__(self, loss: float) -> float | None:
        """The z-score if it exceeds the threshold (infinite for a loss that is no number), else None.

        Judges only once the window is full.
        """
        score = self._score(loss)
        if math.isfinite(loss):
            self.losses.append(loss)
        return score if score > self.threshold else None

    def _score(self, loss: float) -> float:
        if not math.isfinite(loss):
            return math.inf
        if len(self.losses) < (self.losses.maxlen or 0):
            return 0.0
        return (loss - fmean(self.losses)) / max(stdev(self.losses), 1e-8)
