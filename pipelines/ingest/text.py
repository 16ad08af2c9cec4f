"""Plain text in any compression: a file, a paragraph or a line a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.lines import BOM, MAX_LINE, Line, lines
from pipelines.ingest.rows import MAX_QUARANTINED, Row, batches, broken
from pipelines.ingest.streams import Piece, open_file, pieces

MAX_DOCUMENT = MAX_LINE
"""Longest file or paragraph that is read as one document, bytes; a longer one becomes an error row."""


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read one text file. Options: document (file, paragraph or line), encoding (utf-8).

    Text that is not in the encoding, or stands in a damaged part of the file, is a row with `error`. Offsets
    are in the decoded stream. Raises InputError where the file cannot be opened.
    """
    encoding = options.get("encoding", "utf-8")
    with open_file(path, filesystem) as file:
        found = _documents(pieces(file), options.get("document", "file"))
        yield from batches((_row(document, encoding) for document in found), batch_bytes)


def _documents(stream: Iterable[Piece], kind: str) -> Iterator[Line]:
    if kind == "file":
        whole = whole_file(stream)
        return iter([whole] if whole.length else [])
    found = lines(stream)
    return found if kind == "line" else paragraphs(found)


def whole_file(stream: Iterable[Piece]) -> Line:
    """All of a file as one line of any length; with `error` where it is damaged or longer than MAX_DOCUMENT."""
    held, size, why = bytearray(), 0, None
    for piece in stream:
        why = why or piece.damage
        if piece.damage:
            continue
        size += len(piece.data)
        if size <= MAX_DOCUMENT:
            held += piece.data
    if size > MAX_DOCUMENT:
        why = f"The file is {size} bytes long; the limit of one document is {MAX_DOCUMENT}"
    data = bytes(held).removeprefix(BOM)
    return Line(0, max(size, 1) if why else size, data[:MAX_QUARANTINED] if why else data, why)


def paragraphs(found: Iterable[Line]) -> Iterator[Line]:
    """Lines joined to paragraphs: one ends where a blank line, damage or the file's end follows."""
    held: list[Line] = []
    for line in found:
        if held and (line.error or line.offset > held[-1].offset + held[-1].length or _full(held)):
            yield _joined(held)
            held = []
        if line.error:
            yield line
        else:
            held.append(line)
    if held:
        yield _joined(held)


def _full(held: list[Line]) -> bool:
    return held[-1].offset + held[-1].length - held[0].offset > MAX_DOCUMENT


def _joined(held: list[Line]) -> Line:
    length = held[-1].offset + held[-1].length - held[0].offset
    data = b"\n".join(line.data for line in held)
    if len(data) > MAX_DOCUMENT:
        why = f"The paragraph is longer than {MAX_DOCUMENT} bytes, the limit of one document"
        return Line(held[0].offset, length, data[:MAX_QUARANTINED], why)
    return Line(held[0].offset, length, data)


def _row(document: Line, encoding: str) -> Row:
    try:
        text = decoded(document, encoding)
    except ValueError as error:
        return broken(document.offset, document.length, str(error), document.data)
    return Row(document.offset, document.length, text=text, mime="text/plain", n_raw=len(document.data))


def decoded(document: Line, encoding: str) -> str:
    """A document's text; raises ValueError with a sentence that says what is wrong."""
    if document.error:
        raise ValueError(document.error)
    try:
        return document.data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"The text is not valid {encoding}: {error.reason} at byte {error.start}") from None
