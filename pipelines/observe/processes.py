"""Processor time and memory of this process and of all that it started: the JVM, and Python workers in local mode."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator

import psutil

LOOK_SECONDS = 1.0
"""Between looks at memory: a peak that is shorter is missed."""


class Meter:
    """Measures from its start to `stop`: CPU seconds of the tree, and the most resident memory seen, in bytes."""

    def __init__(self) -> None:
        self._root = psutil.Process()
        self._began = {"driver": _own(self._root), "all": cpu_seconds(self._root)}
        self._peaks: dict[str, int] = defaultdict(int)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """What was measured: cpu_seconds (all), driver_cpu_seconds, and peaks of the driver's Python, of the JVM,
        of Python workers together and of the largest of them."""
        self._done.set()
        self._thread.join()
        self._look()
        return {
            "cpu_seconds": round(cpu_seconds(self._root) - self._began["all"], 3),
            "driver_cpu_seconds": round(_own(self._root) - self._began["driver"], 3),
            **{f"{kind}_peak_rss": self._peaks[kind] for kind in ("driver", "jvm", "workers", "worker")},
        }

    def _watch(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        seen: dict[str, int] = defaultdict(int)
        for process in _tree(self._root):
            try:
                size, name = process.memory_info().rss, process.name()
            except psutil.Error:
                continue
            if process.pid == self._root.pid:
                seen["driver"] = size
            elif name == "java":
                seen["jvm"] += size
            else:
                seen["workers"] += size
                seen["worker"] = max(seen["worker"], size)
        for kind, size in seen.items():
            self._peaks[kind] = max(self._peaks[kind], size)


def cpu_seconds(root: psutil.Process) -> float:
    """User and system time of a process, of its living descendants, and of dead ones that were waited for."""
    total = 0.0
    for process in _tree(root):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _tree(root: psutil.Process) -> Iterator[psutil.Process]:
    yield root
    try:
        yield from root.children(recursive=True)
    except psutil.Error:
        return
