"""FineWeb, FineWeb-Edu and FineWeb-2 (huggingface.co/datasets/HuggingFaceFW): Parquet, a row a page.

Columns: text, id, dump, url, date, file_path, language, language_score, and token_count (FineWeb) or
language_script, minhash_cluster_size, top_langs (FineWeb-2).
"""

from __future__ import annotations

from pipelines.ingest.keyed import keyed_reader
from pipelines.ingest.keys import Keys

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

read = keyed_reader(KEYS)
"""Read one shard of FineWeb or FineWeb-2, as Parquet or as JSON Lines. No options."""
