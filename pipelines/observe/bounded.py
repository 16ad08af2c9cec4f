"""Calls to servers that a run tells of itself: bounded in time, and left alone for a while once they failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Unreachable(Exception):
    """The server did not take it, or not in time, or failed a short while ago."""


class Bounded:
    """Runs a call for at most `seconds`, in a thread that ends with the process; after a failure it makes no
    other for `pause` seconds, so that a server that is down costs a run one wait and not one an event."""

    def __init__(self, seconds: float = 10.0, pause: float = 300.0) -> None:
        self._seconds, self._pause = seconds, pause
        self._again = 0.0

    def __call__(self, call: Callable[[], object]) -> None:
        """Raises Unreachable, with the kind of the failure."""
        if time.monotonic() < self._again:
            raise Unreachable("skipped")
        failures: list[BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                call()
            except Exception as error:
                failures.append(error)
            finally:
                done.set()

        threading.Thread(target=work, daemon=True).start()
        if not done.wait(self._seconds):
            self._again = time.monotonic() + self._pause
            raise Unreachable("time-out")
        if failures:
            self._again = time.monotonic() + self._pause
            raise Unreachable(type(failures[0]).__name__) from failures[0]
