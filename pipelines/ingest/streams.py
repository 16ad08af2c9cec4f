"""A stored file as a stream of decoded pieces, with every member's start and every damage marked in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.ingest.codecs import Codec, Damaged, codec_of

READ = 256 << 10
TRIAL = 64 << 10
KEPT = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Decoded bytes, or a mark between them.

    `member`: stored offset at which a member starts (or at which the file ends: the last piece). `damage`:
    why decoding stopped here, with the broken member's first stored bytes (at most 1 MiB) in `data`; the
    next piece starts a member that decodes again, or ends the file.
    """

    data: bytes = b""
    member: int | None = None
    damage: str | None = None


def unreadable(path: str, why: str, remedy: str) -> InputError:
    """The error for a file that cannot be opened or understood: file, reason, what to do."""
    return InputError(f"{path}: {why}. {remedy}")


def open_file(path: str, filesystem: fs.FileSystem | None = None) -> pa.NativeFile:
    """Open `path` for random access; a path with a scheme (s3://, file://) names its own file system.

    Raises InputError where there is no such file or no right to read it.
    """
    try:
        if filesystem is None and "://" in path:
            filesystem, path = fs.FileSystem.from_uri(path)
        return (filesystem or fs.LocalFileSystem()).open_input_file(path)
    except FileNotFoundError:
        raise unreadable(path, "there is no such file", "Check the source's paths in the recipe") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise unreadable(path, f"it cannot be opened ({error})", "Check its permissions and type") from None


def pieces(file: pa.NativeFile) -> Iterator[Piece]:
    """Decode `file` (gzip, zstd, xz, bz2, lz4 or plain, told by its first bytes), all members in file order.

    Memory is flat in the file's size. After damage the stream goes on with the next member that decodes.
    """
    codec = codec_of(_peek(file, 0, 16))
    if codec is None:
        yield from _plain(file)
        return
    at, size = 0, file.size()
    while at < size:
        head = _peek(file, at, 16)
        if not head.strip(b"\0"):
            at = _skip_zeros(file, at)  # tape padding, which gzip allows after the last member
        elif not codec.starts(head):
            yield Piece(member=at)
            at = yield from _broken(file, codec, at, f"These bytes are no {codec.name} member")
        else:
            at = yield from _member(file, codec, at)
    yield Piece(member=size)


def _plain(file: pa.NativeFile) -> Iterator[Piece]:
    file.seek(0)
    yield Piece(member=0)
    while block := file.read(READ):
        yield Piece(block)
    yield Piece(member=file.tell())


def _member(file: pa.NativeFile, codec: Codec, start: int) -> Generator[Piece, None, int]:
    """Decode the member at `start`; returns the stored offset of what follows."""
    yield Piece(member=start)
    decoder = codec.open()
    file.seek(start)
    try:
        while not decoder.eof:
            stored = file.read(READ)
            if not stored:
                why = f"The {codec.name} stream is truncated: the file ends inside the member at byte {start}"
                yield Piece(_peek(file, start, KEPT), damage=why)
                return file.size()
            yield from (Piece(data) for data in decoder.feed(stored) if data)
    except Damaged as error:
        why = f"The {codec.name} member at byte {start} is damaged ({error})"
        return (yield from _broken(file, codec, start, why))
    return file.tell() - len(decoder.unused)


def _broken(file: pa.NativeFile, codec: Codec, start: int, why: str) -> Generator[Piece, None, int]:
    yield Piece(_peek(file, start, KEPT), damage=why)
    return _next_member(file, codec, start + 1)


def _next_member(file: pa.NativeFile, codec: Codec, at: int) -> int:
    """The stored offset, from `at` on, of the next member that decodes; the file's size if there is none."""
    size, overlap = file.size(), len(codec.magic) - 1
    while at < size:
        window = _peek(file, at, READ)
        found = window.find(codec.magic)
        while found >= 0:
            if _decodes(codec, _peek(file, at + found, TRIAL)):
                return at + found
            found = window.find(codec.magic, found + 1)
        at += max(len(window) - overlap, 1)
    return size


def _decodes(codec: Codec, stored: bytes) -> bool:
    if not codec.starts(stored):
        return False
    decoder, seen = codec.open(), 0
    try:
        for data in decoder.feed(stored):
            seen += len(data)
            if seen > TRIAL:
                break
    except Damaged:
        return False
    return True


def _peek(file: pa.NativeFile, at: int, size: int) -> bytes:
    file.seek(at)
    data: bytes = file.read(size)
    return data


def _skip_zeros(file: pa.NativeFile, at: int) -> int:
    size = file.size()
    while at < size:
        window = _peek(file, at, READ)
        rest = window.lstrip(b"\0")
        at += len(window) - len(rest)
        if rest:
            return at
    return size
