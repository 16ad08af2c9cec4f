"""The processes of `daybreak airflow`: each leads a session of its own; no descendant of theirs outlives the end."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

MARK = "DAYBREAK_AIRFLOW_SESSION"
"""Environment variable of all descendants: a task's command leads a session of its own, and may lose its parent."""
STOP_SECONDS = 30.0

Process = subprocess.Popen[bytes]
Start = Callable[[Sequence[str]], Process]


@contextlib.contextmanager
def running(environment: Mapping[str, str], log: Path, patience: float = STOP_SECONDS) -> Iterator[Start]:
    """Gives what starts a command, its output in `log`; at the end, on Ctrl-C or SIGTERM, ends all of them."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    mark, processes = secrets.token_hex(8), list[Process]()

    def start(command: Sequence[str]) -> Process:
        processes.append(_start(command, {**environment, MARK: mark}, log))
        return processes[-1]

    try:
        yield start
    except KeyboardInterrupt:
        print("stopping", file=sys.stderr, flush=True)
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
        _end(processes, mark, patience)
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    with open(log, "ab") as out:
        return subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, cwd=log.parent,
        )  # fmt: skip


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end(processes: Sequence[Process], mark: str, patience: float) -> None:
    """SIGTERM to the groups (the scheduler passes it on to its tasks), then SIGKILL to whatever is left of them."""
    sessions = {process.pid for process in processes}
    for pid in sessions:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
    psutil.wait_procs(_living(sessions, mark), timeout=patience)
    while left := _living(sessions, mark):
        for one in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=1)
    for process in processes:
        process.wait()


def _living(sessions: set[int], mark: str) -> list[psutil.Process]:
    """All living processes of the sessions, or with the mark (a process that sets its title loses it from sight)."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            ours = os.getsid(process.pid) in sessions or process.environ().get(MARK) == mark
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
