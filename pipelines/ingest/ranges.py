"""Records of a WARC file at known places, read in few requests and without what stands between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from pipelines.ingest.frames import Frame, Frames
from pipelines.ingest.streams import pieces

GAP = 64 << 10
"""Bytes between two records that are read rather than skipped: a request costs more than so many."""

MOST = 8 << 20
"""Bytes of one request, at most, unless one record is longer."""


class Group(NamedTuple):
    """Neighbouring records that are read at once: `ranges` (offset, length) lie within start and end."""

    start: int
    end: int
    ranges: list[tuple[int, int]]


def groups(ranges: Iterable[tuple[int, int]]) -> Iterator[Group]:
    """Gather `ranges`, in order of offset, into what one request reads."""
    held: Group | None = None
    for offset, length in ranges:
        end = offset + length
        if held and offset - held.end <= GAP and end - held.start <= MOST:
            held.ranges.append((offset, length))
            held = held._replace(end=max(held.end, end))
            continue
        if held:
            yield held
        held = Group(offset, end, [(offset, length)])
    if held:
        yield held


def frames_at(file: pa.NativeFile, ranges: Iterable[tuple[int, int]], limit: int) -> Iterator[Frame]:
    """The records of `file` at `ranges`, with their offsets in it; where none stands, a frame with `error`."""
    for group in groups(ranges):
        file.seek(group.start)
        stored = file.read(group.end - group.start)
        for offset, length in group.ranges:
            start = offset - group.start
            yield from _frames(stored[start : start + length], offset, length, limit)


def _frames(stored: bytes, offset: int, length: int, limit: int) -> Iterator[Frame]:
    found = False
    for frame in Frames(pieces(pa.BufferReader(stored)), limit):
        found = True
        yield frame._replace(offset=frame.offset + offset)
    if not found:
        yield Frame(offset, length, {}, stored, "No record stands where the index places one")
