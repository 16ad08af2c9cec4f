"""Arrow IPC files and streams, such as Hugging Face's save_to_disk writes; rows as those of Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.keys import Keys
from pipelines.ingest.parquet import raw_batch, resolve, split
from pipelines.ingest.rows import batches, broken
from pipelines.ingest.streams import open_file, unreadable

FILE_MAGIC = b"ARROW1"
CONTINUATION = b"\xff\xff\xff\xff"
END = CONTINUATION + bytes(4)
"""What ends a stream (Arrow columnar format, "IPC Streaming Format"); without it rows may be missing."""

MAX_BROKEN = 1 << 20
"""Rows of a broken batch that are told one by one, at most: their number may be what is broken."""


def is_arrow(head: bytes) -> bool:
    """Whether a file that starts with `head` is Arrow IPC."""
    return head.startswith((FILE_MAGIC, CONTINUATION))


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read any Arrow IPC file or stream. Options as for JSON Lines."""
    return read_arrow(path, filesystem, batch_bytes, Keys.of(options))


def read_arrow(
    path: str, filesystem: fs.FileSystem | None, batch_bytes: int, keys: Keys
) -> Iterator[pa.RecordBatch]:
    """Read `keys` of an Arrow file into RAW batches; a record's offset is its row's index, its length 1.

    Each row of a batch whose buffers contradict each other is an error; where no batch can be found any more,
    or a stream breaks off, what is missing is one error row. Raises InputError where the schema cannot be read.
    """
    with open_file(path, filesystem) as file:
        start, why = 0, None
        found, ended = _opened(file, path)
        keys = resolve(keys, found.schema, path)
        columns = _columns(keys, found.schema)
        try:
            for batch in _batches(found):
                if (wrong := _wrong(batch.select(columns))) is None:
                    yield from split(raw_batch(batch, start, keys), batch_bytes)
                else:
                    rows = range(start, start + min(len(batch), MAX_BROKEN))
                    yield from batches((broken(row, 1, wrong) for row in rows), batch_bytes)
                start += len(batch)
        except (pa.ArrowException, OSError) as error:
            why = f"The rows from {start} on cannot be decoded ({error})"
        if why or not ended:
            why = why or f"The stream breaks off after row {start}: its end mark is missing"
            yield from batches([broken(start, 1, why)], batch_bytes)


def _columns(keys: Keys, schema: pa.Schema) -> list[str]:
    """The columns in which `keys` stand."""
    named = {*keys.taken, *(keys.metadata or ())}
    return [name for name in schema.names if any(key == name or key.startswith(f"{name}.") for key in named)]


def _wrong(batch: pa.RecordBatch) -> str | None:
    """What contradicts itself in a batch, for Arrow trusts what it reads; bad UTF-8 alone is looked at later."""
    try:
        for column in batch.columns:
            _validate(column)
    except (pa.ArrowException, OSError) as error:
        return f"The batch cannot be decoded ({error})"
    return None


def _validate(column: pa.Array) -> None:
    """Raise ArrowInvalid where the buffers of a column do not fit each other."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.view(pa.binary() if pa.types.is_string(column.type) else pa.large_binary())
    column.validate(full=True)


def _opened(
    file: pa.NativeFile, path: str
) -> tuple[pa.RecordBatchFileReader | pa.RecordBatchStreamReader, bool]:
    """The reader, and whether the end mark is there."""
    size = file.size()
    file.seek(max(0, size - len(END)))
    ended = file.read(len(END)) == END
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    try:
        in_file = head.startswith(FILE_MAGIC)  # without its footer it does not open
        found = pa.ipc.open_file(file) if in_file else pa.ipc.open_stream(file)
        ",".join(found.schema.names)  # names that are no UTF-8 show here
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, f"it is no whole Arrow file ({error})", "Fetch it again") from None
    return found, ended or in_file


def _batches(found: pa.RecordBatchFileReader | pa.RecordBatchStreamReader) -> Iterator[pa.RecordBatch]:
    if isinstance(found, pa.RecordBatchFileReader):
        return (found.get_batch(number) for number in range(found.num_record_batches))
    return iter(found)
