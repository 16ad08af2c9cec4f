"""FineWeb, FineWeb-Edu and FineWeb-2 (huggingface.co/datasets/HuggingFaceFW): Parquet, a row a page.

Columns: text, id, dump, url, date, file_path, language, language_score, and token_count (FineWeb) or
language_script, minhash_cluster_size, top_langs (FineWeb-2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.keyed import read_keyed
from pipelines.ingest.keys import Keys
from pipelines.ingest.spans import Part

KEYS = Keys(
    timestamp=("date",),
    lang=("language",),
    metadata=(
        "id",
        "dump",
        "file_path",
        "language_score",
        "language_script",
        "minhash_cluster_size",
        "token_count",
        "score",
        "int_score",
    ),
)
"""top_langs is left out: scores of all languages, as JSON, that no stage reads."""


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one shard of FineWeb or FineWeb-2, as Parquet or as JSON Lines. No options."""
    return read_keyed(path, filesystem, batch_bytes, KEYS, part)
