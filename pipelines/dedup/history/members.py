"""Who belongs to whom: members of clusters by batch, cluster sizes, and where a document stands. Streams one
table at a time, without Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup.history.history import Piece, View
from pipelines.dedup.history.lookup import alive
from pipelines.dedup.history.tables import MEMBERS, TABLES
from pipelines.parts import read_part

ROWS = 1 << 16
SIZES = pa.schema([("cluster_id", pa.string()), ("size", pa.int64())])


def rows_of(view: View, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Living rows of a document table, bucket by bucket."""
    made = TABLES[name]
    for pieces in view.parts.get(name, {}).values():
        for piece in pieces:
            yield from _piece(view, piece, made.documents, columns)


def _piece(
    view: View, piece: Piece, documents: Sequence[str], columns: Sequence[str] | None
) -> Iterator[pa.Table]:
    dead = view.removed(piece)
    wanted = list(columns) if columns is not None and dead is None else None
    for batch in read_part(view.store, piece.path, wanted, ROWS):
        rows = pa.Table.from_batches([batch])
        rows = rows if dead is None else alive(rows, documents, dead)
        yield rows if columns is None else rows.select(list(columns))


def members_of(view: View, ids: Sequence[str]) -> pa.Table:
    """Rows of `members` of clusters that hold one of these documents, kept or dropped; by cluster and batch."""
    wanted = pa.array(ids, pa.string())
    empty = [MEMBERS.schema.empty_table()]
    named = [
        rows.filter(pc.is_in(rows.column("doc_id"), value_set=wanted)) for rows in rows_of(view, "members")
    ]
    clusters = pa.concat_tables(empty + named).column("cluster_id").combine_chunks()
    wanted = pa.concat_arrays([wanted, clusters]).unique()
    found = [
        rows.filter(pc.is_in(rows.column("cluster_id"), value_set=wanted))
        for rows in rows_of(view, "members")
    ]
    keys = [(name, "ascending") for name in ("cluster_id", "batch", "doc_id")]
    return pa.concat_tables(empty + found).sort_by(keys)


def known(view: View, ids: Sequence[str]) -> list[str]:
    """Those of `ids` that the history tells anything of, in their order."""
    wanted = pa.array(ids, pa.string())
    seen: set[str] = set()
    for name in ("exact", "urls", "sets", "members"):
        for rows in rows_of(view, name, ["doc_id"]):
            column = rows.column("doc_id")
            seen.update(column.filter(pc.is_in(column, value_set=wanted)).to_pylist())
    return [doc_id for doc_id in ids if doc_id in seen]


def sizes(view: View) -> Iterator[pa.Table]:
    """SIZES of all clusters of two or more, cumulative over all batches: for up-weighting what was often met."""
    for pieces in view.parts.get("members", {}).values():
        ids = [rows for piece in pieces for rows in _piece(view, piece, MEMBERS.documents, ["cluster_id"])]
        counted = pa.concat_tables(ids).group_by("cluster_id").aggregate([([], "count_all")])
        yield pa.table([counted["cluster_id"], pc.add(counted["count_all"], 1)], schema=SIZES).sort_by(
            "cluster_id"
        )
