"""JSON Lines: one JSON object a line, in any compression; the ground under C4, The Pile, OSCAR and others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.ingest.lines import Line, lines, span_lines
from pipelines.ingest.rows import Row, batches, broken, iso_utc, json_object, string_or_none
from pipelines.ingest.spans import Part, Span
from pipelines.ingest.streams import open_file, pieces, unreadable

JUDGED = 100
"""A file whose first so many records are all unusable is refused: another layout, or the wrong key."""


class Fields(NamedTuple):
    """What a layout knows of a document besides its text; values as they stand in the JSON, any type."""

    url: object = None
    timestamp: object = None
    lang: object = None
    metadata: Mapping[str, object] = {}


Describe = Callable[[dict[str, Any]], Fields]


def read_json_lines(
    path: str,
    filesystem: fs.FileSystem | None,
    batch_bytes: int,
    text_key: str,
    describe: Describe,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a file of JSON objects into RAW batches: text under `text_key`, the rest by `describe`.

    A line that is no JSON object, or has no text, becomes a row with `error`. Raises InputError where the
    file cannot be opened or none of its first 100 records can be used; of a `part`, only the first does.
    """
    if part is not None:
        opened = partial(_part_lines, path, filesystem, text_key, describe, part.span)
        found = part.within(opened, lambda line: line.offset)
        yield from batches((_row(line, text_key, describe) for line in found), batch_bytes)
        return
    with open_file(path, filesystem) as file:
        rows = (_row(line, text_key, describe) for line in lines(pieces(file)))
        yield from batches(_judged(rows, path), batch_bytes)


def _part_lines(
    path: str, filesystem: fs.FileSystem | None, text_key: str, describe: Describe, span: Span
) -> Iterator[Line]:
    """The lines of a span, and perhaps of others; none where the file's beginning has it refused."""
    with open_file(path, filesystem) as file:
        found = lines(pieces(file))
        first = list(islice(found, JUDGED))
        if (refusal := _refusal([_row(line, text_key, describe) for line in first], path)) is not None:
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

    Options and defaults: text_key text, url_key url, timestamp_key timestamp, lang_key null. A key may be a
    dotted path ('meta.url'). Every other top-level key goes into the metadata.
    """
    keys = {name: options.get(f"{name}_key", default) for name, default in DEFAULT_KEYS.items()}
    taken = {key.partition(".")[0] if "." not in key else key for key in keys.values() if key}

    def describe(document: dict[str, Any]) -> Fields:
        metadata = {key: value for key, value in document.items() if key not in taken}
        url, timestamp, lang = (lookup(document, keys[name]) for name in ("url", "timestamp", "lang"))
        return Fields(url, timestamp, lang, metadata)

    return read_json_lines(path, filesystem, batch_bytes, keys["text"], describe, part)


DEFAULT_KEYS = {"text": "text", "url": "url", "timestamp": "timestamp", "lang": None}


def lookup(document: Mapping[str, Any], key: str | None) -> object:
    """The value under `key`: as it stands, else as a dotted path into nested objects; None where absent."""
    if key is None or key in document:
        return document.get(key) if key else None
    value: object = document
    for part in key.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _row(line: Line, text_key: str, describe: Describe) -> Row:
    if line.error:
        return broken(line.offset, line.length, line.error, line.data)
    try:
        document = parse(line.data)
        text = _text(document, text_key)
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


def _text(document: dict[str, Any], key: str) -> str:
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


def _judged(rows: Iterable[Row], path: str) -> Iterator[Row]:
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
