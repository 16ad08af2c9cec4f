"""The tables of a history. Each is cut into buckets by the hash of its key, and sorted by it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from pipelines.parts import Layout


@dataclass(frozen=True)
class Table:
    """One table: its key (the column asked for), its total order, its layout, and the columns that name documents.

    A row goes when one of its `documents` is taken down.
    """

    name: str
    schema: pa.Schema
    order: tuple[str, ...]
    documents: tuple[str, ...]
    layout: Layout

    @property
    def key(self) -> str:
        """The column that rows are asked for by."""
        return self.order[0]


# Hashes do not compress: no dictionary. Larger groups than those of text, for fewer and longer reads.
_HASHES = 1 << 16


def hash_table(name: str, key: str = "hash", of: pa.DataType | None = None) -> Table:
    """A table of hashes (`key`), each with the first document that has it, and the one kept for that (null: itself)."""
    schema = pa.schema([(key, of or pa.string()), ("doc_id", pa.string()), ("kept", pa.string())])
    encoding = "PLAIN" if of is not None else "DELTA_LENGTH_BYTE_ARRAY"
    layout = Layout(_HASHES, encodings={key: encoding, "doc_id": "DELTA_LENGTH_BYTE_ARRAY"})
    return Table(name, schema, (key, "doc_id"), ("doc_id", "kept"), layout)


EXACT = hash_table("exact", "exact_hash")
"""Every document that came to the exact level and was the first with its text, kept or not."""

URLS = hash_table("urls", "url_hash")
"""Every document that was the first with its URL, kept or not."""

BANDS = Table(
    "bands",
    pa.schema([("bucket", pa.int64()), ("order", pa.binary()), ("doc_id", pa.string())]),
    ("bucket", "order"),
    ("doc_id",),
    Layout(_HASHES, encodings={"bucket": "PLAIN"}),
)
"""Kept documents by the buckets they stand in, in the declared order."""

SETS = Table(
    "sets",
    pa.schema([("doc_id", pa.string()), ("shingles", pa.list_(pa.int32()))]),
    ("doc_id",),
    ("doc_id",),
    # Few documents a group: those that a run asks for are few and lie anywhere.
    Layout(16, 1 << 17, encodings={"shingles.list.element": "DELTA_BINARY_PACKED"}),
)
"""Shingle sets of kept documents, for exact similarity; ascending, so that differences pack well."""

MEMBERS = Table(
    "members",
    pa.schema(
        [("cluster_id", pa.string()), ("doc_id", pa.string()), ("level", pa.string()), ("batch", pa.int32())]
    ),
    ("cluster_id", "doc_id"),
    ("cluster_id", "doc_id"),
    Layout(_HASHES),
)
"""Every document that was dropped for a kept one, and in which batch: cluster sizes are counts of these."""

TABLES = {table.name: table for table in (EXACT, URLS, BANDS, SETS, MEMBERS)}
"""The tables of document levels."""


def table(name: str) -> Table:
    """The table of that name; a name that is not known is a table of int64 hashes (e.g. `seen-lines`)."""
    return TABLES.get(name) or hash_table(name, of=pa.int64())
