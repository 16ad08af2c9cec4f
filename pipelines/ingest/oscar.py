"""OSCAR 22.01 and 23.01 (oscar-project.github.io/documentation/versions): JSON Lines of WET-like records.

22.01 is gzip, 23.01 zstd. 22.01 calls `annotation` what 23.01 calls `quality_warnings`, and has no categories.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.jsonl import read_json_lines
from pipelines.ingest.keys import Fields, lookup
from pipelines.ingest.spans import Part

KEPT = ("harmful_pp", "quality_warnings", "categories")
"""Keys of `metadata` that go into ours; the label of every sentence and the TLSH hash do not."""

OLD_WARNINGS = "metadata.annotation"


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one OSCAR shard; the language is `metadata.identification.label`. No options."""
    return read_json_lines(path, filesystem, batch_bytes, "content", _describe, part)


def _describe(document: dict[str, Any]) -> Fields:
    metadata = {key: lookup(document, f"metadata.{key}") for key in KEPT}
    if metadata["quality_warnings"] is None:
        metadata["quality_warnings"] = lookup(document, OLD_WARNINGS)
    return Fields(
        url=lookup(document, "warc_headers.warc-target-uri"),
        timestamp=lookup(document, "warc_headers.warc-date"),
        lang=lookup(document, "metadata.identification.label"),
        metadata=metadata | {"record_id": lookup(document, "warc_headers.warc-record-id")},
    )
