"""Parquet files with a column of text, read row group by row group without Python objects for the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from daybreak.errors import InputError
from daybreak.schema import RAW
from pipelines.ingest.rows import MAX_QUARANTINED, MAX_ROWS, batches, broken, iso_utc, json_object
from pipelines.ingest.spans import Part, Span
from pipelines.ingest.streams import open_file, unreadable


@dataclass(frozen=True)
class Columns:
    """Which column holds what; None for what a layout lacks. metadata None: every column left over."""

    text: str = "text"
    url: str | None = "url"
    timestamp: str | None = "timestamp"
    lang: str | None = None
    metadata: Sequence[str] | None = None

    def of(self, schema: pa.Schema, path: str) -> Columns:
        """These columns as far as `schema` has them; raises InputError where there is no text in it."""
        if self.text not in schema.names:
            why = f"it has no column '{self.text}'; its columns are: {', '.join(schema.names)}"
            raise unreadable(path, why, "Set text_key to the column that holds the text")
        if not _is_text(schema.field(self.text).type):
            why = f"its column '{self.text}' holds {schema.field(self.text).type}, not text"
            raise unreadable(path, why, "Set text_key to a column of strings")
        named = [self.url, self.timestamp, self.lang]
        url, timestamp, lang = (name if name in schema.names else None for name in named)
        left = [name for name in schema.names if name not in (self.text, url, timestamp, lang)]
        metadata = left if self.metadata is None else [name for name in self.metadata if name in left]
        return Columns(self.text, url, timestamp, lang, metadata)

    def names(self) -> list[str]:
        """The columns to read from the file."""
        named = [self.text, self.url, self.timestamp, self.lang, *(self.metadata or ())]
        return [name for name in named if name]


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read any Parquet file. Options as for JSON Lines (text_key, url_key, timestamp_key, lang_key)."""
    columns = Columns(
        text=options.get("text_key", "text"),
        url=options.get("url_key", "url"),
        timestamp=options.get("timestamp_key", "timestamp"),
        lang=options.get("lang_key"),
    )
    return read_columns(path, filesystem, batch_bytes, columns, part)


def read_columns(
    path: str,
    filesystem: fs.FileSystem | None,
    batch_bytes: int,
    columns: Columns,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read `columns` of a Parquet file into RAW batches; a record's offset is its row's index, its length 1.

    Rows whose text is null or not UTF-8 become errors; so does each row of a row group from where it cannot
    be decoded. Raises InputError where the footer cannot be read.
    """
    with open_file(path, filesystem) as file:
        table = open_table(path, file)
        try:
            columns = columns.of(table.schema_arrow, path)
        except InputError:
            if part is not None and part.span.number > 0:
                return  # the first part tells
            raise
        start = 0
        for group in range(table.num_row_groups):
            if part is None or part.span.start <= group < part.span.stop:
                yield from _group(table, group, start, columns, batch_bytes)
            start += table.metadata.row_group(group).num_rows


def open_table(path: str, file: pa.NativeFile) -> pq.ParquetFile:
    """The Parquet file in `file`; raises InputError where its footer cannot be read."""
    try:
        return pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
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
    table: pq.ParquetFile, group: int, start: int, columns: Columns, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    facts = table.metadata.row_group(group)
    end = start + facts.num_rows
    rows = max(1, min(MAX_ROWS, batch_bytes * facts.num_rows // max(facts.total_byte_size, 1)))
    try:
        for batch in table.iter_batches(rows, row_groups=[group], columns=columns.names(), use_threads=False):
            yield from split(_raw(batch, start, columns), batch_bytes)
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


def _raw(batch: pa.RecordBatch, start: int, columns: Columns) -> pa.RecordBatch:
    text, raw, error = _checked(batch[columns.text], columns.text)
    size = pc.fill_null(pc.binary_length(pc.coalesce(text.cast(pa.binary()), raw)), 0)
    known = {
        "offset": pa.array(np.arange(start, start + len(batch))),
        "length": pa.array(np.ones(len(batch), np.int64)),
        "url": _strings(batch, columns.url),
        "timestamp": _timestamps(batch[columns.timestamp]) if columns.timestamp else None,
        "payload": raw,
        "text": text,
        "lang": _strings(batch, columns.lang),
        "metadata": _metadata(batch, columns.metadata or ()),
        "n_raw": size.cast(pa.int64()),
        "error": error,
    }
    nothing = {field.name: pa.nulls(len(batch), field.type) for field in RAW}
    arrays = [nothing[name] if known.get(name) is None else known[name] for name in RAW.names]
    return pa.record_batch(arrays, schema=RAW)


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


def _strings(batch: pa.RecordBatch, name: str | None) -> pa.Array | None:
    if name is None or not _is_text(batch[name].type):
        return None
    column = batch[name].cast(pa.string())
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
    return pa.array([iso_utc(value) for value in column.to_pylist()], pa.string())


def _metadata(batch: pa.RecordBatch, names: Sequence[str]) -> pa.Array | None:
    if not names:
        return None
    return pa.array([json_object(row) for row in batch.select(list(names)).to_pylist()], pa.string())
