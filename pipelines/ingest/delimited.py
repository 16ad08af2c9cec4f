"""CSV and TSV (RFC 4180): a record a document, in any compression; a quoted value may hold line feeds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.jsonl import judged
from pipelines.ingest.keys import Keys
from pipelines.ingest.lines import MAX_LINE, Line, lines
from pipelines.ingest.rows import Row, batches, broken, iso_utc, json_object, string_or_none
from pipelines.ingest.streams import open_file, pieces, unreadable

TABBED = (".tsv", ".tab")
MAX_OPEN = 8 << 20
"""Bytes after which a quote that nothing closed is taken for damage of its line, and the next is read anew."""


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read one CSV file: its first line names the columns, unless the option columns does.

    Options: those of JSON Lines (text_key text, ...), delimiter (comma; tab for .tsv), quote ("; null for
    none), columns. A record with more or fewer values than columns, one that is not UTF-8, or a quote that
    nothing closes is a row with `error`. Raises InputError where the file cannot be opened, lacks the column of
    the text, or none of its first 100 records can be used.
    """
    dialect = _dialect(path, options)
    csv.field_size_limit(MAX_LINE)
    keys = Keys.of(options)
    with open_file(path, filesystem) as file:
        found = records(lines(pieces(file), blank=True), options.get("quote", '"'))
        names, found = _header(found, dialect, options.get("columns"))
        if names is None:
            yield from batches((_broken(record) for record in found), batch_bytes)
            return
        if not set(keys.text) & set(names):
            why = f"it has no column '{keys.text[-1]}'; its columns are: {', '.join(names)}"
            raise unreadable(path, why, "Set text_key, or columns where no line names them")
        rows = (_row(record, names, keys, dialect) for record in found if record.data.strip() or record.error)
        yield from batches(judged(rows, path), batch_bytes)


def records(found: Iterable[Line], quote: str | None) -> Iterator[Line]:
    """Lines joined to records: a line feed between quotes does not end one.

    A line with an even number of quotes leaves them as they were, for a quote within a value is doubled.
    """
    mark = quote.encode() if quote else b""
    held: list[Line] = []
    waiting = iter(found)
    while (line := next(waiting, None)) is not None:
        odd = bool(mark) and line.data.count(mark) % 2 == 1
        held.append(line)
        if len(held) == 1 and (line.error or not odd):
            yield line
            held = []
        elif line.error:
            yield from (_unclosed(held[0]), *held[1:])
            held = []
        elif len(held) > 1 and odd:
            yield _joined(held)
            held = []
        elif line.offset + line.length - held[0].offset > MAX_OPEN:
            yield _unclosed(held[0])
            waiting, held = chain(held[1:], waiting), []
    if held:
        yield _unclosed(held[0])
        yield from held[1:]


def _joined(held: list[Line]) -> Line:
    data = b"\n".join(part.data for part in held)
    return Line(held[0].offset, sum(part.length for part in held), data)


def _unclosed(line: Line) -> Line:
    return line._replace(error="A quote is opened in this line that nothing closes")


def _dialect(path: str, options: Mapping[str, Any]) -> dict[str, Any]:
    stem = path.lower().removesuffix(".gz").removesuffix(".zst").removesuffix(".xz").removesuffix(".bz2")
    delimiter = options.get("delimiter") or ("\t" if stem.endswith(TABBED) else ",")
    quote = options.get("quote", '"')
    quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    return {"delimiter": delimiter, "strict": True, **quoting}


def _header(
    found: Iterator[Line], dialect: Mapping[str, Any], columns: list[str] | None
) -> tuple[list[str] | None, Iterator[Line]]:
    """The columns' names, and the records that follow; None where the line with the names is broken."""
    if columns is not None:
        return list(columns), found
    head = next((line for line in found if line.data.strip() or line.error), None)
    if head is None:
        return None, iter(())
    try:
        return _values(head, dialect), found
    except ValueError as error:
        return None, chain([head._replace(error=head.error or f"The names of the columns: {error}")], found)


def _values(record: Line, dialect: Mapping[str, Any]) -> list[str]:
    """A record's values; raises ValueError with a sentence that says what is wrong."""
    if record.error:
        raise ValueError(record.error)
    try:
        text = record.data.removesuffix(b"\r").decode()
        return next(csv.reader([text], **dialect))
    except UnicodeDecodeError as error:
        raise ValueError(f"The record is not valid UTF-8: {error.reason} at byte {error.start}") from None
    except (csv.Error, StopIteration) as error:
        raise ValueError(f"The record is not valid CSV: {error}") from None


def _row(record: Line, names: list[str], keys: Keys, dialect: Mapping[str, Any]) -> Row:
    try:
        values = _values(record, dialect)
        if len(values) != len(names):
            raise ValueError(f"The record has {len(values)} values for {len(names)} columns")
    except ValueError as error:
        return broken(record.offset, record.length, str(error), record.data)
    document = dict(zip(names, values, strict=True))
    fields = keys.describe({name: value for name, value in document.items() if value})
    return Row(
        record.offset,
        record.length,
        url=string_or_none(fields.url),
        timestamp=iso_utc(fields.timestamp),
        text="\n\n".join(document[name] for name in keys.text if document.get(name)),
        lang=string_or_none(fields.lang),
        metadata=json_object(fields.metadata),
        n_raw=len(record.data),
    )


def _broken(record: Line) -> Row:
    why = record.error or "The line that names the columns cannot be read"
    return broken(record.offset, record.length, why, record.data)
