"""At most so many documents, or bytes, of one registered domain, of those that duplicate removal leaves.

A count by domain, partial sums of every task put together, finds the domains that have more. Documents of those
alone are put in order, domain by domain, and what is past the limit goes. Which ones go depends on the documents
alone, never on partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.recipe import Recipe
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.phases import Phases, struct_of
from pipelines.dedup.scan import signal_column
from pipelines.dedup.wanted import declared_order
from pipelines.kernels.hashing import keyed_hash
from pipelines.lists.suffixes import registered_domains
from pipelines.narrow import scan_units
from pipelines.reading import KeptUnit
from pipelines.step import Context

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STAGE, RULE = "domain cap", "domain_cap"
"""Names in decisions and counts."""

PLACED = pa.schema([("doc_id", pa.string()), ("domain", pa.string()), ("place", pa.binary())])
"""Documents with a registered domain; `place` is in unsigned byte order, no two are equal."""

KNOWN = PLACED.append(pa.field("n_bytes", pa.int64()))
OVER = pa.schema(
    [("doc_id", pa.string()), ("domain", pa.string()), ("have", pa.float64()), ("limit", pa.float64())]
)
"""Documents past the limit: what their domain had before, in the unit of the limit, and the limit."""


@dataclass(frozen=True)
class DomainCap:
    """documents, bytes: what may stay of a domain. by: `draw` (keyed hash of doc_id) or `order` (the declared one).

    private: whether suffixes that companies registered count (`lists.suffixes`).
    """

    documents: int | None
    bytes: int | None
    by: str
    private: bool
    key: int
    order: DeclaredOrder

    def limits(self) -> list[tuple[str, str, int]]:
        """(total of a domain, sum up to a document, limit), by the names of columns."""
        named = (("documents", "nth", self.documents), ("size", "running", self.bytes))
        return [(total, upto, limit) for total, upto, limit in named if limit is not None]


def wanted_cap(recipe: Recipe) -> DomainCap | None:
    """The cap that the recipe asks for."""
    asked = recipe.dedup.max_per_domain
    if asked is None:
        return None
    private = asked.suffixes == "all"
    return DomainCap(asked.documents, asked.bytes, asked.keep, private, recipe.seed, declared_order(recipe))


@dataclass(frozen=True)
class ScanDomains:
    """Reads the domains and places of one unit's documents; texts are not opened."""

    cap: DomainCap

    def __call__(self, unit: KeptUnit) -> Iterator[pa.RecordBatch]:
        """Columns of PLACED, rows without a domain left out."""
        order = self.cap.order
        signals = {name: signal_column(unit, name) for name in order.signals}
        start = 0
        for batch in unit.read([*order.columns, "url"], rows=1 << 13):
            known = {name: batch.column(name) for name in batch.schema.names}
            known |= {name: column.slice(start, batch.num_rows) for name, column in signals.items()}
            start += batch.num_rows
            domains = registered_domains(known["url"], self.cap.private)
            columns = [known["doc_id"], domains, self._place(known)]
            yield pa.RecordBatch.from_arrays(columns, schema=PLACED).filter(domains.is_valid())

    def _place(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        if self.cap.by == "order":
            return self.cap.order(columns)
        drawn = keyed_hash(columns["doc_id"], self.cap.key).astype(">u8")
        fixed = pa.Array.from_buffers(
            pa.binary(8), len(drawn), [None, pa.py_buffer(np.ascontiguousarray(drawn))]
        )
        ids = columns["doc_id"].cast(pa.binary())
        return pc.binary_join_element_wise(fixed.cast(pa.binary()), ids, pa.scalar(b"", pa.binary()))


def capped(
    context: Context, decisions: DataFrame, units: Sequence[KeptUnit], phases: Phases, cap: DomainCap
) -> DataFrame:
    """`decisions` of dedup (DECISIONS with unit and row), those past the cap dropped by it."""
    from pyspark.sql import functions as F

    def known() -> DataFrame:
        read, partitions = ScanDomains(cap), context.recipe.spark.partitions
        placed = scan_units(context.spark, units, read, struct_of(PLACED), partitions)
        return placed.join(decisions.where("verdict = 'keep'").select("doc_id", "n_bytes"), "doc_id")

    found = phases.phase("domains", KNOWN, known)
    over = phases.phase("capped", OVER, lambda: over_cap(found.frame(), cap)).frame()
    gone = F.col("domain").isNotNull()
    instead = {
        "stage": F.lit(STAGE),
        "verdict": F.lit("drop"),
        "rule": F.lit(RULE),
        "value": F.col("have"),
        "threshold": F.col("limit"),
        "failed": F.array(F.lit(RULE)),
        "detail": F.col("domain"),
    }
    columns = {name: F.when(gone, value).otherwise(F.col(name)) for name, value in instead.items()}
    return decisions.join(over, "doc_id", "left").withColumns(columns).select(*decisions.columns)


def over_cap(known: DataFrame, cap: DomainCap) -> DataFrame:
    """OVER of `known` (KNOWN): documents that are not among the first of their domain."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    limits = cap.limits()
    totals = known.groupBy("domain").agg(F.count(F.lit(1)).alias("documents"), F.sum("n_bytes").alias("size"))
    full = totals.where(reduce(or_, (F.col(total) > limit for total, _, limit in limits)))
    ordered = Window.partitionBy("domain").orderBy("place")
    upto = {"nth": F.row_number().over(ordered)}
    upto["running"] = F.sum("n_bytes").over(ordered.rowsBetween(Window.unboundedPreceding, 0))
    ranked = known.join(full, "domain").withColumns(upto)
    past = [(F.col(nth) > limit, F.col(total), F.lit(limit)) for total, nth, limit in limits]
    have = F.coalesce(*(F.when(is_past, total) for is_past, total, _ in past))
    limit = F.coalesce(*(F.when(is_past, number) for is_past, _, number in past))
    columns = {"have": have.cast("double"), "limit": limit.cast("double")}
    return ranked.withColumns(columns).where("have is not null").select(*OVER.names)
