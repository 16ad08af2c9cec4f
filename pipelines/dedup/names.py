"""Numbers for documents in one process: this run's in the declared order, then those of before that they meet."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


class Names:
    """doc_id and data set (null: this run, or its history) of documents by number."""

    def __init__(self, ids: pa.Array) -> None:
        self._ids: list[pa.Array] = [ids]
        self._sets: list[pa.Array] = [pa.nulls(len(ids), pa.string())]
        self._next = len(ids)

    def add(self, ids: pa.ChunkedArray, sets: pa.ChunkedArray) -> np.ndarray:
        """Numbers (int64) for documents of before this run; one that comes twice gets two."""
        self._ids += ids.chunks
        self._sets += sets.cast(pa.string()).chunks
        self._next += len(ids)
        return np.arange(self._next - len(ids), self._next)

    @property
    def ids(self) -> pa.Array:
        """doc_id by number."""
        return pa.concat_arrays(self._ids)

    @property
    def sets(self) -> pa.Array:
        """Data set by number."""
        return pa.concat_arrays(self._sets)
