"""Members of a tar stream, read on behind damage, where the standard library's reader ends silently."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipelines.ingest.streams import Piece

TAR_BLOCK = 512
MAX_MEMBER = 64 << 20
"""Largest regular file that is read, bytes; a larger one becomes an error."""


class Member(NamedTuple):
    """A regular file in the archive: its name, the offset and size of its content in the decoded stream."""

    name: str
    offset: int
    size: int
    data: bytes
    error: str | None = None


class ByteStream:
    """Pieces as a stream that is read by length; after damage it reads as ended, and `damage` says why."""

    def __init__(self, stream: Iterable[Piece]) -> None:
        self._stream = iter(stream)
        self._held = bytearray()
        self.position = 0
        self.damage: str | None = None

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        while len(self._held) < size and self._more():
            pass
        data = bytes(self._held[:size])
        del self._held[:size]
        self.position += len(data)
        return data

    def skip(self, size: int) -> int:
        """Pass over `size` bytes without holding them; returns how many there were."""
        start = self.position
        while (left := size - (self.position - start)) > 0 and self.read(min(left, 1 << 20)):
            pass
        return self.position - start

    def _more(self) -> bool:
        piece = next(self._stream, None) if self.damage is None else None
        if piece is None:
            return False
        self.damage = piece.damage
        self._held += b"" if piece.damage else piece.data
        return piece.damage is None


def is_tar(head: bytes) -> bool:
    """Whether `head` (512 bytes) is a tar header whose checksum holds."""
    return _header(head) is not None


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None


def members(stream: ByteStream, first: bytes = b"") -> Iterator[Member]:
    """Yield every regular file; `first` is a header block that was read already.

    A header that does not hold is one error, and reading goes on at the next one that does. An archive that
    ends without its end-of-archive block is one error too (POSIX.1-2001 pax, "ustar Interchange Format").
    """
    long_name, ended = None, False
    while True:
        start = stream.position - len(first)
        block, first = first or stream.read(TAR_BLOCK), b""
        info = _header(block)
        if info is None:
            ended = ended or block == bytes(TAR_BLOCK)
            first = _resynchronise(stream)
            if stream.damage or not ended:
                size = stream.position - start - len(first)
                yield Member("", start, size, block, _why(stream, block, start))
            if not first:
                return
            continue
        ended = False
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
            long_name = _name(stream.read(_padded(info.size)), info)
        elif info.isreg():
            member = _member(stream, info, long_name or info.name)
            yield member
            if member.size < info.size:
                return
            long_name = None
        else:
            stream.skip(_padded(info.size))


def _member(stream: ByteStream, info: tarfile.TarInfo, name: str) -> Member:
    start = stream.position
    if info.size > MAX_MEMBER:
        stream.skip(_padded(info.size))
        return Member(
            name,
            start,
            info.size,
            b"",
            f"The file {name} is {info.size} bytes long; the limit is {MAX_MEMBER}",
        )
    data = stream.read(_padded(info.size))
    if len(data) < info.size:
        why = stream.damage or f"The archive ends inside the file {name}"
        return Member(name, start, len(data), data, why)
    return Member(name, start, info.size, data[: info.size])


def _padded(size: int) -> int:
    return -(-size // TAR_BLOCK) * TAR_BLOCK


def _name(data: bytes, info: tarfile.TarInfo) -> str | None:
    """The name in a GNU long-name or pax header."""
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return data.split(b"\0", 1)[0].decode(errors="replace")
    for record in data[: info.size].split(b"\n"):
        key, _, value = record.partition(b" ")[2].partition(b"=")
        if key == b"path":
            return value.decode(errors="replace")
    return None


def _resynchronise(stream: ByteStream) -> bytes:
    """Pass over blocks until one is a header that holds; that block, or nothing at the end."""
    while len(block := stream.read(TAR_BLOCK)) == TAR_BLOCK:
        if is_tar(block):
            return block
    return b""


def _why(stream: ByteStream, block: bytes, start: int) -> str:
    if stream.damage:
        return stream.damage
    if len(block) < TAR_BLOCK:
        return f"The archive ends at byte {start} without its end-of-archive block"
    return f"No tar header stands at byte {start}"
