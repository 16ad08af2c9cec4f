"""Spans of a file: pieces that are read for themselves, so that a large file is many units of work.

Every record belongs to the one span that it starts in. Where spans lie depends on the file and on
`ingest.unit_bytes`, never on tasks, workers or what is finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar

R = TypeVar("R")

DECODED = 4
"""Decoded bytes that are counted as one stored: about what gzip and zstd make of text."""

Measure = Literal["stored", "decoded", "groups"]


@dataclass(frozen=True)
class Entry:
    """Where a span's first record starts, and what the reader knew by then (an archive's kind), if anything."""

    at: int
    known: str = ""


@dataclass(frozen=True)
class Span:
    """The records that start in [start, stop): `number` counts a file's spans from 0.

    measure: 'stored' bytes, which a reader enters by looking for a record's start; 'decoded' bytes of one
    compressed stream, which is read from its beginning; row 'groups' of Parquet. entry: where a 'stored'
    span's first record starts, once the span before it has told.
    """

    number: int
    start: int
    stop: int
    measure: Measure
    entry: Entry | None = None

    def later(self, steps: int) -> Span:
        """The span as long as this one, so many further on."""
        length = self.stop - self.start
        number, start = self.number + steps, self.start + steps * length
        return Span(number, start, start + length, self.measure)


@dataclass
class Part:
    """A span as a reader works on it, and what came of that.

    entered, left: the first record's start, and that of the first one behind the span, None where there is
    none; `linked` where the reader tells them. ended: no record starts behind the span.
    """

    span: Span
    entered: Entry | None = None
    left: Entry | None = None
    linked: bool = False
    ended: bool = False
    _given: bool = False
    _records: Iterator[Any] | None = None
    _held: list[Any] = field(default_factory=list)

    def move(self, span: Span) -> None:
        """Go on to a later span; a 'decoded' stream stays open, so that it is decoded once."""
        self.span, self.entered, self.left, self._given = span, None, None, False

    @property
    def beyond(self) -> bool:
        """Whether the stream ended before the span, which is therefore none of the file's."""
        stream = self.span.measure == "decoded" and self.span.number > 0
        return stream and self.ended and not self._given

    def facts(self) -> dict[str, Any]:
        """What the check of a file's spans wants to know, as JSON values."""
        if self.linked:
            return {
                name: entry and asdict(entry)
                for name, entry in (("entered", self.entered), ("left", self.left))
            }
        return {"ended": self.ended} if self.span.measure == "decoded" else {}

    def begins(self, records: Callable[[], Iterator[R]], position: Callable[[R], int]) -> bool:
        """Whether a record starts in the span or behind it. `records` opens the stream, on the first call."""
        if self._records is None:
            self._records = records()
        if self._held and position(self._held[0]) < self.span.start:
            self._held.clear()
        if not self._held and not self.ended:
            self._take(position)
        return bool(self._held)

    def within(self, records: Callable[[], Iterator[R]], position: Callable[[R], int]) -> Iterator[R]:
        """The records that start in the span; `position` tells where one does, and never goes back."""
        while self.begins(records, position) and position(self._held[0]) < self.span.stop:
            self._given = True
            yield self._held.pop()

    def _take(self, position: Callable[[R], int]) -> None:
        """Hold the next record, unless it belongs to an earlier span."""
        assert self._records is not None
        for record in self._records:
            if position(record) >= self.span.start:
                self._held.append(record)
                return
        self.ended = True


def spans(size: int, length: int, measure: Measure) -> list[Span]:
    """[0, size) cut into spans of `length`."""
    starts = range(0, max(size, 1), length)
    return [Span(n, at, min(at + length, size), measure) for n, at in enumerate(starts)]


def stream_span(length: int) -> Span:
    """The first span of a compressed stream, whose length nobody knows; decoded bytes count a quarter."""
    return Span(0, 0, DECODED * length, "decoded")
