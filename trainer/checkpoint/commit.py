"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.errors import WorkspaceError


@contextmanager
def committed(folder: Path) -> Iterator[Path]:
    """A temporary folder to write into; on leaving, its files are synced and it is renamed to `folder`,
    replacing what stood there. Raises WorkspaceError where the disk refuses; leaves nothing half-written."""
    temporary = folder.with_name(f"{folder.name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        for path in (*temporary.iterdir(), temporary):
            _sync(path)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error}; free the space and run again") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
