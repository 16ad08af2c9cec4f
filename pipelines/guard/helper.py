"""A child that does one unit after another: a fork and fresh memory for each would be felt where units are small."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from pipelines.guard.attempt import Attempt
from pipelines.guard.child import Child, Deliver
from pipelines.guard.crumb import Phase
from pipelines.guard.limits import Limits
from pipelines.guard.watch import readable

IDLE = 2.0
"""Seconds without work after which a helper is no longer used; it ends by itself after twice that."""


class Helper:
    """Calls `work` in a child, on one item after another."""

    def __init__(self, work: Callable[[Any], Any], key: bytes) -> None:
        self.key = key
        self._attempt, self._used, self._busy = Attempt(), time.monotonic(), False
        self._asked, self._ask = os.pipe()
        self._child = Child(self._attempt, lambda deliver: self._serve(work, deliver))
        os.close(self._asked)

    def __call__(self, item: Any, limits: Limits) -> Any:
        """What `work(item)` returns, or the child's Death; what it raises is raised here."""
        self._attempt.crumb.begin(0)
        self._attempt.crumb.enter(Phase.OTHER)
        request = pickle.dumps(item)
        self._busy = True
        os.write(self._ask, len(request).to_bytes(8, "little") + request)
        self._child.wait(limits)
        self._used, self._busy = time.monotonic(), False
        return self._child.result()

    def ready(self) -> bool:
        """Whether it lives and will go on to; one whose answer nobody waited for is no good."""
        return self._child.lives() and not self._busy and time.monotonic() - self._used < IDLE

    def end(self) -> None:
        """Kill the child if it is still there."""
        self._child.end()
        os.close(self._ask)

    def _serve(self, work: Callable[[Any], Any], deliver: Deliver) -> None:
        os.close(self._ask)
        with os.fdopen(self._asked, "rb", buffering=0) as requests:
            while readable(self._asked, 2 * IDLE) and (head := requests.read(8)):
                item = pickle.loads(_exactly(requests, int.from_bytes(head, "little")))
                deliver(partial(work, item))


def _exactly(file: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += file.read(size - len(data))
    return data


def helper_for(key: bytes, start: Callable[[], Callable[[Any], Any]]) -> Helper:
    """The process's helper if it does the work that `key` stands for, else a new one that does what `start` gives."""
    slot = _slot(os.getpid())
    if not (slot and slot[0].key == key and slot[0].ready()):
        drop_helper()
        slot.append(Helper(start(), key))
    return slot[0]


def drop_helper() -> None:
    """End the process's helper, if there is one."""
    for helper in _slot(os.getpid()):
        helper.end()
    _slot(os.getpid()).clear()


@cache
def _slot(process: int) -> list[Helper]:
    """The helper of this process, if any; a fork's is not its own."""
    return []
