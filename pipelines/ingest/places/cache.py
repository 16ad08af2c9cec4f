"""Files of other places kept on local disk, from their beginning as far as they were read.

FOLDER/KEY.part   the first bytes of a file; its writer holds a lock on it (flock), which a killed process lets go
FOLDER/KEY.json   what it is a part of: address, size, version (ETag, or time of change)
FOLDER/KEY.data   a whole file

KEY is a hash of address, version and size: another version is another key, so a part is never continued with
bytes of another. Reading goes through the cache as long as it goes on from what is there, so it fills while a file
is read, at no wait for the whole; what jumps ahead (Parquet footers, ranges) is read directly and not kept.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from daybreak.secrets import lasting, without_secrets

Fetch = Callable[[int, int], Iterator[bytes]]

SKIPPED = 1 << 20
"""A read that begins so many bytes behind what is there still goes through the cache."""

POLL_SECONDS = 0.02


class Cache:
    """A folder of at most `size` bytes."""

    def __init__(self, folder: str, size: int, patience: float) -> None:
        self._folder, self._size, self._patience = Path(folder), size, patience

    def entry(self, name: str, version: str, size: int) -> Entry | None:
        """The place of one version of a file; None where it has no version, or is too large."""
        if not version or not 0 < size <= self._size:
            return None
        key = sha256(f"{lasting(name)}\0{version}\0{size}".encode()).hexdigest()[:32]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room(size, key)
        facts = self._folder / f"{key}.json"
        if not facts.exists():
            facts.write_text(json.dumps({"address": without_secrets(name), "size": size, "version": version}))
        return Entry(self._folder / key, size, self._patience)

    def _make_room(self, size: int, key: str) -> None:
        """Remove what was not used for longest and nobody has open, until `size` more bytes fit."""
        files = [
            (path, path.stat()) for path in self._folder.glob("*.*") if path.suffix in (".part", ".data")
        ]
        held = sum(stat.st_size for path, stat in files if path.stem != key)
        for path, stat in sorted(files, key=lambda file: (file[1].st_mtime_ns, file[0])):
            if held + size <= self._size:
                return
            if path.stem != key and _remove(path):
                held -= stat.st_size


def _remove(path: Path) -> bool:
    with suppress(OSError), open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)
        return True
    return False


class Entry:
    """One file of the cache, open: its first `have()` bytes can be read, and `reach` brings more."""

    def __init__(self, place: Path, size: int, patience: float) -> None:
        self._size, self._patience = size, patience
        self._part, self._whole = place.with_suffix(".part"), place.with_suffix(".data")
        self._writes = False
        self._open()

    def _open(self) -> None:
        try:
            self._file = os.open(self._whole, os.O_RDONLY)
            fcntl.flock(self._file, fcntl.LOCK_SH)  # so that nobody clears it away
        except FileNotFoundError:
            self._file = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.utime(self._file)

    def close(self) -> None:
        """Let go of the file; a lock on it goes too."""
        os.close(self._file)

    def have(self) -> int:
        """Bytes that are there, from the file's beginning."""
        return os.fstat(self._file).st_size

    def read(self, start: int, stop: int) -> bytes:
        """Bytes that are there."""
        parts, at = [], start
        while at < stop and (data := os.pread(self._file, stop - at, at)):
            parts.append(data)
            at += len(data)
        return b"".join(parts)

    def reach(self, stop: int, fetch: Fetch) -> bool:
        """Bring the file up to byte `stop`: by fetching, or by waiting for the process that does.

        False where that process has not gone on for `patience` seconds; raises what `fetch` raises.
        """
        seen, since = self.have(), time.monotonic()
        while (have := self.have()) < stop:
            if self._writes or self._take():
                self._fill(stop, fetch)
                return True
            if have > seen:
                seen, since = have, time.monotonic()
            if time.monotonic() - since > self._patience:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _take(self) -> bool:
        """Become the one who writes, if nobody is."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        self._writes = True
        if self._whole.exists() or not self._still_there():  # made whole or cleared away before it was ours
            self.close()
            self._writes = False
            self._open()
        return self._writes

    def _still_there(self) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.stat(self._part), os.fstat(self._file))
        return False

    def _fill(self, stop: int, fetch: Fetch) -> None:
        for data in fetch(self.have(), stop):
            while data:
                data = data[os.write(self._file, data) :]
        if self.have() == self._size:
            os.fsync(self._file)
            self._part.rename(self._whole)
            fcntl.flock(self._file, fcntl.LOCK_SH)
            self._writes = False
