"""Parquet files with a column of text, read row group by row group without Python objects for the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from daybreak.errors import InputError
from daybreak.schema import RAW
from pipelines.ingest.keys import Keys
from pipelines.ingest.rows import MAX_QUARANTINED, MAX_ROWS, batches, broken, iso_utc, json_object
from pipelines.ingest.spans import Part, Span
from pipelines.ingest.streams import open_file, unreadable


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read any Parquet file. Options as for JSON Lines; a dotted path goes into structs."""
    return read_columns(path, filesystem, batch_bytes, Keys.of(options), part)


def read_columns(
    path: str,
    filesystem: fs.FileSystem | None,
    batch_bytes: int,
    keys: Keys,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read `keys` of a Parquet file into RAW batches; a record's offset is its row's index, its length 1.

    Rows whose text is null or not UTF-8 become errors; so does each row of a row group from where it cannot
    be decoded. Raises InputError where the footer cannot be read.
    """
    with open_file(path, filesystem) as file:
        table = open_table(path, file)
        try:
            keys = resolve(keys, table.schema_arrow, path)
        except InputError:
            if part is not None and part.span.number > 0:
                return  # the first part tells
            raise
        start = 0
        for group in range(table.num_row_groups):
            if part is None or part.span.start <= group < part.span.stop:
                yield from _group(table, group, start, keys, batch_bytes)
            start += table.metadata.row_group(group).num_rows


def open_table(path: str, file: pa.NativeFile) -> pq.ParquetFile:
    """The Parquet file in `file`; raises InputError where its footer cannot be read."""
    try:
        table = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        ",".join(table.schema_arrow.names)  # names that are no UTF-8 show here
        return table
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, f"it is no whole Parquet file ({error})", "Fetch it again") from None


def group_spans(path: str, file: pa.NativeFile, length: int) -> list[Span]:
    """Runs of row groups of at least `length` stored bytes each, but for the last."""
    facts = open_table(path, file).metadata
    ends, held = [], 0
    for group in range(facts.num_row_groups):
        columns = facts.row_group(group)
        held += sum(columns.column(i).total_compressed_size for i in range(columns.num_columns))
        if held >= length or group == facts.num_row_groups - 1:
            ends.append(group + 1)
            held = 0
    return [Span(n, start, stop, "groups") for n, (start, stop) in enumerate(pairwise([0, *ends]))]


def _group(
    table: pq.ParquetFile, group: int, start: int, keys: Keys, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    facts = table.metadata.row_group(group)
    end = start + facts.num_rows
    rows = max(1, min(MAX_ROWS, batch_bytes * facts.num_rows // max(facts.total_byte_size, 1)))
    try:
        for batch in table.iter_batches(rows, row_groups=[group], columns=_columns(keys), use_threads=False):
            yield from split(raw_batch(batch, start, keys), batch_bytes)
            start += len(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        why = f"row group {group} cannot be decoded from row {start} to {end - 1} ({error})"
        yield from batches((broken(row, 1, why) for row in range(start, end)), batch_bytes)


def split(batch: pa.RecordBatch, batch_bytes: int) -> Iterator[pa.RecordBatch]:
    """Cut `batch` so that every part holds at most `batch_bytes` of text, or one row."""
    ends = np.cumsum(batch["n_raw"].to_numpy())
    start = 0
    while start < len(batch):
        base = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, base + batch_bytes, side="right")))
        yield batch.slice(start, stop - start)
        start = stop


def resolve(keys: Keys, schema: pa.Schema, path: str) -> Keys:
    """`keys` as far as `schema` has them; raises InputError where there is no text in it."""
    there = [key for key in keys.text if _type_of(schema, key) is not None]
    if not there:
        why = f"it has no column '{keys.text[-1]}'; its columns are: {', '.join(schema.names)}"
        raise unreadable(path, why, "Set text_key to the column that holds the text")
    for key in there:
        if not _is_text(kind := _type_of(schema, key)):
            why = f"its column '{key}' holds {kind}, not text"
            raise unreadable(path, why, "Set text_key to a column of strings")
    url, timestamp, lang, licence = (
        _first(schema, named) for named in (keys.url, keys.timestamp, keys.lang, keys.licence)
    )
    renamed = {name: found for name, named in keys.renamed.items() if (found := _first(schema, named))}
    own = Keys(tuple(there), url, timestamp, lang, licence, (), renamed)
    wanted = schema.names if keys.metadata is None else keys.metadata
    left = (key for key in wanted if key not in own.taken and _type_of(schema, key) is not None)
    return replace(own, metadata=tuple(left))


def _first(schema: pa.Schema, keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if _type_of(schema, key) is not None)[:1]


def _type_of(schema: pa.Schema, key: str) -> pa.DataType | None:
    """The type under `key`, a column or a path into structs; None where there is none."""
    if key in schema.names:
        return schema.field(key).type
    name, *inner = key.split(".")
    kind = schema.field(name).type if name in schema.names else None
    for part in inner:
        if kind is None or not pa.types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        kind = kind.field(part).type
    return kind


def _value(batch: pa.RecordBatch, key: str) -> pa.Array:
    if key in batch.schema.names:
        return batch.column(key)
    name, *inner = key.split(".")
    return pc.struct_field(batch.column(name), inner)


def _columns(keys: Keys) -> list[str]:
    """The columns to read from the file: of a struct, the path into it."""
    return sorted(keys.taken | set(keys.metadata or ()))


def raw_batch(batch: pa.RecordBatch, start: int, keys: Keys) -> pa.RecordBatch:
    """The RAW rows of a batch of a table, the first of which is row `start`; `keys` were resolved."""
    text, raw, error = _checked(_joined(batch, keys.text), keys.text[-1])
    size = pc.fill_null(pc.binary_length(pc.coalesce(text.cast(pa.binary()), raw)), 0)
    known = {
        "offset": pa.array(np.arange(start, start + len(batch))),
        "length": pa.array(np.ones(len(batch), np.int64)),
        "url": _strings(batch, keys.url),
        "timestamp": _timestamps(_value(batch, keys.timestamp[0])) if keys.timestamp else None,
        "payload": raw,
        "text": text,
        "lang": _strings(batch, keys.lang),
        "metadata": _metadata(batch, keys),
        "n_raw": size.cast(pa.int64()),
        "error": error,
    }
    nothing = {field.name: pa.nulls(len(batch), field.type) for field in RAW}
    arrays = [nothing[name] if known.get(name) is None else known[name] for name in RAW.names]
    return pa.record_batch(arrays, schema=RAW)


def _joined(batch: pa.RecordBatch, names: Sequence[str]) -> pa.Array:
    """The text of each row: of several columns, what is there, a blank line between."""
    parts = [_value(batch, name) for name in names]
    if len(parts) == 1:
        return parts[0]
    stored = [part.cast(pa.string()).cast(pa.binary()) for part in parts]
    text = pc.binary_join_element_wise(*stored, pa.scalar(b"\n\n"), null_handling="skip")
    empty = reduce(pc.and_, (part.is_null() for part in parts))
    return pc.if_else(empty, pa.scalar(None, pa.binary()), text).cast(pa.string(), safe=False)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _checked(column: pa.Array, name: str) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Text, raw bytes and error of each row: text where it is UTF-8, else the other two."""
    text = column.cast(pa.string())
    error = pc.if_else(text.is_null(), f"The value of '{name}' is null", pa.scalar(None, pa.string()))
    raw = pa.nulls(len(text), pa.binary())
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        stored = text.cast(pa.binary()).to_pylist()
        reasons = [None if value is None else _utf8_error(value, name) for value in stored]
        bad = pa.array([reason is not None for reason in reasons])
        kept = [
            value[:MAX_QUARANTINED] if reason else None for value, reason in zip(stored, reasons, strict=True)
        ]
        raw = pa.array(kept, pa.binary())
        text = pa.array(
            [None if reason else value for value, reason in zip(stored, reasons, strict=True)], pa.binary()
        )
        text, error = text.cast(pa.string()), pc.if_else(bad, pa.array(reasons, pa.string()), error)
    return text, raw, error


def _utf8_error(value: bytes, name: str) -> str | None:
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return f"The value of '{name}' is not valid UTF-8: {error.reason} at byte {error.start}"
    return None


def _strings(batch: pa.RecordBatch, keys: Sequence[str]) -> pa.Array | None:
    column = _value(batch, keys[0]) if keys else None
    return None if column is None or not _is_text(column.type) else _valid(column)


def _valid(column: pa.Array) -> pa.Array:
    """A column of text with what is not UTF-8 in it replaced."""
    column = column.cast(pa.string())
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        stored = column.cast(pa.binary()).to_pylist()
        return pa.array(
            [None if value is None else value.decode(errors="replace") for value in stored], pa.string()
        )
    return column


def _timestamps(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        seconds = column.cast(pa.timestamp("s", column.type.tz), safe=False).cast(pa.int64())
        return pc.strftime(seconds.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%SZ")
    return pa.array([iso_utc(value) for value in _objects(column)], pa.string())


def _metadata(batch: pa.RecordBatch, keys: Keys) -> pa.Array | None:
    named = {name: name for name in keys.metadata or ()} | {
        name: key for name, (key,) in keys.renamed.items()
    }
    if keys.licence:
        named["licence"] = keys.licence[0]
    if not named:
        return None
    columns = [_objects(_value(batch, key)) for key in named.values()]
    rows = (dict(zip(named, values, strict=True)) for values in zip(*columns, strict=True))
    return pa.array([json_object(row) for row in rows], pa.string())


def _objects(column: pa.Array) -> list[Any]:
    """The values as Python's; what is not UTF-8 is replaced in a text, and within other values makes a null."""
    try:
        return (_valid(column) if _is_text(column.type) else column).to_pylist()
    except UnicodeDecodeError:
        return [_object(value) for value in column]


def _object(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except UnicodeDecodeError:
        return None
