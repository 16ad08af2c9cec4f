"""JSON Lines: one JSON object a line, in any compression; the ground under C4, The Pile, OSCAR and others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

import orjson
import pyarrow as pa
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.ingest.keys import Fields, Keys, lookup
from pipelines.ingest.lines import Line, lines, span_lines
from pipelines.ingest.rows import Row, batches, broken, iso_utc, json_object, string_or_none
from pipelines.ingest.spans import Part, Span
from pipelines.ingest.streams import open_file, pieces, unreadable

JUDGED = 100
"""A file whose first so many records are all unusable is refused: another layout, or the wrong key."""


Describe = Callable[[dict[str, Any]], Fields]


def read_json_lines(
    path: str,
    filesystem: fs.FileSystem | None,
    batch_bytes: int,
    text_key: str | Sequence[str],
    describe: Describe,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a file of JSON objects into RAW batches: text under `text_key`, the rest by `describe`.

    Of several text keys, the values that are there are joined by a blank line.

    A line that is no JSON object, or has no text, becomes a row with `error`. Raises InputError where the
    file cannot be opened or none of its first 100 records can be used; of a `part`, only the first does.
    """
    names = (text_key,) if isinstance(text_key, str) else tuple(text_key)
    if part is not None:
        opened = partial(_part_lines, path, filesystem, names, describe, part.span)
        found = part.within(opened, lambda line: line.offset)
        yield from batches((_row(line, names, describe) for line in found), batch_bytes)
        return
    with open_file(path, filesystem) as file:
        rows = (_row(line, names, describe) for line in lines(pieces(file)))
        yield from batches(judged(rows, path), batch_bytes)


def _part_lines(
    path: str, filesystem: fs.FileSystem | None, text_keys: Sequence[str], describe: Describe, span: Span
) -> Iterator[Line]:
    """The lines of a span, and perhaps of others; none where the file's beginning has it refused."""
    with open_file(path, filesystem) as file:
        found = lines(pieces(file))
        first = list(islice(found, JUDGED))
        if (refusal := _refusal([_row(line, text_keys, describe) for line in first], path)) is not None:
            if span.number == 0:
                raise refusal
            return
        yield from chain(first, found) if span.measure == "decoded" else span_lines(file, span)


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read any JSON Lines file.

    Options and defaults: text_key text (or a list of keys), url_key url, timestamp_key timestamp, lang_key
    null, licence_key (licence, else license), metadata_keys. A key may be a dotted path ('meta.url'). Every
    other top-level key goes into the metadata, unless metadata_keys says which do.
    """
    keys = Keys.of(options)
    return read_json_lines(path, filesystem, batch_bytes, keys.text, keys.describe, part)


def _row(line: Line, text_keys: Sequence[str], describe: Describe) -> Row:
    if line.error:
        return broken(line.offset, line.length, line.error, line.data)
    try:
        document = parse(line.data)
        text = _text(document, text_keys)
    except ValueError as error:
        return broken(line.offset, line.length, str(error), line.data)
    fields = describe(document)
    return Row(
        line.offset,
        line.length,
        url=string_or_none(fields.url),
        timestamp=iso_utc(fields.timestamp),
        text=text,
        lang=string_or_none(fields.lang),
        metadata=json_object(fields.metadata),
        n_raw=len(line.data),
        drop=fields.drop,
    )


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`; raises ValueError with a sentence that says what is wrong and where."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        document = _parse_tolerant(data)
    if not isinstance(document, dict):
        raise ValueError(f"The line holds a JSON {_kind(document)}, not an object")
    return document


def _parse_tolerant(data: bytes) -> object:
    """What orjson refuses but Python writes (NaN, Infinity); else ValueError with the exact reason."""
    try:
        document = json.loads(data.decode())
        orjson.dumps(document)
    except UnicodeDecodeError as error:
        raise ValueError(f"The line is not valid UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"The line is not valid JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError("The line nests JSON too deeply to be read") from None
    except orjson.JSONEncodeError as error:
        raise ValueError(f"The line holds what UTF-8 and JSON cannot carry: {error}") from None
    return document


def _text(document: dict[str, Any], keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return _string(document, keys[0])
    there = [key for key in keys if lookup(document, key) is not None] or [keys[-1]]
    return "\n\n".join(_string(document, key) for key in there)


def _string(document: dict[str, Any], key: str) -> str:
    text = lookup(document, key)
    if isinstance(text, str):
        return text
    if text is None and key not in document:
        raise ValueError(
            f"The object has no key '{key}'; its keys are: {', '.join(list(document)[:20]) or 'none'}"
        )
    raise ValueError(f"The value of '{key}' is a JSON {_kind(text)}, not a string")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds: dict[type, str] = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    return kinds.get(type(value), "object")


def judged(rows: Iterable[Row], path: str) -> Iterator[Row]:
    """Pass `rows` on, unless the first JUDGED of them are all errors."""
    rows = iter(rows)
    first = list(islice(rows, JUDGED))
    if (refusal := _refusal(first, path)) is not None:
        raise refusal
    return chain(first, rows)


def _refusal(first: list[Row], path: str) -> InputError | None:
    """Why a file that begins with these rows is refused."""
    if len(first) < JUDGED or not all(row.error for row in first):
        return None
    why = f"none of its first {JUDGED} records is a document ({first[0].error})"
    return unreadable(path, why, "Check the source's layout and text_key")
