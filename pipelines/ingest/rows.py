"""Rows of the RAW schema, gathered into batches that are bounded in bytes and in rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from daybreak.errors import InputError
from daybreak.schema import RAW

MAX_ROWS = 1024
MAX_QUARANTINED = 1 << 20
"""Raw bytes of a broken record that are kept, at most."""


class Row(NamedTuple):
    """One record of a file, in the order of `daybreak.schema.RAW`, which says what each field means."""

    offset: int
    length: int
    url: str | None = None
    timestamp: str | None = None
    payload: bytes | None = None
    text: str | None = None
    mime: str | None = None
    charset: str | None = None
    lang: str | None = None
    metadata: str | None = None
    n_raw: int = 0
    drop: str | None = None
    error: str | None = None


def broken(offset: int, length: int, why: str, raw: bytes = b"") -> Row:
    """The row of a record that cannot be read: `why` is a sentence, `raw` is cut at 1 MiB."""
    return Row(offset, length, payload=raw[:MAX_QUARANTINED], n_raw=length, error=why)


def batches(rows: Iterable[Row], batch_bytes: int, max_rows: int = MAX_ROWS) -> Iterator[pa.RecordBatch]:
    """Gather `rows` into batches of at most `max_rows` rows and about `batch_bytes` of content.

    A batch closes with the row that reaches the bound, so one row larger than it travels alone or last. Where
    `rows` raises InputError, the rows before it are yielded first.
    """
    held: list[Row] = []
    size = 0
    failure = None
    try:
        for row in rows:
            held.append(row)
            size += max(row.n_raw, len(row.payload or b""))
            if size >= batch_bytes or len(held) >= max_rows:
                yield _batch(held)
                held, size = [], 0
    except InputError as error:
        failure = error
    if held:
        yield _batch(held)
    if failure:
        raise failure


def _batch(rows: list[Row]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        _binary(column) if field.type == pa.binary() else pa.array(column, field.type)
        for column, field in zip(columns, RAW, strict=True)
    ]
    return pa.record_batch(arrays, schema=RAW)


def _binary(values: Sequence[bytes | None]) -> pa.Array:
    """A binary array, its bytes copied once: arrow's own builder grows, and copies as it does."""
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(value or b"") for value in values], out=offsets[1:])
    valid = pa.array([value is not None for value in values]).buffers()[1]
    data = pa.py_buffer(b"".join(filter(None, values)))
    return pa.Array.from_buffers(pa.binary(), len(values), [valid, pa.py_buffer(offsets), data])


def json_object(fields: Mapping[str, object]) -> str | None:
    """`fields` without nulls as a JSON object with sorted keys; None where nothing is left."""
    present = {key: value for key, value in fields.items() if value is not None}
    if not present:
        return None
    return orjson.dumps(present, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def iso_utc(value: object) -> str | None:
    """A date as 'YYYY-MM-DDTHH:MM:SSZ'; text is read as ISO 8601 (UTC where it names no zone), else None."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    try:
        value = value.astimezone(UTC) if value.tzinfo else value
    except OverflowError:
        return None
    return value.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def string_or_none(value: object) -> str | None:
    """`value` if it is a text with something in it."""
    return value if isinstance(value, str) and value else None
