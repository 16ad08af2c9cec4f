"""Documents by their place in the declared order, and the buckets that two or more of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.dedup.phases import Phase, Phases, struct_of
from pipelines.dedup.prior import Prior
from pipelines.dedup.windows import Members

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

NODES = pa.schema(
    [
        ("order", pa.binary()),
        ("doc_id", pa.string()),
        ("unit", pa.string()),
        ("row", pa.int64()),
        ("bands", pa.list_(pa.int64())),
    ]
)
EARLIER = pa.schema([("order", pa.binary()), ("doc_id", pa.string()), ("set", pa.string())])
EARLIER_BUCKETS = pa.schema([("bucket", pa.int64()), *EARLIER])
MEMBERS = pa.schema([("bucket", pa.int64()), ("id", pa.int64())])


@dataclass(frozen=True)
class Nodes:
    """Documents that have buckets, numbered in the declared order: those of earlier runs, then this run's.

    Everything between is done with these numbers; doc_ids come back at the end.
    """

    phases: Phases
    survivors: DataFrame
    prior: Prior | None

    @cached_property
    def here(self) -> Phase:
        """NODES of this run, in order; the first has the number `earlier.rows`."""

        def build() -> DataFrame:
            return self.survivors.filter("bands is not null").select(*NODES.names).sort("order")

        return self.phases.phase("nodes", NODES, build)

    @cached_property
    def _found(self) -> Phase:
        def build() -> DataFrame:
            from pyspark.sql import functions as F

            assert self.prior is not None
            return self.prior.buckets(self.here.frame().select(F.explode("bands").alias("bucket")).distinct())

        return self.phases.phase("earlier-buckets", EARLIER_BUCKETS, build)

    @cached_property
    def earlier(self) -> Phase:
        """EARLIER: kept documents of earlier runs that share a bucket with this run, in order."""

        def build() -> DataFrame:
            return self._found.frame().select(*EARLIER.names).distinct().sort("order")

        if self.prior is None:
            return Phase(self.phases.spark, self.phases.store, EARLIER, (), ())
        return self.phases.phase("earlier", EARLIER, build)

    @property
    def n(self) -> int:
        """How many documents there are."""
        return self.earlier.rows + self.here.rows

    @cached_property
    def members(self) -> Phase:
        """MEMBERS: documents of shared buckets, each bucket in one piece, ascending by id in it."""

        def build() -> DataFrame:
            from pyspark.sql import functions as F

            rows = self.numbered().select(F.explode("bands").alias("bucket"), "id")
            if self.prior is not None:
                old = self.earlier.frame("id").select("order", "id")
                rows = rows.union(self._found.frame().join(old, "order").select("bucket", "id"))
            placed = rows.repartition("bucket").sortWithinPartitions("bucket", "id")
            return placed.mapInArrow(shared_rows, struct_of(MEMBERS))

        return self.phases.phase("members", MEMBERS, build)

    def members_here(self) -> Members:
        """All members in this process."""
        table = self.members.table()
        return Members(table["bucket"].to_numpy(), table["id"].to_numpy())

    def numbered(self) -> DataFrame:
        """NODES of this run with their numbers (`id`)."""
        return self.here.frame("id", self.earlier.rows)

    def names(self) -> DataFrame:
        """(id, doc_id, set) of all documents."""
        from pyspark.sql import functions as F

        here = self.numbered().select("id", "doc_id", F.lit(None).cast("string").alias("set"))
        if not self.earlier.rows:
            return here
        return here.union(self.earlier.frame("id").select("id", "doc_id", "set"))


def shared_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """MEMBERS (sorted by bucket) without buckets of one document, wherever the batches were cut."""
    held, before = MEMBERS.empty_table(), False
    for batch in batches:
        rows = pa.concat_tables([held, pa.Table.from_batches([batch], MEMBERS)]).combine_chunks()
        if not len(rows):
            continue
        buckets = rows["bucket"].to_numpy()
        same = buckets[1:] == buckets[:-1]
        shared = np.concatenate([[before], same]) | np.concatenate([same, [False]])
        yield from rows.slice(0, len(rows) - 1).filter(pa.array(shared[:-1])).to_batches()
        held, before = rows.slice(len(rows) - 1), bool(same[-1]) if len(same) else before
    if before:
        yield from held.to_batches()
