"""Watching a child process: its end, its steps forward, its memory."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import NamedTuple

from pipelines.guard.crumb import Crumb
from pipelines.guard.limits import Limits, too_large, too_long

POLL_MS = 50
"""How often memory is looked at: what a process can take in that time, it can take past its limit."""

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


def readable(descriptor: int, seconds: float = 0) -> bool:
    """Whether there is something to read, or becomes so in time; of a pidfd, whether the process has ended."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


class Mark(NamedTuple):
    """The last step forward: which, and CPU seconds and clock at that time."""

    beats: int
    cpu: float
    clock: float


class Vitals:
    """CPU time and memory of a process that its parent has not waited for yet (proc(5))."""

    def __init__(self, pid: int) -> None:
        self._statm = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
        self._stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY)

    def close(self) -> None:
        """Give the files back."""
        os.close(self._statm)
        os.close(self._stat)

    def memory(self) -> int:
        """Resident bytes that no file backs."""
        _, resident, shared, *_ = os.pread(self._statm, 256, 0).split()
        return (int(resident) - int(shared)) * PAGE

    def cpu(self) -> float:
        """Seconds of CPU time, without those of its children."""
        fields = os.pread(self._stat, 1024, 0).rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def until(
    ends: select.poll, vitals: Vitals, crumb: Crumb, limits: Limits, alive: Callable[[], None]
) -> str | None:
    """Wait for one of `ends` while a process keeps within `limits`; None, or why the process must be killed.

    `alive` is called now and then.
    """
    waiting, start = limits.waiting, vitals.memory()
    last = Mark(-1, 0.0, 0.0)
    while not ends.poll(POLL_MS):
        alive()
        now = Mark(crumb.beats, vitals.cpu(), time.monotonic())
        if now.beats != last.beats:
            last = now
        if vitals.memory() - start > limits.memory:
            return too_large(limits)
        if now.cpu - last.cpu > limits.seconds or now.clock - last.clock > waiting[crumb.phase]:
            return too_long(limits)
    return None
