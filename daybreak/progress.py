"""Progress of long work: bars with counts and rates on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

LINE_SECONDS = 15.0


class Progress:
    """One bar for each step. `tasks` moves it by finished tasks, `at` by any count."""

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self.console = console or Console(stderr=True)
        self._live = self.console.is_terminal and not quiet
        self._quiet = quiet
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._step, self._began, self._said = "", 0.0, 0.0

    def begin(self, step: str) -> None:
        """Start the bar of a step."""
        self._step, self._began, self._said = step, time.monotonic(), time.monotonic()
        if self._live:
            self._bars = Bars(
                TextColumn("{task.description:<10}"), BarColumn(), TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(), console=self.console, transient=True,
            )  # fmt: skip
            self._bars.start()
            self._task = self._bars.add_task(step, total=None, note="")

    def end(self) -> float:
        """Take the bar down; seconds since `begin`."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        return time.monotonic() - self._began

    def tell(self, line: str) -> None:
        """Say something once, beside the bar."""
        if not self._quiet:
            self.console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)

    def tasks(self, done: int, total: int, size: int = 0) -> None:
        """So many of the tasks of the running job are finished; `size` is what they handle in all, bytes."""
        seconds = max(time.monotonic() - self._began, 1e-3)
        rate = f", {size * done / max(total, 1) / seconds / 1e6:.1f} MB/s" if size and done else ""
        self.at(done, total, f"{done}/{total} tasks{rate}")

    def at(self, done: int, total: int, note: str) -> None:
        """Move the bar and say what it stands for."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total, note=note)
        elif not self._quiet and time.monotonic() - self._said > LINE_SECONDS:
            self._said = time.monotonic()
            print(f"  {self._step}: {note}", file=sys.stderr, flush=True)
