"""Rows of a bucket's files that have given keys: by row groups, and of most only the key is read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.dedup.history.history import View
from pipelines.dedup.history.tables import Table


@dataclass
class Taken:
    """How many rows of each key were found so far; at most `limit` are given of each, the first ones."""

    counts: np.ndarray
    limit: int

    def first(self, keys: np.ndarray) -> np.ndarray:
        """Which of these rows count, by the positions of their keys (equal ones stand together): bool [rows]."""
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.int64)
        lengths = np.diff(np.r_[starts, len(keys)])
        place = np.arange(len(keys)) - np.repeat(starts, lengths) + self.counts[keys]
        self.counts[keys[starts]] += lengths
        return np.asarray(place < self.limit)


def find(
    view: View, table: Table, bucket: str, keys: pa.Array, limit: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Rows of `table` in one bucket whose key is in `keys` (ascending, distinct), without those taken down.

    `limit`: rows a key at most, the first in order of batches and, within one, of the table.
    """
    taken = Taken(np.zeros(len(keys), np.int64), limit) if limit is not None else None
    for piece in view.pieces(table.name, bucket):
        dead = view.removed(piece)
        with view.store.filesystem.open_input_file(view.store.path(piece.path)) as stream:
            file = pq.ParquetFile(stream)
            for group in range(file.num_row_groups):
                found = _in_group(file, group, table, keys)
                if found is not None and dead is not None:
                    found = alive(found, table.documents, dead)
                if found is not None and taken is not None:
                    found = found.filter(pa.array(taken.first(_places(found.column(0), keys))))
                if found is not None and found.num_rows:
                    yield from found.combine_chunks().to_batches()


def _in_group(file: pq.ParquetFile, group: int, table: Table, keys: pa.Array) -> pa.Table | None:
    """Rows of one row group with a key in `keys`; the other columns are read only where there are any."""
    bounds = _bounds(file, group)
    here = _between(keys, *bounds) if bounds else keys
    if not len(here):
        return None
    column = file.read_row_group(group, columns=[table.key], use_threads=False).column(0)
    hits = pc.is_in(column, value_set=here)
    if not pc.any(hits).as_py():
        return None
    others = [f"{name}" for name in table.schema.names if name != table.key]
    rest = file.read_row_group(group, columns=others, use_threads=False)
    return rest.add_column(0, table.key, column).select(table.schema.names).filter(hits)


def _bounds(file: pq.ParquetFile, group: int) -> tuple[Any, Any] | None:
    """Least and greatest key of a row group, as the file tells; None where it does not."""
    found = file.metadata.row_group(group).column(0).statistics
    return (found.min, found.max) if found is not None and found.has_min_max else None


def _between(keys: pa.Array, least: Any, greatest: Any) -> pa.Array:
    positions, value = range(len(keys)), lambda i: keys[i].as_py()
    start = bisect_left(positions, least, key=value)
    return keys.slice(start, bisect_right(positions, greatest, key=value) - start)


def _places(column: pa.ChunkedArray, keys: pa.Array) -> np.ndarray:
    return pc.index_in(column, value_set=keys).to_numpy().astype(np.int64)


def alive(rows: pa.Table, documents: Sequence[str], dead: pa.Array) -> pa.Table:
    """Rows none of whose `documents` columns names a removed document."""
    for name in documents:
        rows = rows.filter(pc.invert(pc.is_in(rows.column(name), value_set=dead)))
    return rows
