"""Rates, kept apart from metrics because they differ from run to run."""

from __future__ import annotations

import time


class Throughput:
    """Tokens per second between one call and the next."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def __call__(self, tokens: int) -> dict[str, float]:
        """`seconds` since the last call and `tokens_per_s` for `tokens` processed since."""
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        return {"seconds": round(seconds, 6), "tokens_per_s": round(tokens / seconds, 1)}
