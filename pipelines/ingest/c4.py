"""C4 as AllenAI publishes it (huggingface.co/datasets/allenai/c4): json.gz with text, timestamp, url."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.jsonl import Fields, read_json_lines
from pipelines.ingest.spans import Part


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one C4 shard; no options."""
    return read_json_lines(path, filesystem, batch_bytes, "text", _describe, part)


def _describe(document: dict[str, Any]) -> Fields:
    return Fields(url=document.get("url"), timestamp=document.get("timestamp"))
