"""An edition goes to its place: copied and checked beside it, then moved in whole by rename.

There is the old edition or the new one, whole, at any moment at which this process may be killed.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from daybreak.errors import WorkspaceError
from daybreak.locks import held
from daybreak.manifest import FileEntry
from daybreak.storage import Store
from daybreak.workspace import MANIFEST
from pipelines.editions.edition import Edition

Moved = Literal["published", "already there", "replaced"]
BLOCK = 1 << 20
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def publish(place: Path, edition: Edition, sources: Mapping[str, Path], wait: float = 600.0) -> Moved:
    """Put an edition into `place`. `sources` has where each of its files stands now, by its path in the edition.

    The same bytes are left alone; an edition of other bytes takes the place of the one there. Raises WorkspaceError
    where a file is not what the edition says, or the place cannot be written or stays in use longer than `wait`.
    """
    target = place / edition.name
    try:
        place.mkdir(parents=True, exist_ok=True)
        with held(Store.at(place), f"the editions at {place}", wait, queue=True):
            _recover(target)
            if stands(target, edition):
                return "already there"
            partial = _copied(target, edition, sources)
            moved: Moved = "replaced" if target.exists() else "published"
            _move_in(partial, target)
            return moved
    except OSError as error:
        raise WorkspaceError(f"{target} cannot be published: {error}") from error


def stands(target: Path, edition: Edition) -> bool:
    """Whether the edition is there as it is: its manifest, and all its files at their sizes."""
    try:
        same = (target / MANIFEST).read_bytes() == edition.to_json()
        return same and all((target / e.path).stat().st_size == e.bytes for e in edition.files)
    except OSError:
        return False


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _recover(target: Path) -> None:
    """Take away what a killed run left; an edition that it had put aside comes back."""
    if _aside(target).exists() and not target.exists():
        os.rename(_aside(target), target)
    shutil.rmtree(_aside(target), ignore_errors=True)
    shutil.rmtree(_partial(target), ignore_errors=True)


def _copied(target: Path, edition: Edition, sources: Mapping[str, Path]) -> Path:
    partial = _partial(target)
    for entry in edition.files:
        copy = partial / entry.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy(sources[entry.path], copy, entry)
    _write(partial / MANIFEST, edition.to_json())
    return partial


def _copy(source: Path, target: Path, entry: FileEntry) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(BLOCK):
            digest.update(block)
            written.write(block)
        written.flush()
        os.fsync(written.fileno())
    if digest.hexdigest() != entry.sha256:
        raise WorkspaceError(
            f"{source} is not what its manifest says (`daybreak verify` tells more): nothing was published"
        )


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move_in(partial: Path, target: Path) -> None:
    if not target.exists():
        os.rename(partial, target)
    elif _exchanged(partial, target):
        shutil.rmtree(partial)
    else:  # a file system that cannot exchange: a moment without the edition, which the next run would mend
        os.rename(target, _aside(target))
        os.rename(partial, target)
        shutil.rmtree(_aside(target))
    _sync_folder(target.parent)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step, by Linux' renameat2 (since glibc 2.28); False where that cannot be had."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
