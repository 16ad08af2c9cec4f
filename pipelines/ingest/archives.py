"""Records of a WARC or ARC file, whole or by spans, with the file's beginning judged before any is given out.

A span of stored bytes is entered at the first thing in it that looks like a record's start: behind a member's
start, or in plain bytes. What stands in a page may look like that too. So each span tells where it was entered
and where the next one must begin; where these differ, the span is read again from the right place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice

import pyarrow as pa
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.ingest.codecs import Codec, Damaged, codec_of
from pipelines.ingest.frames import ARC_START, MARGIN, MAX_RECORD, WARC_START, Frame, Frames
from pipelines.ingest.spans import Entry, Part, Span, spans, stream_span
from pipelines.ingest.streams import READ, TRIAL, Window, open_file, pieces

HEAD = 2
"""Records at a file's beginning that are judged: an archive's description, and the first of its contents."""

Judge = Callable[[Frames, Frame], None]
"""Raises InputError where a file with this record at its beginning is to be refused."""


def records(
    path: str,
    filesystem: fs.FileSystem | None,
    judge: Judge,
    limit: int = MAX_RECORD,
    part: Part | None = None,
) -> Iterator[Frame]:
    """Every record of a file, or those of a part. Raises what `judge` does; of a part, only the first does."""
    if part is None:
        with open_file(path, filesystem) as file:
            yield from _judged(Frames(pieces(file), limit), judge)
    elif part.span.measure == "decoded":
        opened = partial(_stream, path, filesystem, judge, limit, part.span)
        yield from part.within(opened, lambda frame: frame.position)
    else:
        with open_file(path, filesystem) as file:
            yield from _stored(file, judge, limit, part)


def _judged(frames: Frames, judge: Judge) -> Iterator[Frame]:
    found, first = iter(frames), []
    for frame in islice(found, HEAD):
        judge(frames, frame)
        first.append(frame)
    yield from chain(first, found)


def _stream(
    path: str, filesystem: fs.FileSystem | None, judge: Judge, limit: int, span: Span
) -> Iterator[Frame]:
    with open_file(path, filesystem) as file:
        try:
            yield from _judged(Frames(pieces(file), limit), judge)
        except InputError:
            if span.number == 0:
                raise


def _stored(file: pa.NativeFile, judge: Judge, limit: int, part: Part) -> Iterator[Frame]:
    part.linked, span, window = True, part.span, Window(file)
    head = Frames(pieces(file), limit)
    try:
        next(_judged(head, judge), None)
    except InputError:
        if span.number == 0:
            raise
        return
    codec = codec_of(window.at(0, 16))
    part.entered = _entry(window, codec, span, head.archive)
    if part.entered is None:
        return
    stream = pieces(file, part.entered.at)
    frames = Frames(stream, limit, part.entered.known, span.stop, anywhere=codec is None)
    yield from frames
    part.left = frames.left


def _entry(window: Window, codec: Codec | None, span: Span, archive: str) -> Entry | None:
    """Where the span's first record starts, as told or as found; None where none does."""
    if span.number == 0:
        return Entry(0)
    if span.entry is not None:
        return span.entry if span.entry.at < span.stop else None
    places = _plain_starts(window, span, archive) if codec is None else _members(window, codec, span)
    return next((Entry(at, archive) for at in places), None)


def _plain_starts(window: Window, span: Span, archive: str) -> Iterator[int]:
    """What looks like records' starts in plain bytes of the span, in order."""
    pattern = ARC_START if archive == "arc" else WARC_START
    for at in range(span.start, span.stop, READ):
        block = window.at(at - 1, 1 + READ + MARGIN)  # a start is told by the byte before it
        places = (at - 1 + found.start() for found in pattern.finditer(block, 1))
        yield from (place for place in places if place < min(at + READ, span.stop))


def _members(window: Window, codec: Codec, span: Span) -> Iterator[int]:
    """Members in the span whose content begins with a record, in order."""
    at = span.start
    while at < span.stop:
        block = window.at(at, READ)
        found = block.find(codec.magic)
        while 0 <= found < span.stop - at:
            if begins_record(codec, window.at(at + found, TRIAL)):
                yield at + found
            found = block.find(codec.magic, found + 1)
        at += max(len(block) - len(codec.magic) + 1, 1)


def begins_record(codec: Codec, stored: bytes) -> bool:
    """Whether a member that starts with these bytes begins with a record's header."""
    if not codec.starts(stored):
        return False
    decoded = b""
    try:
        for data in codec.open().feed(stored):
            decoded += data
            if len(decoded) > MARGIN:
                break
    except Damaged:
        pass
    content = decoded.lstrip(b"\r\n")
    return bool(WARC_START.match(content) or ARC_START.match(content))


def archive_spans(path: str, file: pa.NativeFile, length: int) -> list[Span]:
    """Spans of stored bytes where records start members, or nothing is compressed; else of the decoded stream.

    None where the first record is broken: such a file is not worth dividing.
    """
    frames = Frames(pieces(file), until=1, anywhere=codec_of(file.read_at(16, 0)) is None)
    for frame in frames:
        if frame.error and frame.position == 0:
            return []
        if frame.position > length:
            break
    return spans(file.size(), length, "stored") if frames.left else [stream_span(length)]
