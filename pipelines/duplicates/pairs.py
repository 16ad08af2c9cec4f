"""Pairs whose similarity lies closest to the threshold, on both sides of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.duplicates.tables import DupTables, scan


@dataclass(frozen=True)
class Pair:
    """A document, the one it was held against, and their similarity. removed: whether it went for that."""

    doc_id: str
    matched: str
    similarity: float
    removed: bool


def just_above(tables: DupTables, limit: int) -> list[Pair]:
    """The `limit` removed near duplicates least like the document they matched (ties by doc_id)."""
    near = (pc.field("level") == "near") & ~pc.field("representative") & pc.field("matched").is_valid()
    rows = tables.cluster_rows(near, ["doc_id", "matched", "similarity"])
    return _pairs(rows, "ascending", limit, removed=True)


def just_below(tables: DupTables, limit: int) -> list[Pair]:
    """The `limit` kept documents most like one that stayed, where the decisions tell of it; else none."""
    kept = (pc.field("verdict") == "keep") & pc.field("value").is_valid() & pc.field("detail").is_valid()
    rows = scan(list(tables.decisions.values()), kept, ["doc_id", "detail", "value"])
    return _pairs(rows.rename_columns(["doc_id", "matched", "similarity"]), "descending", limit, False)


def _pairs(rows: pa.Table, direction: str, limit: int, removed: bool) -> list[Pair]:
    chosen = rows.sort_by([("similarity", direction), ("doc_id", "ascending")]).slice(0, limit)
    return [Pair(**row, removed=removed) for row in chosen.to_pylist()]


def ends(pairs: Sequence[Pair]) -> list[str]:
    """The doc_ids of both sides of all pairs, each once."""
    return list(dict.fromkeys(doc_id for pair in pairs for doc_id in (pair.doc_id, pair.matched)))
