"""A history, or another data set's tables, as the `Prior` of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.dedup.history.buckets import by_bucket
from pipelines.dedup.history.history import View
from pipelines.dedup.history.lookup import find
from pipelines.dedup.history.tables import BANDS, EXACT, SETS, URLS, Table

DDL = {
    pa.string(): "string",
    pa.binary(): "binary",
    pa.int32(): "int",
    pa.int64(): "long",
    pa.list_(pa.int32()): "array<int>",
}


@dataclass(frozen=True)
class Rows:
    """Reads a bucket's rows for the keys it gets: work of a task, so it holds no Spark object."""

    view: View
    table: Table
    limit: int | None = None

    def __call__(self, bucket: str, keys: pa.Array) -> Iterator[pa.RecordBatch]:
        """Rows of the table's schema."""
        return find(self.view, self.table, bucket, keys, self.limit)


@dataclass(frozen=True)
class HistoryPrior:
    """`Prior` over what `view` sees. A bucket gives its first `hubs` documents, since no more ever count.

    name: the data set's, null for the history. rank: place among several data sets; they stand before the history.
    """

    view: View
    hubs: int
    name: str | None = None
    rank: int = 0

    def exact(self, hashes: DataFrame) -> DataFrame:
        """See `Prior.exact`."""
        return self._hashes(hashes, EXACT)

    def urls(self, hashes: DataFrame) -> DataFrame:
        """See `Prior.urls`."""
        return self._hashes(hashes, URLS)

    def seen(self, hashes: DataFrame, table: Table) -> DataFrame:
        """Likewise for a table of hashes by another name (`tables.hash_table`)."""
        return self._hashes(hashes, table)

    def buckets(self, buckets: DataFrame) -> DataFrame:
        """See `Prior.buckets`."""
        found = lookup(buckets, self.view, BANDS, self.hubs)
        order = F.col("order")
        if self.name is not None:
            before = b"\x00" + bytes(4) + self.rank.to_bytes(2, "big")
            order = F.concat(F.lit(before), order)
        return found.select("bucket", order.alias("order"), "doc_id", self._set())

    def sets(self, ids: DataFrame) -> DataFrame:
        """See `Prior.sets`."""
        return lookup(ids, self.view, SETS, 1)

    def _hashes(self, hashes: DataFrame, table: Table) -> DataFrame:
        found = lookup(hashes, self.view, table, 1)
        return found.select(table.key, "doc_id", F.coalesce("kept", "doc_id").alias("kept"), self._set())

    def _set(self) -> Column:
        return F.lit(self.name).cast("string").alias("set")


def lookup(keys: DataFrame, view: View, table: Table, limit: int | None = None) -> DataFrame:
    """Rows of `table` whose key is among `keys` (a frame with a column of the key's name)."""
    schema = ", ".join(f"`{field.name}` {DDL[field.type]}" for field in table.schema)
    return by_bucket(keys, table.key, view.state.buckets, Rows(view, table, limit), schema)
