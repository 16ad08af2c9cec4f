"""One run at a time in an output folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.errors import WorkspaceError


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold FOLDER/.lock; the system lets go of it however the process ends. Raises WorkspaceError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkspaceError(
                f"{folder}: another run is training here; wait for it or give another --out"
            ) from error
        yield
