"""Records of a WARC or ARC stream as framed bytes: every record once, and a new start after every damage.

FastWARC and warcio both trust Content-Length and end, silently or with an exception, where the file does not
hold to it. Here a record counts as whole only when another record, or the file's clean end, follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pipelines.ingest.rows import MAX_QUARANTINED
from pipelines.ingest.spans import Entry
from pipelines.ingest.streams import Piece

MAX_RECORD = 64 << 20
"""Longest record that is read, bytes; a longer one becomes an error, so that memory stays flat."""

MAX_HEADER = 64 << 10

WARC_HEAD = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n((?:[^\r\n]+\r?\n)*)\r?\n")
ARC_HEAD = re.compile(
    rb"([A-Za-z][A-Za-z0-9+.-]*:[^\r\n]{0,8192}) (?:[0-9A-Fa-f.:]{3,45}|-) "
    rb"(\S{1,32}) (\S+)(?: [^\r\n]+)? (\S+)\r?\n"
)
WARC_START = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n[A-Za-z][A-Za-z-]*:")
ARC_START = re.compile(
    rb"(?<![^\n])(?:https?|ftp|dns|filedesc):[^\r\n]{1,8192} (?:[0-9A-Fa-f.:]{3,45}|-) "
    rb"\d{8,32} \S+ [^\r\n]*\r?\n"
)
MARGIN = 10 << 10
"""No record's start is longer: what a search keeps back at a buffer's end."""


class Frame(NamedTuple):
    """A record: where it stands in the file as stored, its header fields (lower-case names) and block.

    `error` says why it is broken; then `block` is its raw bytes from the header on, at most 1 MiB.
    `position` is the place of its first byte in the decoded stream.
    """

    offset: int
    length: int
    fields: Mapping[str, str]
    block: bytes
    error: str | None = None
    position: int = 0


class Head(NamedTuple):
    """A record's header: its fields, its length in bytes, its block's length (None where it does not say)."""

    fields: Mapping[str, str]
    size: int
    content: int | None


class Mark(NamedTuple):
    """Where a member starts, decoded and as stored; `sound`: what stands before it was verified."""

    position: int
    stored: int
    sound: bool


class Frames:
    """Iterates over the records of a decoded WARC or ARC stream.

    `seen` counts the headers that were recognised, `damaged` tells whether the compression broke anywhere. A
    record that starts a member is placed by its bytes as stored; one inside a member that holds several is
    placed by its distance, decoded, from that member's start.

    A stream that was entered in the middle takes `known`, what `archive` had become before it. With `until`
    the iteration ends before the first record from that stored byte on at which a stream can be entered: at a
    member's start, or `anywhere` in a plain file. `left` is that place.
    """

    def __init__(
        self,
        stream: Iterable[Piece],
        limit: int = MAX_RECORD,
        known: str = "",
        until: int | None = None,
        anywhere: bool = False,
    ) -> None:
        self.seen, self.damaged = int(bool(known)), False
        self.left: Entry | None = None
        self._until, self._anywhere = until, anywhere
        self._pieces, self._limit = iter(stream), limit
        self._start = ARC_START if known == "arc" else WARC_START
        self._buffer, self._base = bytearray(), 0  # _base: position of the buffer in the decoded stream
        self._marks: list[Mark] = []
        self._open = True
        self._damage: str | None = None
        self._stored = b""  # what stood in the file where it broke

    def __iter__(self) -> Iterator[Frame]:
        at = self._past_newlines(0)
        while (at < len(self._buffer) or self._damage) and not self._leaves(at):
            at, frame = self._frame(at) if at < len(self._buffer) else self._broken(at, at, "")
            yield frame
            self._compact(at)
            at = self._past_newlines(0)

    @property
    def archive(self) -> str:
        """What the stream has turned out to be: 'warc', 'arc', or '' as long as no header was recognised."""
        return ("arc" if self._start is ARC_START else "warc") if self.seen else ""

    def _leaves(self, at: int) -> bool:
        """Whether the record at `at` is behind what is to be read; damage always belongs to what is before it."""
        if self._until is None or at >= len(self._buffer):
            return False
        position = self._base + at
        mark = self._mark(position)
        stored = mark.stored + position - mark.position
        if stored < self._until or not (self._anywhere or position == mark.position):
            return False
        self.left = Entry(stored, self.archive)
        return True

    def _compact(self, size: int) -> None:
        """Forget the first `size` bytes of the buffer, and the marks that no position needs any more."""
        del self._buffer[:size]
        self._base += size
        while len(self._marks) > 1 and self._marks[1].position < self._base:
            del self._marks[0]

    def _fill(self, size: int) -> bool:
        """Have at least `size` bytes in the buffer; False where the stream ends or breaks before."""
        while len(self._buffer) < size and self._open:
            piece = next(self._pieces, None)
            if piece is None or piece.damage:
                self._open = False
                self._broke(piece)
                piece = next(self._pieces, None)  # behind damage stands the mark of the next member
            if piece is not None and piece.member is not None:
                self._marks.append(Mark(self._base + len(self._buffer), piece.member, sound=self._open))
            elif piece is not None:
                self._buffer += piece.data
        return len(self._buffer) >= size

    def _broke(self, piece: Piece | None) -> None:
        if piece is not None:
            self.damaged, self._damage, self._stored = True, piece.damage, piece.data

    def _past_newlines(self, at: int) -> int:
        while self._fill(at + 1) and self._buffer[at] in b"\r\n":
            at += 1
        return at

    def _frame(self, at: int) -> tuple[int, Frame]:
        """The record at `at`, and where the next one begins."""
        head = self._head(at)
        if head is None:
            return self._broken(at, at + 1, "No record starts here")
        self.seen += 1
        body = at + head.size
        if head.content is None:
            return self._broken(at, body, "Content-Length is missing or not a number")
        if head.content > self._limit:
            return self._broken(at, body, f"Content-Length is {head.content}; the limit is {self._limit}")
        end = body + head.content
        if not self._fill(end):
            return self._broken(at, body, f"Content-Length is {head.content}, but the file ends before")
        following = self._past_newlines(end)
        if not self._ends(end, following):
            return self._broken(
                at, body, f"Content-Length is {head.content}, but no record starts after that"
            )
        start = self._base + at
        place = self._place(start, self._mark(start), following)
        return following, Frame(*place, head.fields, self._copied(body, end), None, start)

    def _copied(self, start: int, stop: int) -> bytes:
        """Bytes of the buffer, copied once."""
        with memoryview(self._buffer) as view:
            return bytes(view[start:stop])

    def _ends(self, end: int, following: int) -> bool:
        """Whether a member's end, or another record, confirms that a record ends at `end`."""
        if any(mark.sound and end <= mark.position - self._base <= following for mark in self._marks):
            return True
        return self._fill(following + 1) and self._head(following) is not None

    def _broken(self, at: int, search: int, why: str) -> tuple[int, Frame]:
        """An error from `at` to the next record's start, sought from `search` on; and that start."""
        self._fill(at + MAX_QUARANTINED)
        raw = bytes(self._buffer[at : at + MAX_QUARANTINED])
        start, mark = self._base + at, self._mark(self._base + at)
        while True:
            self._fill(search + 2 * MARGIN)
            found = self._start.search(self._buffer, search)
            if found or not self._open:
                break
            scanned = max(search, len(self._buffer) - MARGIN) - 1
            self._compact(scanned)
            search = 1
        if found:
            raw = raw[: self._base + found.start() - start]  # what follows is another record's
            place = self._place(start, mark, found.start())
            return found.start(), Frame(*place, {}, raw, why, start)
        end, error = len(self._buffer), self._damage or why
        frame = Frame(*self._place(start, mark, end), {}, raw or self._stored, error, start)
        self._open, self._damage = self._damage is not None, None  # told: what comes next starts a new member
        del self._marks[:-1]
        return end, frame

    def _mark(self, position: int) -> Mark:
        """The mark that `position` (in the decoded stream) is counted from."""
        before = [mark for mark in self._marks if mark.position <= position]
        return next((mark for mark in before if mark.position == position), before[-1])

    def _place(self, start: int, mark: Mark, end: int) -> tuple[int, int]:
        """Offset and length as stored, of what stands from `start` to `end` (an index into the buffer)."""
        offset, length = mark.stored + start - mark.position, self._base + end - start
        if start == mark.position:
            ends = [mark.stored for mark in self._marks if mark.position == self._base + end]
            length = ends[-1 if length == 0 else 0] - offset if ends else length
        return offset, length

    def _head(self, at: int) -> Head | None:
        """The header at `at`, or None where none stands there."""
        self._fill(at + 16)
        warc = self._buffer.startswith(b"WARC/", at)
        if not warc and self._start is WARC_START and self.seen:
            return None
        pattern = WARC_HEAD if warc else ARC_HEAD
        size = 1024
        while (found := pattern.match(self._buffer, at)) is None:
            if size > MAX_HEADER or not self._fill(at + size):
                found = pattern.match(self._buffer, at)
                break
            size *= 4
        if found is None:
            return None
        self._start = WARC_START if warc else ARC_START
        return _warc_head(found) if warc else _arc_head(found)


def header_fields(lines: bytes) -> dict[str, str]:
    """Header lines by lower-case name; UTF-8, else Latin-1. The first of equal names stands."""
    try:
        text = lines.decode()
    except UnicodeDecodeError:
        text = lines.decode("latin-1")
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _warc_head(found: re.Match[bytes]) -> Head:
    fields = header_fields(found[1])
    return Head(fields, len(found[0]), _length(fields.get("content-length", "")))


def _arc_head(found: re.Match[bytes]) -> Head:
    """An ARC URL record line (Internet Archive ARC 1.0 and 2.0) in the terms of a WARC header."""
    url, date, mime, length = (part.decode("latin-1") for part in found.groups())
    web = url.lower().startswith(("http://", "https://"))
    fields = {
        "warc-type": "warcinfo" if url.startswith("filedesc:") else "response",
        "warc-target-uri": url,
        "warc-date": f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14]}Z",
        "content-type": "application/http; msgtype=response" if web else mime,
    }
    return Head(fields, len(found[0]), _length(length))


def _length(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
