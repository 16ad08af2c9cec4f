"""Dolma's layout (github.com/allenai/dolma, docs/data-format.md), which peS2o and OLMo's data have too.

JSON Lines, gzip or zstd: id, text, source, added (ISO 8601, when it was acquired), created (when it was made,
a guess), metadata (free). Address, title and licence stand in the metadata, where the source knows them.
"""

from __future__ import annotations

from pipelines.ingest.keyed import keyed_reader
from pipelines.ingest.keys import Keys

KEYS = Keys(
    url=("metadata.url", "url"),
    timestamp=("created", "added"),
    lang=("metadata.language", "lang"),
    licence=("metadata.license", "metadata.licence", "license", "licence"),
    metadata=("id", "source", "version"),
    renamed={"title": ("metadata.title",), "subreddit": ("metadata.subreddit",), "year": ("metadata.year",)},
)
"""Of the free metadata, which holds long lists of spans in some sources, what is named here is kept."""

read = keyed_reader(KEYS)
"""Read one shard of Dolma, peS2o or another data set in this layout. No options."""
