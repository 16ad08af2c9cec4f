"""The list of an edition's documents: which there are, where they come from, and where their tokens stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from daybreak.manifest import FileEntry
from pipelines.editions.edition import Edition
from pipelines.parts import read_part, write_part
from pipelines.step import Context

TABLE = "documents"
FILE = f"{TABLE}/documents.parquet"
DOCUMENTS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("lang", pa.string()),
        ("n_tokens", pa.int32()),
        ("shard", pa.int32()),
        ("row", pa.int64()),
    ]
)
"""One row a document, in the order of the shards."""

ROWS = 1 << 16


def write_documents(context: Context) -> list[FileEntry]:
    """Write the list below `context.out`, from columns of tables; no text is read."""
    plan = _rows(context, "mixture", "plan", ["doc_id", "shard", "row"])
    placed = plan.group_by(["doc_id", "shard", "row"]).aggregate([])
    ids = placed.column("doc_id").combine_chunks()
    tokens = _of(_rows(context, "encode", "tokens", ["doc_id", "source", "lang", "n_tokens"], ids), ids)
    origin = _of(_rows(context, "ingest", "documents", ["doc_id", "url"], ids), ids)
    columns = {"url": origin["url"], **{name: tokens[name] for name in ("source", "lang", "n_tokens")}}
    for name, column in columns.items():
        placed = placed.append_column(name, column)
    listed = placed.select(DOCUMENTS.names).cast(DOCUMENTS)
    listed = listed.sort_by([("shard", "ascending"), ("row", "ascending")]).combine_chunks()
    return [write_part(context.out, FILE, DOCUMENTS, listed.to_batches(max_chunksize=ROWS))]


def _rows(
    context: Context, step: str, table: str, columns: list[str], ids: pa.Array | None = None
) -> pa.Table:
    """Columns of a table, of the documents `ids` where they are given."""
    batches = _batches(context, step, table, columns)
    if ids is not None:
        batches = (batch.filter(pc.is_in(batch.column("doc_id"), value_set=ids)) for batch in batches)
    return pa.Table.from_batches(list(batches))


def _batches(context: Context, step: str, table: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    store = context.data(step)
    for path in context.parts(step, table).values():
        for batch in read_part(store, path, columns, rows=ROWS):
            yield batch.select(columns)


def _of(rows: pa.Table, ids: pa.Array) -> pa.Table:
    """The rows in the order of `ids`."""
    return rows.take(pc.index_in(ids, value_set=rows.column("doc_id").combine_chunks()))


def find(folder: Path, edition: Edition, doc_id: str) -> dict[str, object] | None:
    """The row of one document of an edition below `folder`; None where it has no such document."""
    table = pq.read_table(folder / edition.name / FILE, filters=[("doc_id", "=", doc_id)])
    rows: list[dict[str, object]] = table.to_pylist()
    return rows[0] if rows else None
