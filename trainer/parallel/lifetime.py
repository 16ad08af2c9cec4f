"""A process that ends with its parent, even when the parent is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int | None = None) -> None:
    """Have this process killed once its parent is gone.

    `parent` is the process id that the parent gave out; it closes the gap between start and this call. On
    Linux the kernel sends the signal (prctl(2), PR_SET_PDEATHSIG) when the *thread* that started this process
    ends, so start it from a thread that lives as long as its process. Elsewhere a thread looks once a second.
    """
    expected = parent or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(expected,), daemon=True).start()
    _end_if_orphaned(expected)


def _watch(expected: int) -> None:
    while True:
        time.sleep(1)
        _end_if_orphaned(expected)


def _end_if_orphaned(expected: int) -> None:
    if os.getppid() != expected:
        os.kill(os.getpid(), signal.SIGKILL)
