"""Where a sample goes: written beside the target and renamed into place, so that no half one is ever seen."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.errors import WorkspaceError
from daybreak.sample import manifest


def refuse_foreign(directory: Path) -> None:
    """Only an absent or empty folder, or an earlier sample, is ever replaced."""
    if directory.is_dir() and (not any(directory.iterdir()) or (directory / manifest.NAME).is_file()):
        return
    if directory.exists():
        raise WorkspaceError(
            f"{directory} exists and is no sample (no {manifest.NAME}): choose another folder"
        )


@contextmanager
def partial(directory: Path) -> Iterator[Path]:
    """An empty, locked folder beside the target; what a killed run left in it is removed first."""
    folder = directory.with_name(f".{directory.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        _clear(folder)
        yield folder
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    """Takes the folder's lock; the kernel gives it back when its holder ends, however it ends."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), os.stat(folder)):
            return
    except (BlockingIOError, FileNotFoundError):
        pass
    raise WorkspaceError(f"another run is writing this sample ({folder}): wait for it to end")


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def replace(folder: Path, directory: Path) -> None:
    """Renames the new sample into place; an older one steps aside first and is removed last."""
    aside = directory.with_name(f".{directory.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if directory.exists():
        directory.rename(aside)
    folder.rename(directory)
    shutil.rmtree(aside, ignore_errors=True)
