"""Work in forked children: its result, its error, or the child's death comes back."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar, cast

from pipelines.guard.attempt import CURRENT, Attempt
from pipelines.guard.limits import Death, Limits, ended
from pipelines.guard.watch import Vitals, readable, until

T = TypeVar("T")
Deliver = Callable[[Callable[[], Any]], None]

FORKS = sys.platform == "linux"
"""Whether work can be done in a watched child here: it takes fork, pidfd, memfd and /proc."""

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if FORKS else None


def in_child(
    work: Callable[[], T], attempt: Attempt, limits: Limits, alive: Callable[[], None] = lambda: None
) -> T | Death:
    """What `work` returns, done in a child of this process under `limits`; or why the child died.

    What it raises is raised here. `alive` is called while it is waited for.
    """
    child = Child(attempt, lambda deliver: deliver(work))
    try:
        child.wait(limits, alive)
        return cast("T | Death", child.result())
    finally:
        child.end()


class Child:
    """A forked process that lives `live(deliver)`: `deliver(work)` hands over what `work` returns or raises.

    It is killed when the thread that started it ends.
    """

    def __init__(self, attempt: Attempt, live: Callable[[Deliver], None]) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._crumb, parent = attempt.crumb, os.getpid()
        self._result = os.memfd_create("result")
        self._told, self._tell = os.pipe()
        self._death: Death | None = None
        self._pid = os.fork()
        if self._pid == 0:
            self._live(attempt, live, parent)
        self._end, self._vitals = os.pidfd_open(self._pid), Vitals(self._pid)

    def wait(self, limits: Limits, alive: Callable[[], None] = lambda: None) -> None:
        """Until something is delivered; or the process dies, or is killed past `limits`."""
        ends = select.poll()
        for descriptor in (self._told, self._end):
            ends.register(descriptor, select.POLLIN)
        why = until(ends, self._vitals, self._crumb, limits, alive)
        self._death = None
        if why is not None or not self._delivered():
            code, crumb = self._kill(), self._crumb
            alien = why is None and code == -signal.SIGKILL
            place = (crumb.phase, crumb.stage, crumb.row, *crumb.read)
            self._death = Death(why or ended(code), *place, alien=alien)

    def result(self) -> Any:
        """What was delivered, as `in_child` gives it."""
        return self._death or self._received()

    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self._pid > 0 and not readable(self._end)

    def end(self) -> None:
        """Kill the process if it is still there, and forget it."""
        self._kill()
        self._vitals.close()
        for descriptor in (self._result, self._told, self._tell, self._end):
            os.close(descriptor)

    def _kill(self) -> int:
        """End the process; how it ended, as `os.waitstatus_to_exitcode` says it."""
        if self._pid < 0:
            return 0
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)  # without effect on one that has ended
        status = os.waitpid(self._pid, 0)[1]
        self._pid = -1
        return os.waitstatus_to_exitcode(status)

    def _delivered(self) -> bool:
        return readable(self._told) and bool(os.read(self._told, 1))

    def _received(self) -> Any:
        os.lseek(self._result, 0, os.SEEK_SET)
        with os.fdopen(self._result, "rb", closefd=False) as file:
            value, error = pickle.load(file)
        if error is not None:
            raise error
        return value

    def _live(self, attempt: Attempt, live: Callable[[Deliver], None], parent: int) -> NoReturn:
        """The child's whole life; nothing of what the parent set up for its own end is run."""
        code = 1
        try:
            _bind_to(parent)
            CURRENT.set(attempt)
            live(self._deliver)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _deliver(self, work: Callable[[], Any]) -> None:
        outcome = _outcome(work)
        os.lseek(self._result, 0, os.SEEK_SET)
        os.ftruncate(self._result, 0)
        with os.fdopen(self._result, "wb", closefd=False) as file:
            pickle.dump(outcome, file, pickle.HIGHEST_PROTOCOL)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os.write(self._tell, b"!")


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
