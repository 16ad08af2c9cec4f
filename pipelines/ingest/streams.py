"""A stored file as a stream of decoded pieces, with every member's start and every damage marked in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.guard import progressed
from pipelines.ingest.codecs import Codec, Damaged, Decoder, codec_of
from pipelines.ingest.places import open_remote
from pipelines.ingest.places.errors import BrokenOff, unavailable
from pipelines.ingest.rows import MAX_QUARANTINED

READ = 1 << 20
FIRST_FEED, LAST_FEED = 8 << 10, 256 << 10
"""Stored bytes given to a decoder at once: few at a member's start, for many members are small."""

TRIAL = 64 << 10


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
    return unavailable(path, why, remedy)


def open_file(path: str, filesystem: fs.FileSystem | None = None) -> pa.NativeFile:
    """Open `path` for random access; one with a scheme (http://, s3://, hdfs://) names its own place.

    Raises InputError where there is no such file, no right to read it, or its place cannot be reached.
    """
    if filesystem is None and "://" in path:
        return open_remote(path)
    try:
        return (filesystem or fs.LocalFileSystem()).open_input_file(path)
    except FileNotFoundError:
        raise unreadable(path, "there is no such file", "Check the source's paths in the recipe") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise unreadable(path, f"it cannot be opened ({error})", "Check its permissions and type") from None


class Window:
    """The bytes of a file at any offset, read in blocks and held while they are asked for."""

    def __init__(self, file: pa.NativeFile) -> None:
        self.size: int = file.size()
        self._file = file
        self._start, self._block = 0, b""

    def at(self, offset: int, size: int) -> bytes:
        """The `size` bytes at `offset`, fewer at the file's end."""
        if not self._start <= offset <= min(offset + size, self.size) <= self._start + len(self._block):
            progressed()
            self._start, self._block = offset, self._load(offset, max(size, READ))
        begin = offset - self._start
        return self._block[begin : begin + size]

    def _load(self, offset: int, size: int) -> bytes:
        """Read; of a file that breaks off, first what stands before the break, and then the error."""
        self._file.seek(offset)
        try:
            return self._file.read(size)
        except BrokenOff as error:
            if error.at <= offset:
                raise
            self._file.seek(offset)
            return self._file.read(error.at - offset)


def pieces(file: pa.NativeFile, at: int = 0) -> Iterator[Piece]:
    """Decode `file` (gzip, zstd, xz, bz2, lz4 or plain, told by its first bytes), all members in file order.

    `at`: a member's start, or any byte of a plain file, to begin at. Memory is flat in the file's size. After
    damage the stream goes on with the next member that decodes.
    """
    window = Window(file)
    codec = codec_of(window.at(0, 16))
    if codec is None:
        yield from _plain(window, at)
        return
    while at < window.size:
        head = window.at(at, 16)
        if not head.strip(b"\0"):
            at = _skip_zeros(window, at)  # tape padding, which gzip allows after the last member
        elif not codec.starts(head):
            yield Piece(member=at)
            at = yield from _broken(window, codec, at, f"These bytes are no {codec.name} member")
        else:
            at = yield from _member(window, codec, at)
    yield Piece(member=window.size)


def _plain(window: Window, at: int) -> Iterator[Piece]:
    yield Piece(member=at)
    while data := window.at(at, LAST_FEED):
        yield Piece(data)
        at += len(data)
    yield Piece(member=window.size)


def _member(window: Window, codec: Codec, start: int) -> Generator[Piece, None, int]:
    """Decode the member at `start`; returns the stored offset of what follows."""
    yield Piece(member=start)
    sent, why = 0, ""
    for make in filter(None, (codec.open, codec.exact)):
        decoding, decoded = _Decoding(window, codec, start, make()), 0
        for data in decoding:
            decoded += len(data)
            if decoded > sent:  # a second decoder begins where the first one left off
                yield Piece(data[len(data) - (decoded - sent) :] if decoded - sent < len(data) else data)
                sent = decoded
        if decoding.end is not None:
            return decoding.end
        why = decoding.why
    return (yield from _broken(window, codec, start, why))


class _Decoding:
    """What the member at `start` decodes to. `end`: the stored offset behind it; None, and `why`, where it breaks."""

    def __init__(self, window: Window, codec: Codec, start: int, decoder: Decoder) -> None:
        self._window, self._codec, self._start, self._decoder = window, codec, start, decoder
        self.end: int | None = None
        self.why = ""

    def __iter__(self) -> Iterator[bytes]:
        at, feed, decoder = self._start, FIRST_FEED, self._decoder
        where = f"member at byte {self._start}"
        try:
            while not decoder.eof:
                stored = self._window.at(at, feed)
                if not stored:
                    self.why = f"The {self._codec.name} stream is truncated: the file ends inside the {where}"
                    return
                yield from filter(None, decoder.feed(stored))
                at, feed = at + len(stored), min(2 * feed, LAST_FEED)
        except Damaged as error:
            self.why = f"The {self._codec.name} {where} is damaged ({error})"
            return
        self.end = at - len(decoder.unused)


def _broken(window: Window, codec: Codec, start: int, why: str) -> Generator[Piece, None, int]:
    yield Piece(window.at(start, MAX_QUARANTINED), damage=why)
    return _next_member(window, codec, start + 1)


def _next_member(window: Window, codec: Codec, at: int) -> int:
    """The stored offset, from `at` on, of the next member that decodes; the file's size if there is none."""
    overlap = len(codec.magic) - 1
    while at < window.size:
        block = window.at(at, READ)
        found = block.find(codec.magic)
        while found >= 0:
            if _decodes(codec, window.at(at + found, TRIAL)):
                return at + found
            found = block.find(codec.magic, found + 1)
        at += max(len(block) - overlap, 1)
    return window.size


def _decodes(codec: Codec, stored: bytes) -> bool:
    if not codec.starts(stored):
        return False
    decoder, seen = (codec.exact or codec.open)(), 0
    try:
        for data in decoder.feed(stored):
            seen += len(data)
            if seen > TRIAL:
                break
    except Damaged:
        return False
    return True


def _skip_zeros(window: Window, at: int) -> int:
    while block := window.at(at, READ):
        rest = block.lstrip(b"\0")
        at += len(block) - len(rest)
        if rest:
            break
    return at
