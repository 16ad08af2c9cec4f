"""A file elsewhere as a file object: few large requests where it is read on, exact ones where it is sought."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Protocol

from daybreak.errors import InputError
from pipelines.ingest.places.cache import SKIPPED, Entry
from pipelines.ingest.places.errors import BrokenOff

AHEAD = 16 << 20
"""Bytes asked for at once, at most, where a file is read on; this much memory a file."""


class Origin(Protocol):
    """Where the bytes come from."""

    name: str
    size: int

    @property
    def version(self) -> str:
        """Changes when the content does; empty where that is not known."""

    def fetch(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`; raises InputError where they end before."""

    def close(self) -> None:
        """Let go of connections and files."""


class RemoteFile(io.RawIOBase):
    """Reads an origin, through the cache where there is one.

    A read that follows the one before asks for twice as much, up to 16 MiB; any other for its own bytes alone
    (footers, ranges of a WARC). No read is short but at the end: raises BrokenOff, which tells how far it goes.
    """

    def __init__(self, origin: Origin, entry: Entry | None = None) -> None:
        self._origin, self._entry = origin, entry
        self._at, self._next, self._ahead = 0, 0, 0
        self._start, self._block = 0, memoryview(b"")
        self._broken: BrokenOff | None = None

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position, in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, as for every file object."""
        self._at = offset + (0, self._at, self._origin.size)[whence]
        return self._at

    def size(self) -> int:
        """The file's size, in bytes."""
        return self._origin.size

    def read(self, size: int | None = -1) -> bytes:
        """The next `size` bytes, fewer at the end of the file; all that are left where it is negative."""
        start, end = self._at, self._origin.size
        stop = end if size is None or size < 0 else min(start + size, end)
        if start >= stop:
            return b""
        if self._broken and stop > self._broken.at:
            raise self._broken
        if not self._start <= start <= stop <= self._start + len(self._block):
            self._load(start, stop)
        self._at = stop
        return bytes(self._block[start - self._start : stop - self._start])

    def close(self) -> None:
        """Close it, and what it reads."""
        if not self.closed:
            self._origin.close()
            if self._entry:
                self._entry.close()
        super().close()

    def _load(self, start: int, stop: int) -> None:
        """Hold at least the bytes from `start` to `stop`."""
        following = start <= self._next <= stop
        self._ahead = min(max(2 * self._ahead, stop - start), AHEAD) if following else 0
        stop = min(max(stop, start + self._ahead), self._broken.at if self._broken else self._origin.size)
        held = bytearray()
        try:
            for data in self._chunks(start, stop):
                held += data
        except InputError as error:
            self._broken = BrokenOff(str(error), start + len(held))
            raise self._broken from None
        finally:
            self._start, self._block = start, memoryview(held)
            self._next = start + len(held)

    def _chunks(self, start: int, stop: int) -> Iterator[bytes]:
        entry = self._entry
        if entry is not None and start <= entry.have() + SKIPPED:
            try:
                if entry.reach(stop, self._origin.fetch):
                    yield entry.read(start, stop)
                    return
            except InputError:
                yield entry.read(start, min(stop, entry.have()))
                raise
            except OSError:  # the cache's disk is full or gone; the file is not
                entry.close()
                self._entry = None
        yield from self._origin.fetch(start, stop)
