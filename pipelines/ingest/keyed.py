"""Records with named values in whatever file holds them: Parquet, Arrow or JSON Lines, told by its first bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.arrow import is_arrow, read_arrow
from pipelines.ingest.jsonl import read_json_lines
from pipelines.ingest.keys import Keys
from pipelines.ingest.lines import line_spans
from pipelines.ingest.parquet import group_spans, read_columns
from pipelines.ingest.spans import Part, Span
from pipelines.ingest.streams import open_file


def read_keyed(
    path: str,
    filesystem: fs.FileSystem | None,
    batch_bytes: int,
    keys: Keys,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a file of records into RAW batches, by the reader of its kind."""
    with open_file(path, filesystem) as file:
        head = file.read(8)
    if head.startswith(b"PAR1"):
        return read_columns(path, filesystem, batch_bytes, keys, part)
    if is_arrow(head):
        return read_arrow(path, filesystem, batch_bytes, keys)
    return read_json_lines(path, filesystem, batch_bytes, keys.text, keys.describe, part)


def keyed_reader(keys: Keys) -> Callable[..., Iterator[pa.RecordBatch]]:
    """The reader of a layout that is these keys, and has no options."""

    def read(
        path: str,
        filesystem: fs.FileSystem | None = None,
        *,
        batch_bytes: int = 4 << 20,
        options: Mapping[str, Any],
        part: Part | None = None,
    ) -> Iterator[pa.RecordBatch]:
        return read_keyed(path, filesystem, batch_bytes, keys, part)

    return read


def keyed_spans(path: str, file: pa.NativeFile, length: int) -> list[Span]:
    """Spans as the file's kind has them; Arrow files stay whole."""
    head = file.read_at(8, 0)
    if head.startswith(b"PAR1"):
        return group_spans(path, file, length)
    return [] if is_arrow(head) else line_spans(path, file, length)
