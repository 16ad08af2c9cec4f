"""The Pile (Gao et al. 2020, arXiv 2101.00027): jsonl.zst with text and meta.pile_set_name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.jsonl import read_json_lines
from pipelines.ingest.keys import Fields
from pipelines.ingest.spans import Part


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one shard of The Pile; the metadata's `pile_set_name` names the sub-source.

    Option components: the sub-sources to keep; documents of others are rows with drop 'not_selected'.
    """
    components = options.get("components")
    describe = partial(_describe, components=None if components is None else frozenset(components))
    return read_json_lines(path, filesystem, batch_bytes, "text", describe, part)


def _describe(document: dict[str, Any], components: frozenset[str] | None) -> Fields:
    meta = document.get("meta")
    metadata = meta if isinstance(meta, dict) else {}
    wanted = components is None or metadata.get("pile_set_name") in components
    return Fields(metadata=metadata, drop=None if wanted else "not_selected")
