"""RefinedWeb (Penedo et al. 2023, arXiv 2306.01116): Parquet with content, url, timestamp, dump, segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.keys import Keys
from pipelines.ingest.parquet import read_columns
from pipelines.ingest.spans import Part

KEYS = Keys(text=("content",), metadata=("dump", "segment"))
"""image_urls is left out: lists of addresses that no stage reads, several times a short document's size."""


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one RefinedWeb shard. No options."""
    return read_columns(path, filesystem, batch_bytes, KEYS, part)
