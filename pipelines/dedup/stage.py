"""The wide half of duplicate removal: signatures of all documents in, one decision a document out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from daybreak.schema import CLUSTERS
from pipelines.dedup.edges import FetchTexts, Verifier
from pipelines.dedup.judged import DECIDED, JUDGED, PLACED, SIZED, decided, members
from pipelines.dedup.levels import REMOVED, first_of_each
from pipelines.dedup.near import Near
from pipelines.dedup.nodes import Nodes
from pipelines.dedup.phases import Phase, Phases, struct_of
from pipelines.dedup.prior import Prior, check_prior
from pipelines.dedup.settings import DedupSettings


class Deduped(NamedTuple):
    """What `Dedup` gives: lazy frames over finished phases.

    decisions: DECIDED, one row a document. clusters: CLUSTERS. judged: the columns of `signatures.SIGNATURES`
    and of JUDGED.
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
        check_prior(self.settings, prior)
        left, url = self._level(docs, "url", phases, prior.urls if prior else None)
        left, exact = self._level(left, "exact", phases, prior.exact if prior else None)
        removed = [url, exact]
        if "near" in self.settings.levels:
            nodes = Nodes(phases, left, prior)
            removed.append(Near(nodes, Verifier(nodes, texts, self.settings, prior))())
        placed = phases.phase("removed", PLACED, lambda: _placed(docs.sparkSession, *removed)).frame()
        judged = judged_rows(docs, placed)
        return Deduped(_decisions(judged, self.settings.threshold), _clusters(judged, placed), judged)

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
            found = frame.withColumn("cluster_id", F.coalesce("kept", "matched")).select(*PLACED.names)
            continue
        further = found.select(F.col("doc_id").alias("matched"), "cluster_id")
        joined = frame.join(further, "matched", "left")
        moved = joined.withColumn("cluster_id", F.coalesce("cluster_id", "kept", "matched"))
        found = found.unionByName(moved.select(*PLACED.names))
    return spark.createDataFrame(PLACED.empty_table()) if found is None else found


def judged_rows(docs: DataFrame, placed: DataFrame) -> DataFrame:
    """`docs` with the columns of PLACED, which `placed` has for those that are removed."""
    judged = docs.join(placed, "doc_id", "left")
    return judged.withColumn("cluster_id", F.coalesce("cluster_id", "doc_id"))


def _decisions(judged: DataFrame, threshold: float) -> DataFrame:
    decide = partial(decided, threshold=threshold)
    return judged.select(*JUDGED.names).mapInArrow(decide, struct_of(DECIDED))


def _clusters(judged: DataFrame, placed: DataFrame) -> DataFrame:
    depth = F.when(F.col("level") == "near", 3).when(F.col("level") == "exact", 2).otherwise(1)
    sizes = placed.groupBy("cluster_id").agg(
        (F.count(F.lit(1)) + 1).cast("int").alias("size"), F.max(depth).cast("byte").alias("depth")
    )
    return judged.join(sizes, "cluster_id").select(*SIZED.names).mapInArrow(members, struct_of(CLUSTERS))
