"""Lines of a decoded stream, each with its offset, cut at line feeds alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from pipelines.ingest.codecs import codec_of
from pipelines.ingest.rows import MAX_QUARANTINED
from pipelines.ingest.spans import Span, spans, stream_span
from pipelines.ingest.streams import READ, Piece, Window, pieces

MAX_LINE = 64 << 20
"""Longest line that is read, bytes; a longer one becomes an error row, so that memory stays flat."""

BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line without its line feed: `offset` and `length` (with the line feed) in the decoded stream."""

    offset: int
    length: int
    data: bytes
    error: str | None = None


def lines(
    stream: Iterable[Piece],
    limit: int = MAX_LINE,
    start: int = 0,
    stop: int | None = None,
    blank: bool = False,
) -> Iterator[Line]:
    """Yield every line, blank ones only if `blank`; what damage leaves unfinished is one line with `error`.

    `start`: offset of the stream's first byte. Reading ends soon after the lines that start before `stop`.
    """
    length, parts = 0, list[bytes]()
    for piece in stream:
        if stop is not None and start >= stop:
            return
        if piece.damage:
            raw = b"".join(parts)[:MAX_QUARANTINED] or piece.data
            yield Line(start, length, raw, piece.damage)
            start, length, parts = start + length, 0, []
            continue
        head, feed, tail = piece.data.partition(b"\n")
        length += len(head)
        _keep(parts, head, length, limit)
        if not feed:
            continue
        yield from _line(start, length, length + 1, parts, limit, blank)
        start += length + 1
        *whole, last = tail.split(b"\n")
        for data in whole:
            yield from _line(start, len(data), len(data) + 1, [data], limit, blank)
            start += len(data) + 1
        length, parts = len(last), [last]
    yield from _line(start, length, length, parts, limit, blank)


def span_lines(file: pa.NativeFile, span: Span) -> Iterator[Line]:
    """The lines of a plain file that start in a span of its stored bytes, and perhaps some behind it."""
    start = _line_start(Window(file), span.start, span.stop)
    if start is not None:
        yield from lines(pieces(file, start), start=start, stop=span.stop)


def line_spans(path: str, file: pa.NativeFile, length: int) -> list[Span]:
    """Spans of stored bytes where nothing is compressed; else of the decoded stream, which has the offsets."""
    plain = codec_of(file.read_at(16, 0)) is None
    return spans(file.size(), length, "stored") if plain else [stream_span(length)]


def _line_start(window: Window, start: int, stop: int) -> int | None:
    """Where the first line in [start, stop) starts: at the file's beginning, or behind a line feed."""
    if start == 0:
        return 0
    for at in range(start - 1, stop - 1, READ):
        found = window.at(at, min(READ, stop - 1 - at)).find(b"\n")
        if found >= 0:
            return at + found + 1
    return None


def _keep(parts: list[bytes], data: bytes, length: int, limit: int) -> None:
    """Hold `data` while the line is within `limit`; past it, only what quarantine wants of its beginning."""
    if length <= limit:
        parts.append(data)
    elif len(parts) > 1 or (parts and len(parts[0]) > MAX_QUARANTINED):
        parts[:] = [b"".join(parts)[:MAX_QUARANTINED]]


def _line(start: int, size: int, length: int, parts: list[bytes], limit: int, blank: bool) -> Iterator[Line]:
    data = b"".join(parts)
    if size > limit:
        yield Line(
            start, length, data[:MAX_QUARANTINED], f"The line is {size} bytes long; the limit is {limit}"
        )
    else:
        data = data.removeprefix(BOM) if start == 0 else data
        if (blank and length) or (data and not data.isspace()):
            yield Line(start, length, data)
