"""The wide half of duplicate removal: signatures of all documents in, one decision a document out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from daybreak.errors import RecipeError
from daybreak.schema import CLUSTERS, DECISIONS
from pipelines.dedup.edges import FetchTexts, Verifier
from pipelines.dedup.levels import REMOVED, first_of_each
from pipelines.dedup.near import Near
from pipelines.dedup.nodes import Nodes
from pipelines.dedup.phases import Phase, Phases
from pipelines.dedup.prior import Prior
from pipelines.dedup.settings import LEVELS, DedupSettings

STAGES = tuple(f"{level} dedup" for level in LEVELS)
"""Names of the levels in decisions and counts."""

PLACED = pa.schema([*REMOVED, ("cluster_id", pa.string())])
"""Removed documents of all levels, each with the document that its cluster keeps."""


class Deduped(NamedTuple):
    """What `Dedup` gives: lazy frames over finished phases.

    decisions: `unit`, `row` and the columns of DECISIONS, one row a document. clusters: CLUSTERS. judged: the
    columns of `signatures.SIGNATURES`, and for removed documents those of PLACED (null for kept ones, but
    `cluster_id`, which is their own doc_id).
    """

    decisions: DataFrame
    clusters: DataFrame
    judged: DataFrame


@dataclass(frozen=True)
class Dedup:
    """Wide stage: keeps the first document, in the declared order (`order`), of those that are duplicates.

    Level by level, each over what the former left: equal `url_hash`, equal `exact_hash`, then documents that
    share a bucket and whose shingle sets reach the threshold of exact Jaccard similarity (`rounds`,
    `components`). Any engine that fills `bands` with bucket numbers can feed it: buckets only propose.
    """

    settings: DedupSettings = field(default_factory=DedupSettings)

    def __call__(
        self, docs: DataFrame, texts: FetchTexts, phases: Phases, prior: Prior | None = None
    ) -> Deduped:
        """Decisions on `docs` (columns of `signatures.SIGNATURES`, one row a document).

        The result depends on the rows alone, never on their order or partitions. What `prior` knows stands
        before all of them. Pairs are found and clustered here and now; the frames returned are lazy.
        """
        if prior is not None and self.settings.cluster == "components":
            raise RecipeError(
                "dedup: cluster: components cannot go with documents of earlier runs: a later document may join "
                "two clusters of which both first documents are published. Use cluster: representative."
            )
        left, url = self._level(docs, "url", phases, prior.urls if prior else None)
        left, exact = self._level(left, "exact", phases, prior.exact if prior else None)
        removed = [url, exact]
        if "near" in self.settings.levels:
            nodes = Nodes(phases, left, prior)
            removed.append(Near(nodes, Verifier(nodes, texts, self.settings, prior))())
        placed = phases.phase("removed", PLACED, lambda: _placed(docs.sparkSession, *removed)).frame()
        judged = docs.join(placed, "doc_id", "left")
        judged = judged.withColumn("cluster_id", F.coalesce("cluster_id", "doc_id"))
        return Deduped(_decisions(judged, self.settings), _clusters(judged, placed), judged)

    def _level(
        self, docs: DataFrame, level: str, phases: Phases, prior: object
    ) -> tuple[DataFrame, Phase | None]:
        if level not in self.settings.levels:
            return docs, None
        known = prior if callable(prior) else None
        found = phases.phase(level, REMOVED, lambda: first_of_each(docs, level, f"{level}_hash", known))
        return docs.join(found.frame().select("doc_id"), "doc_id", "left_anti"), found


def _placed(
    spark: SparkSession, url: Phase | None, exact: Phase | None, near: Phase | None = None
) -> DataFrame:
    """PLACED: what a removed document matched may itself have gone at a later level, up to the one that stays."""
    found: DataFrame | None = None
    if near is not None:
        found = near.frame().withColumn("level", F.lit("near")).select(*PLACED.names)
    for phase in (exact, url):
        if phase is None:
            continue
        frame = phase.frame()
        if found is None:
            found = frame.withColumn("cluster_id", F.col("matched"))
            continue
        further = found.select(F.col("doc_id").alias("matched"), "cluster_id")
        joined = frame.join(further, "matched", "left")
        moved = joined.withColumn("cluster_id", F.coalesce("cluster_id", "matched"))
        found = found.unionByName(moved.select(*PLACED.names))
    return spark.createDataFrame(PLACED.empty_table()) if found is None else found


def _decisions(judged: DataFrame, settings: DedupSettings) -> DataFrame:
    dropped = F.col("level").isNotNull()
    rule = F.when(dropped, F.concat_ws(":", "level", "set"))
    columns = {
        "stage": F.concat(F.coalesce("level", F.lit(LEVELS[-1])), F.lit(" dedup")),
        "verdict": F.when(dropped, "drop").otherwise("keep"),
        "rule": rule,
        "value": F.col("similarity"),
        "threshold": F.when(F.col("level") == "near", settings.threshold).when(dropped, 1.0),
        "failed": F.when(dropped, F.array(rule)).otherwise(F.array().cast("array<string>")),
        "detail": F.col("matched"),
    }
    return judged.withColumns(columns).select("unit", "row", *DECISIONS.names)


def _clusters(judged: DataFrame, placed: DataFrame) -> DataFrame:
    """Sizes count all documents of this run that lead to the kept one, exact copies of near copies too."""
    depth = F.max(_depth(F.col("level")))
    sizes = placed.groupBy("cluster_id").agg((F.count(F.lit(1)) + 1).alias("size"), depth.alias("depth"))
    deepest = F.element_at(F.array(*(F.lit(level) for level in LEVELS)), F.col("depth"))
    columns = {
        "size": F.col("size").cast("int"),
        "representative": F.col("level").isNull(),
        "level": F.coalesce("level", deepest),
        "similarity": F.col("similarity").cast("float"),
    }
    return judged.join(sizes, "cluster_id").withColumns(columns).select(*CLUSTERS.names)


def _depth(level: Column) -> Column:
    return F.when(level == "near", 3).when(level == "exact", 2).otherwise(1)
