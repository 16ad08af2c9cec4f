"""At most so many documents, or bytes, of one registered domain, of those that duplicate removal leaves.

A count by domain, partial sums of every task put together, finds the domains that have more. Documents of those
alone are put in order, domain by domain, and what is past the limit goes. Which ones go depends on the documents
alone, never on partitions.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.schema import DECISIONS
from daybreak.storage import Store
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.phases import Phases, struct_of
from pipelines.dedup.wanted import declared_order
from pipelines.kernels.hashing import keyed_hash
from pipelines.lists.suffixes import registered_domains
from pipelines.parts import read_part, runs, write_part
from pipelines.reading import KeptUnit, kept_units
from pipelines.spark.naming import describing
from pipelines.spark.narrow import scan_units
from pipelines.step import Context

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STAGE, RULE = "domain cap", "domain_cap"
"""Names in decisions and counts."""

PLACED = pa.schema(
    [
        ("doc_id", pa.string()),
        ("unit", pa.string()),
        ("domain", pa.string()),
        ("place", pa.binary()),
        ("n_bytes", pa.int64()),
    ]
)
"""Documents with a registered domain; `place` is in unsigned byte order, no two are equal."""

OVER = pa.schema(
    [
        ("doc_id", pa.string()),
        ("unit", pa.string()),
        ("domain", pa.string()),
        ("have", pa.float64()),
        ("limit", pa.float64()),
    ]
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
        order, start = self.cap.order, 0
        signals = [*unit.read_signals([*order.signals], rows=1 << 14)]
        for batch in unit.read([*order.columns, "url"], rows=1 << 13):
            rows = pa.Table.from_batches(signals).slice(start, batch.num_rows)
            start += batch.num_rows
            known = {name: rows[name].combine_chunks() for name in rows.column_names}
            known |= {name: batch.column(name) for name in batch.schema.names}
            known["unit"] = pa.repeat(unit.unit, batch.num_rows)
            known["domain"] = registered_domains(known["url"], self.cap.private)
            known["place"] = self._place(known)
            placed = pa.RecordBatch.from_arrays([known[f.name] for f in PLACED], schema=PLACED)
            yield placed.filter(known["domain"].is_valid())

    def _place(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        if self.cap.by == "order":
            return self.cap.order(columns)
        drawn = keyed_hash(columns["doc_id"], self.cap.key).astype(">u8")
        fixed = pa.Array.from_buffers(
            pa.binary(8), len(drawn), [None, pa.py_buffer(np.ascontiguousarray(drawn))]
        )
        ids = columns["doc_id"].cast(pa.binary())
        return pc.binary_join_element_wise(fixed.cast(pa.binary()), ids, pa.scalar(b"", pa.binary()))


def cap_decisions(
    context: Context, entries: Sequence[FileEntry], phases: Phases, cap: DomainCap
) -> list[FileEntry]:
    """Parts of dedup's decisions, below `context.out`; those that the cap changes are written anew in their place."""
    parts = {entry.path.rsplit("/", 1)[1].removesuffix(".parquet"): entry.path for entry in entries}
    units = [
        replace(unit, decisions=(*unit.decisions, (context.out, parts.get(unit.unit))))
        for unit in kept_units(context, "filter")
    ]

    def known() -> DataFrame:
        partitions = context.recipe.spark.partitions
        return scan_units(context.spark, units, ScanDomains(cap), struct_of(PLACED), partitions)

    placed = phases.phase("domains", PLACED, known)
    over = phases.phase("capped", OVER, lambda: over_cap(placed.frame(), cap)).frame()
    by_unit = over.repartition("unit").sortWithinPartitions("unit", "doc_id")
    with describing(context.spark, "write what the domain cap changes"):
        rows = by_unit.mapInArrow(_rewriter(context.out, parts), "entry binary").collect()
    anew = {entry.path: entry for entry in (pickle.loads(row["entry"]) for row in rows)}
    return [anew.get(entry.path, entry) for entry in entries]


def _rewriter(
    store: Store, parts: Mapping[str, str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Rows of OVER, those of a unit together, to the entries of the parts that were written anew."""

    def rewrite(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        pieces = (
            (unit, batch.slice(start, stop - start))
            for batch in batches
            for unit, start, stop in runs(batch.column("unit"))
        )
        for unit, group in groupby(pieces, itemgetter(0)):
            over = pa.Table.from_batches([batch for _, batch in group]).combine_chunks()
            changed = (_dropped(batch, over) for batch in read_part(store, parts[unit]))
            entry = write_part(store, parts[unit], DECISIONS, changed)
            yield pa.RecordBatch.from_arrays([pa.array([pickle.dumps(entry)], pa.binary())], ["entry"])

    return rewrite


def _dropped(decisions: pa.RecordBatch, over: pa.Table) -> pa.RecordBatch:
    """Decisions, documents of `over` dropped by the cap; those it has dropped already stay as they are."""
    at = pc.index_in(decisions.column("doc_id"), over["doc_id"].combine_chunks())
    gone = at.is_valid()
    instead = {
        "stage": pa.scalar(STAGE),
        "verdict": pa.scalar("drop"),
        "rule": pa.scalar(RULE),
        "value": over["have"].combine_chunks().take(at),
        "threshold": over["limit"].combine_chunks().take(at),
        "failed": pa.array([[RULE]] * len(at), DECISIONS.field("failed").type),
        "detail": over["domain"].combine_chunks().take(at),
    }
    columns = [
        pc.if_else(gone, instead[f.name], decisions.column(f.name))
        if f.name in instead
        else decisions.column(f.name)
        for f in DECISIONS
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DECISIONS)


def over_cap(known: DataFrame, cap: DomainCap) -> DataFrame:
    """OVER of `known` (PLACED): documents that are not among the first of their domain."""
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
