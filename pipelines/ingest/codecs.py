"""Decoders of one compressed member at a time, so that damage is seen where it happens."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import zstandard
from fastwarc.stream_io import Lz4Reader
from isal import isal_zlib

BLOCK = 256 << 10
"""Decoded bytes a decoder hands over at once, at most (zstd: one feed's output)."""

SMALL_BLOCK = 16 << 10
"""The same for xz and bz2, whose decoders lose what they hold when they meet damage."""


class Damaged(Exception):
    """The compressed bytes cannot be decoded any further; the message says why."""


class Decoder(Protocol):
    """Decodes one member: `feed` takes stored bytes and yields decoded ones; `unused` is what follows it."""

    eof: bool
    unused: bytes

    def feed(self, stored: bytes) -> Iterator[bytes]:
        """Yield what `stored` decodes to; raises Damaged after the last good bytes."""
        ...


RESERVED_FLAGS = 0xE0
"""Bits of a gzip header's fourth byte that are never set (RFC 1952, 2.3.1.2)."""


class GzipDecoder:
    """One gzip member (RFC 1952), with its checksum verified, by ISA-L: twice as fast as zlib.

    What it makes of a member that does not hold is for `ZlibDecoder` to say: ISA-L lets reserved flags through,
    and does not tell what it decoded before the byte that is wrong.
    """

    def __init__(self) -> None:
        self._isal = isal_zlib.decompressobj(wbits=31)
        self._begun = self.eof = False
        self.unused = b""

    def feed(self, stored: bytes) -> Iterator[bytes]:
        if not self._begun and (len(stored) < 4 or stored[3] & RESERVED_FLAGS):
            raise Damaged("unknown header flags set")
        self._begun = full = True
        while (stored or full) and not self.eof:
            try:
                data = self._isal.decompress(stored, BLOCK)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub calls the class an Exception
                raise Damaged(str(error)) from None
            yield data
            self.eof, self.unused = self._isal.eof, self._isal.unused_data
            stored, full = self._isal.unconsumed_tail, len(data) == BLOCK


class ZlibDecoder:
    """One gzip member by zlib, up to the last byte before damage."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self.eof = False
        self.unused = b""

    def feed(self, stored: bytes) -> Iterator[bytes]:
        full = True
        while (stored or full) and not self.eof:
            before = self._zlib.copy()
            try:
                data = self._zlib.decompress(stored, BLOCK)
            except zlib.error as error:
                yield _salvage(before, stored)
                raise Damaged(str(error)) from None
            yield data
            self.eof, self.unused = self._zlib.eof, self._zlib.unused_data
            stored, full = self._zlib.unconsumed_tail, len(data) == BLOCK


def _salvage(decoder: zlib._Decompress, stored: bytes) -> bytes:
    """What `stored` decodes to before the byte that zlib refuses: its own error discards that."""
    decoded = bytearray()
    try:
        for at in range(len(stored)):
            decoded += decoder.decompress(stored[at : at + 1])
    except zlib.error:
        pass
    return bytes(decoded)


class BufferedDecoder:
    """One xz stream or bz2 stream, by the standard library."""

    def __init__(self, make: Callable[[], lzma.LZMADecompressor | bz2.BZ2Decompressor]) -> None:
        self._inner = make()
        self.eof = False
        self.unused = b""

    def feed(self, stored: bytes) -> Iterator[bytes]:
        try:
            yield self._inner.decompress(stored, SMALL_BLOCK)
            while not (self._inner.needs_input or self._inner.eof):
                yield self._inner.decompress(b"", SMALL_BLOCK)
        except (lzma.LZMAError, OSError, ValueError) as error:
            raise Damaged(str(error)) from None
        self.eof, self.unused = self._inner.eof, self._inner.unused_data if self._inner.eof else b""


class ZstdDecoder:
    """One Zstandard frame (RFC 8878); fed in small steps, for a step has no bound on its output."""

    STEP = 8 << 10

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
        self.eof = False
        self.unused = b""

    def feed(self, stored: bytes) -> Iterator[bytes]:
        for at in range(0, len(stored), self.STEP):
            try:
                yield self._inner.decompress(stored[at : at + self.STEP])
            except zstandard.ZstdError as error:
                raise Damaged(str(error)) from None
            if self._inner.eof:
                self.eof = True
                self.unused = self._inner.unused_data + stored[at + self.STEP :]
                return


class Lz4Decoder:
    """One LZ4 frame: its end is found from the block sizes, then FastWARC decodes it whole.

    Layout: LZ4 Frame Format Description 1.6.4, "General Structure". A frame larger than `LIMIT` is damage.
    """

    LIMIT = 256 << 20

    def __init__(self) -> None:
        self._frame = bytearray()
        self._next = 0
        self.eof = False
        self.unused = b""

    def feed(self, stored: bytes) -> Iterator[bytes]:
        self._frame += stored
        if len(self._frame) > self.LIMIT:
            raise Damaged(f"an LZ4 frame is longer than {self.LIMIT} bytes")
        end = self._end()
        if end is None:
            return
        self.eof, self.unused = True, bytes(self._frame[end:])
        try:
            reader = Lz4Reader(io.BytesIO(bytes(self._frame[:end])))
            while block := reader.read(BLOCK):
                yield block
        except (OSError, ValueError) as error:
            raise Damaged(str(error)) from None

    def _end(self) -> int | None:
        """The frame's length, or None while more bytes are needed."""
        frame, flags = self._frame, self._frame[4] if len(self._frame) > 4 else 0
        at = self._next or 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
        while at + 4 <= len(frame):
            size = int.from_bytes(frame[at : at + 4], "little") & 0x7FFFFFFF
            if size == 0:
                end = at + 4 + (4 if flags & 0x04 else 0)
                return end if end <= len(frame) else None
            at += 4 + size + (4 if flags & 0x10 else 0)
            self._next = at
        return None


@dataclass(frozen=True)
class Codec:
    """A compression: its name, what a member starts with, and how one is decoded.

    exact: decodes a member that `open` refuses, to tell what is wrong with it and what stands before that; None
    where `open` tells.
    """

    name: str
    magic: bytes
    open: Callable[[], Decoder]
    exact: Callable[[], Decoder] | None = None

    def starts(self, head: bytes) -> bool:
        """Whether `head` can be a member's start; zstd's skippable frames are one too (RFC 8878, 3.1.2)."""
        skippable = head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50
        return head.startswith(self.magic) or (self.name == "zstd" and skippable)


CODECS = (
    Codec("gzip", b"\x1f\x8b\x08", GzipDecoder, ZlibDecoder),
    Codec("zstd", b"\x28\xb5\x2f\xfd", ZstdDecoder),
    Codec("xz", b"\xfd7zXZ\x00", lambda: BufferedDecoder(lzma.LZMADecompressor)),
    Codec("bz2", b"BZh", lambda: BufferedDecoder(bz2.BZ2Decompressor)),
    Codec("lz4", b"\x04\x22\x4d\x18", Lz4Decoder),
)


def codec_of(head: bytes) -> Codec | None:
    """The compression of a file that starts with `head`; None for plain bytes. Its name is never asked."""
    return next((codec for codec in CODECS if codec.starts(head)), None)
