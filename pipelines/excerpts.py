"""A few documents to look at: chosen by a keyed hash, with the start of their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KEY = np.uint64(0x9E3779B97F4A7C15)
EXCERPT = 300


def keyed_hash(doc_ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """A 64-bit hash of each doc_id (uint64): its words mixed as in SplitMix64 (Steele 2014)."""
    padded = pc.ascii_rpad(doc_ids, 32).cast(pa.binary()).cast(pa.binary(32))
    padded = padded.combine_chunks() if isinstance(padded, pa.ChunkedArray) else padded
    words = np.frombuffer(padded.buffers()[1], dtype="<u8").reshape(-1, 4)
    words = words[padded.offset : padded.offset + len(padded)]
    state = np.full(len(words), KEY, dtype=np.uint64)
    for column in words.T:
        state = (state ^ column) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state


def texts(documents: Mapping[str, Path], rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """URL and start of the text (at most `EXCERPT` characters and one) by doc_id, for rows with doc_id and unit."""
    found = (_shortened(hit).to_pylist() for hit in _hits(documents, rows))
    return {row["doc_id"]: row for hit in found for row in hit}


def whole_texts(documents: Mapping[str, Path], rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The whole text by doc_id, for rows with doc_id and unit."""
    return {row["doc_id"]: row["text"] for hit in _hits(documents, rows) for row in hit.to_pylist()}


def _hits(documents: Mapping[str, Path], rows: Sequence[Mapping[str, Any]]) -> Iterator[pa.Table]:
    """doc_id, url and text of the rows. Only the row groups that hold them are read."""
    for unit in sorted({row["unit"] for row in rows} & documents.keys()):
        wanted = pa.array([row["doc_id"] for row in rows if row["unit"] == unit])
        file = pq.ParquetFile(documents[unit])
        for group in range(file.num_row_groups):
            hit = pc.is_in(file.read_row_group(group, columns=["doc_id"])["doc_id"], value_set=wanted)
            if pc.any(hit).as_py():
                yield file.read_row_group(group, columns=["doc_id", "url", "text"]).filter(hit)


def shortened(text: str) -> str:
    """At most `EXCERPT` characters, with an ellipsis where something was left out."""
    return text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + "…"


def _shortened(rows: pa.Table) -> pa.Table:
    start = pc.utf8_slice_codeunits(rows["text"], 0, EXCERPT + 1)
    return rows.set_column(rows.schema.get_field_index("text"), "text", start)


def smallest(rows: Iterable[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """The `number` rows with the smallest `hash` (ties by doc_id)."""
    return sorted(rows, key=lambda row: (row["hash"], row["doc_id"]))[:number]
