"""The Pile (Gao et al. 2020, arXiv 2101.00027): jsonl.zst with text and meta.pile_set_name."""

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
    """Read one shard of The Pile; the metadata's `pile_set_name` names the sub-source. No options."""
    return read_json_lines(path, filesystem, batch_bytes, "text", _describe, part)


def _describe(document: dict[str, Any]) -> Fields:
    meta = document.get("meta")
    return Fields(metadata=meta if isinstance(meta, dict) else {})
