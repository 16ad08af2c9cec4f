"""Advisory locks on folders of a local disk (flock): exclusive, or shared by parts of one work.

A killed process lets go by itself. Folders elsewhere (an object store, HDFS) are not locked.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from daybreak.errors import WorkspaceError
from daybreak.storage import Store

LOCK = ".lock"
POLL_SECONDS = 0.2


@contextmanager
def held(
    store: Store,
    what: str,
    wait: float = 0.0,
    waiting: Callable[[str], None] | None = None,
    *,
    shared: bool = False,
    queue: bool = False,
    name: str = LOCK,
) -> Iterator[None]:
    """Hold a folder for this process, alone or (`shared`) together with others that share.

    wait: seconds. One that shares waits so long for whoever holds the folder alone; one that wants it alone waits
    only for those that share, because they end soon, and is refused at once where another holds it alone, except
    in a `queue`. While it waits it tells `waiting` of the holders, or says so once.
    Raises WorkspaceError that names `what` and its holders.
    """
    if not store.local:
        yield
        return
    with open(store.path(name), "a+b") as file:
        _take(file, what, shared, wait, shared or queue, waiting)
        if not shared:
            file.truncate(0)
        file.write(f"pid {os.getpid()} on {socket.gethostname()}, since {time.strftime('%F %T')}\n".encode())
        file.flush()
        try:
            yield
        finally:
            if not shared:
                file.truncate(0)


def _take(
    file: BinaryIO,
    what: str,
    shared: bool,
    wait: float,
    patient: bool,
    waiting: Callable[[str], None] | None,
) -> None:
    began, said = time.monotonic(), False
    while not _try(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
        left = wait - (time.monotonic() - began)
        if left <= 0 or not (patient or _only_shared(file)):
            waited = f" Waited {wait:g} s." if said else ""
            raise WorkspaceError(
                f"another run is using {what} ({_holders(file)}).{waited} Wait for it, or stop it first."
            )
        if waiting:
            waiting(_holders(file))
        elif not said:
            print(
                f"waiting up to {wait:.0f} s for {what}: used by {_holders(file)}",
                file=sys.stderr,
                flush=True,
            )
        said = True
        time.sleep(POLL_SECONDS)


def _try(file: BinaryIO, mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _only_shared(file: BinaryIO) -> bool:
    """Whether those that hold it share it: then it can be had in the same way, for a moment."""
    if not _try(file, fcntl.LOCK_SH):
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def _holders(file: BinaryIO) -> str:
    """Who signed and may still hold it: of this machine only processes that live."""
    file.seek(0)
    lines = file.read().decode(errors="replace").splitlines()
    return "; ".join(line for line in lines if _lives(line)) or "unknown"


def _lives(line: str) -> bool:
    signed = re.match(r"pid (\d+) on (.*), since ", line)
    if signed is None or signed[2] != socket.gethostname():
        return signed is not None
    try:
        os.kill(int(signed[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
