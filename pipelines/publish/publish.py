"""Tokens joined with the plan, one shard a task, into the layout of `tokenizer.shards`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import AccountingError, WorkspaceError
from tokenizer.shards import ShardFile, ShardWriter, TokenType, entries, shard_name, write_index

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_WRITTEN = (
    "shard int, file string, rows long, tokens long, bytes long, sha256 string, lost string, failed string"
)
_WRITTEN_ARROW = pa.schema(
    [
        ("shard", pa.int32()),
        ("file", pa.string()),
        ("rows", pa.int64()),
        ("tokens", pa.int64()),
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
        ("lost", pa.string()),
        ("failed", pa.string()),
    ]
)


def publish(
    tokens: DataFrame, plan: DataFrame, directory: str, dtype: TokenType, n_shards: int
) -> list[dict[str, Any]]:
    """Write shards 0 to `n_shards` - 1 of `plan` (schema PLAN) into `directory`, and their index.

    `tokens` holds doc_id, source, input_ids. Every (shard, row) of the plan is written once; each file
    appears under its name when it is whole. Returns file, rows, tokens, bytes, sha256 of every file.
    Raises AccountingError when a planned document is missing from `tokens` or stands there twice,
    WorkspaceError when a file cannot be written.
    """
    Path(directory).mkdir(parents=True, exist_ok=True)
    stored = plan.select("doc_id", "shard", "row").distinct()
    rows = (
        stored.join(tokens.select("doc_id", "source", "input_ids"), "doc_id", "left")
        .repartitionById(n_shards, "shard")
        .sortWithinPartitions("shard", "row")
    )
    written = (
        rows.mapInArrow(_Write(directory, dtype, n_shards), _WRITTEN).toArrow().sort_by("shard").to_pylist()
    )
    files = _checked(written, n_shards)
    return entries([*files, *write_index(Path(directory), files, dtype)])


def _checked(written: list[dict[str, Any]], n_shards: int) -> list[ShardFile]:
    for entry in written:
        if entry["lost"]:
            raise AccountingError(entry["lost"])
        if entry["failed"]:
            raise WorkspaceError(entry["failed"])
    if [entry["shard"] for entry in written] != list(range(n_shards)):
        raise AccountingError(f"{len(written)} shards were written where the plan has {n_shards}")
    return [
        ShardFile(*(entry[f] for f in ("file", "rows", "tokens", "bytes", "sha256"))) for entry in written
    ]


class _Write:
    """Runs in a task: rows of whole shards, sorted by (shard, row), to files; yields one row a shard."""

    def __init__(self, directory: str, dtype: TokenType, n_shards: int) -> None:
        self._directory, self._dtype, self._n_shards = Path(directory), dtype, n_shards

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        pieces = (piece for batch in batches for piece in _cut(batch))
        for shard, parts in groupby(pieces, key=lambda piece: piece.column("shard")[0].as_py()):
            # A failure travels as a row: raised here, Spark would run the task again and bury the message
            # in a trace.
            try:
                written = self._shard(shard, parts)
            except AccountingError as error:
                yield _row(shard=shard, lost=str(error))
            except (WorkspaceError, OSError) as error:
                yield _row(shard=shard, failed=str(error))
            else:
                yield _row(shard=shard, **entries([written])[0])

    def _shard(self, shard: int, parts: Iterable[pa.RecordBatch]) -> ShardFile:
        with ShardWriter(self._directory / shard_name(shard, self._n_shards), self._dtype) as writer:
            row = 0
            for part in parts:
                _check(part, row)
                writer.write(part)
                row += part.num_rows
            return writer.finish()


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in pieces of one shard each; it is sorted by shard."""
    shard = batch.column("shard").to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(shard)) + 1), len(shard)]
    for start, end in pairwise(edges):
        if end > start:
            yield batch.slice(start, end - start)


def _check(part: pa.RecordBatch, first: int) -> None:
    """Every row of the shard is there once, and has its tokens."""
    rows = part.column("row").to_numpy()
    wrong = np.flatnonzero(rows != np.arange(first, first + len(rows)))
    if len(wrong):
        where, doc_id = int(wrong[0]), part.column("doc_id")[int(wrong[0])]
        found = (
            "stands twice among the tokens"
            if rows[where] < first + where
            else "follows a row that is missing"
        )
        raise AccountingError(f"document {doc_id} {found}: the plan does not belong to these tokens")
    absent = pc.index(part.column("input_ids").is_null(), True).as_py()
    if absent >= 0:
        doc_id = part.column("doc_id")[absent]
        raise AccountingError(
            f"document {doc_id} of the plan is missing among the tokens: make the plan anew"
        )


def _row(**values: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([values], schema=_WRITTEN_ARROW)
