"""The wide half of duplicate removal: signatures of all documents in, one decision a document out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from daybreak.errors import DaybreakError
from daybreak.schema import CLUSTERS, DECISIONS
from pipelines.dedup.components import NEAR, NODES, link
from pipelines.dedup.lsh import candidate_batches
from pipelines.dedup.order import ORDER
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.verify import edge_batches, set_batches

FetchTexts = Callable[[DataFrame], DataFrame]
"""Given the wanted documents (doc_id, unit, row), their texts (doc_id, text), each once, in any order."""


class Deduped(NamedTuple):
    """What `Dedup` gives: two lazy frames, and the cached one under both, to unpersist once they are written.

    decisions: `unit`, `row` and the columns of DECISIONS, one row a document. clusters: CLUSTERS.
    """

    decisions: DataFrame
    clusters: DataFrame
    held: DataFrame


@dataclass(frozen=True)
class Dedup:
    """Wide stage: keeps the first document, in the declared order (`order`), of every cluster of duplicates.

    Exact duplicates (equal `exact_hash`) go first. Documents left that share a bucket are compared by the
    exact Jaccard similarity of their shingle sets, and clustered where it reaches the threshold
    (`components`). Any engine that fills `bands` with bucket numbers can feed it: buckets only propose.
    """

    settings: DedupSettings = field(default_factory=DedupSettings)
    name: str = "dedup"

    def __call__(self, docs: DataFrame, texts: FetchTexts) -> Deduped:
        """Decisions on `docs` (columns of `signatures.SIGNATURES`, one row a document).

        The result depends on the rows alone, never on their order or partitions. Pairs are found and
        clustered here and now; the frames returned are lazy. Raises DaybreakError where verified pairs pass
        `max_edges`.
        """
        groups = exact_groups(docs).persist()
        survivors = groups.filter("place = 1")
        edges = self._verified(survivors, texts)
        near = docs.sparkSession.createDataFrame(link(_nodes(survivors, edges), edges))
        judged = _judged(groups, near)
        return Deduped(_decisions(judged, self.name, self.settings.threshold), _clusters(judged), groups)

    def _verified(self, survivors: DataFrame, texts: FetchTexts) -> pa.Table:
        """EDGES of the documents in `survivors`, on the driver."""
        candidates = self._candidates(survivors).persist()
        ends = candidates.select(F.explode(F.array("hub", "member")).alias("doc_id")).distinct()
        wanted = survivors.join(ends, "doc_id", "left_semi").select("doc_id", "unit", "row")
        shingle = partial(set_batches, ngram=self.settings.ngram)
        bodies = texts(wanted).select("doc_id", "text")
        sets = bodies.mapInArrow(shingle, "doc_id string, shingles array<bigint>").persist()
        pairs = candidates.join(_named(sets, "hub"), "hub", "left")
        pairs = pairs.join(_named(sets, "member"), "member", "left")
        verify = partial(edge_batches, threshold=self.settings.threshold)
        edges = pairs.mapInArrow(verify, "hub string, member string, similarity double")
        try:
            return self._collected(edges)
        finally:
            sets.unpersist()
            candidates.unpersist()

    def _candidates(self, survivors: DataFrame) -> DataFrame:
        keys = [name for name, _ in ORDER]
        members = survivors.select(F.explode("bands").alias("bucket"), *keys)
        members = members.repartition("bucket").sortWithinPartitions("bucket", *declared_order())
        pairing = partial(candidate_batches, all_pairs=self.settings.all_pairs, hubs=self.settings.hubs)
        return members.select("bucket", "doc_id").mapInArrow(pairing, "hub string, member string").distinct()

    def _collected(self, edges: DataFrame) -> pa.Table:
        limit = self.settings.max_edges
        table = edges.limit(limit + 1).toArrow()
        if len(table) > limit:
            raise DaybreakError(
                f"dedup: more than {limit} verified pairs, the most that the driver is set to hold. Raise "
                "dedup.max_edges (about 100 bytes of driver memory a pair), or lower dedup.hubs."
            )
        return table


def declared_order() -> list[Column]:
    """The declared order (`order.ORDER`) as Spark sort columns."""
    down, up = F.desc_nulls_last, F.asc_nulls_last
    return [down(name) if direction == "descending" else up(name) for name, direction in ORDER]


def exact_groups(docs: DataFrame) -> DataFrame:
    """`docs`, each with its place in the group of equal exact_hash; null is a group of its own.

    Adds `first` (doc_id that stays), `place` (from 1, in the declared order) and `copies` (size of the
    group).
    """
    key = F.coalesce("exact_hash", F.concat_ws("#", "unit", F.col("row").cast("string")))
    group = Window.partitionBy(key)
    place = group.orderBy(*declared_order(), "unit", "row")
    return docs.select(
        "*",
        F.first("doc_id").over(place).alias("first"),
        F.row_number().over(place).alias("place"),
        F.count(F.lit(1)).over(group).alias("copies"),
    )


def _named(sets: DataFrame, side: str) -> DataFrame:
    return sets.select(F.col("doc_id").alias(side), F.col("shingles").alias(f"{side}_shingles"))


def _nodes(survivors: DataFrame, edges: pa.Table) -> pa.Table:
    ids = pa.chunked_array([*edges["hub"].chunks, *edges["member"].chunks], pa.string()).unique()
    frame = survivors.sparkSession.createDataFrame(pa.table({"doc_id": ids}))
    return survivors.join(frame, "doc_id", "left_semi").select(*NODES.names).toArrow().cast(NODES)


def _judged(groups: DataFrame, near: DataFrame) -> DataFrame:
    """Every document with its cluster's figures, `rule` (exact, near or null), `matched` and `similarity`."""
    linked = near.select(*(F.col(name).alias(f"near_{name}") for name in NEAR.names))
    copy = F.col("place") > 1
    moved = F.col("near_matched").isNotNull()
    return (
        groups.drop("bands")
        .join(linked, F.col("first") == F.col("near_doc_id"), "left")
        .withColumns(
            {
                "rule": F.when(copy, "exact").when(moved, "near"),
                "matched": F.when(copy, F.col("first")).otherwise(F.col("near_matched")),
                "similarity": F.when(copy, F.lit(1.0)).otherwise(F.col("near_similarity")),
                "cluster_id": F.coalesce("near_cluster_id", "first"),
                "size": F.coalesce("near_size", "copies"),
            }
        )
    )


def _decisions(judged: DataFrame, stage: str, threshold: float) -> DataFrame:
    dropped = F.col("rule").isNotNull()
    empty = F.array().cast("array<string>")
    columns = {
        "stage": F.lit(stage),
        "verdict": F.when(dropped, "drop").otherwise("keep"),
        "value": F.col("similarity"),
        "threshold": F.when(F.col("rule") == "exact", 1.0).when(F.col("rule") == "near", threshold),
        "failed": F.when(dropped, F.array("rule")).otherwise(empty),
        "detail": F.col("matched"),
    }
    return judged.withColumns(columns).select("unit", "row", *DECISIONS.names)


def _clusters(judged: DataFrame) -> DataFrame:
    linked_here = (F.col("place") == 1) & F.col("near_doc_id").isNotNull()
    columns = {
        "size": F.col("size").cast("int"),
        "representative": F.col("rule").isNull(),
        "level": F.when(linked_here, "near").otherwise("exact"),
        "similarity": F.col("similarity").cast("float"),
    }
    return judged.filter("size > 1").withColumns(columns).select(*CLUSTERS.names)
