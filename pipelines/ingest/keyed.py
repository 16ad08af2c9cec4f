"""Records with named values in whatever file holds them: Parquet, Arrow or JSON Lines, told by its first bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.arrow import is_arrow, read_arrow
from pipelines.ingest.jsonl import read_json_lines
from pipelines.ingest.keys import Keys
from pipelines.ingest.parquet import read_columns
from pipelines.ingest.streams import open_file


def read_keyed(
    path: str, filesystem: fs.FileSystem | None, batch_bytes: int, keys: Keys
) -> Iterator[pa.RecordBatch]:
    """Read a file of records into RAW batches, by the reader of its kind."""
    with open_file(path, filesystem) as file:
        head = file.read(8)
    if head.startswith(b"PAR1"):
        return read_columns(path, filesystem, batch_bytes, keys)
    if is_arrow(head):
        return read_arrow(path, filesystem, batch_bytes, keys)
    return read_json_lines(path, filesystem, batch_bytes, keys.text, keys.describe)
