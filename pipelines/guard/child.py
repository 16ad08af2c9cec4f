"""Work in a forked child: its result, its error, or its death comes back."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

from pipelines.guard.attempt import CURRENT, Attempt
from pipelines.guard.limits import Death, Limits
from pipelines.guard.watch import watch

T = TypeVar("T")

FORKS = sys.platform == "linux"
"""Whether work can be done in a watched child here: it takes fork, pidfd, memfd and /proc."""

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if FORKS else None


def in_child(
    work: Callable[[], T], attempt: Attempt, limits: Limits, alive: Callable[[], None] = lambda: None
) -> T | Death:
    """What `work` returns, done in a child of this process under `limits`; or why the child died.

    What it raises is raised here. The child is never left behind: it is killed when this process ends.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    result, parent = os.memfd_create("result"), os.getpid()
    try:
        pid = os.fork()
        if pid == 0:
            _live(work, attempt, result, parent)
        death = watch(pid, attempt.crumb, limits, alive)
        return death if death is not None else _received(result)
    finally:
        os.close(result)


def _live(work: Callable[[], T], attempt: Attempt, result: int, parent: int) -> None:
    """The child's whole life; nothing of what the parent set up for its own end is run."""
    code = 1
    try:
        _bind_to(parent)
        CURRENT.set(attempt)
        with os.fdopen(result, "wb", closefd=False) as file:
            pickle.dump(_outcome(work), file, pickle.HIGHEST_PROTOCOL)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def _bind_to(parent: int) -> None:
    """Die with `parent`, be the kernel's first choice when memory ends, and crash quietly."""
    assert LIBC is not None
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("900")


def _outcome(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        return None, _portable(error)


def _portable(error: Exception) -> Exception:
    """`error` with its traceback as a note; where it cannot travel, another with its text."""
    where = "".join(traceback.format_exception(error))
    try:
        error = pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"In a child process:\n{where}")
    return error


def _received(result: int) -> T | Death:
    """The result that a child left; one that ended without leaving any is dead."""
    os.lseek(result, 0, os.SEEK_SET)
    with os.fdopen(result, "rb", closefd=False) as file:
        try:
            value, error = pickle.load(file)
        except EOFError:
            return Death("ended the process with code 0")
    if error is not None:
        raise error
    return cast(T, value)
