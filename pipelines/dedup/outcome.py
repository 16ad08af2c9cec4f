"""What the stage found, from one process or from Spark, and the tables that the step writes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from daybreak.schema import CLUSTERS, DECISIONS
from daybreak.storage import Store
from pipelines.dedup.local import LocalDedup, LocalDeduped, fits
from pipelines.dedup.phases import Phase, Phases
from pipelines.dedup.planted import UNIT
from pipelines.dedup.prior import Prior
from pipelines.dedup.scan import FetchTexts
from pipelines.dedup.settings import DedupSettings
from pipelines.spark.naming import describing
from pipelines.spark.wide import write_parts, write_table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pipelines.dedup.stage import Deduped

Written = dict[str, list[FileEntry]]
"""Parts by table."""


class Outcome(Protocol):
    """Decisions and clusters of all documents, planted ones apart."""

    @property
    def judged(self) -> DataFrame:
        """Columns of `signatures.SIGNATURES` and `judged.PLACED`, planted documents too."""

    def planted(self) -> pa.Table:
        """doc_id, verdict and detail of planted documents."""

    def write(self, store: Store, progress: Progress) -> Written:
        """Decisions by unit, and clusters by the first digit of their name."""


def outcome(
    settings: DedupSettings, scan: Phase, texts: FetchTexts, phases: Phases, prior: Prior | None
) -> Outcome:
    """Deduplicate the documents of `scan`: in this process where they fit it, else in Spark."""
    size = sum(pc.sum(batch.column(0)).as_py() or 0 for batch in scan.batches(["n_bytes"]))
    if fits(scan.rows, size, settings, prior is not None):
        found = LocalDedup(settings)(scan.table(), texts.here, prior, phases.spark)
        return FromTables(found, scan.frame())
    from pipelines.dedup.stage import Dedup

    return FromFrames(Dedup(settings)(scan.frame(), texts, phases, prior))


@dataclass(frozen=True)
class FromTables:
    """Outcome of one process. docs: the scan's rows."""

    found: LocalDeduped
    docs: DataFrame

    @property
    def judged(self) -> DataFrame:
        """See `Outcome.judged`."""
        from pipelines.dedup.stage import judged_rows

        return judged_rows(self.docs, self.docs.sparkSession.createDataFrame(self.found.placed))

    def planted(self) -> pa.Table:
        """See `Outcome.planted`."""
        decisions = self.found.decisions
        return decisions.filter(pc.equal(decisions["unit"], UNIT)).select(["doc_id", "verdict", "detail"])

    def write(self, store: Store, progress: Progress) -> Written:
        """See `Outcome.write`."""
        decisions, clusters = self.found.decisions, self.found.clusters
        decisions = decisions.filter(pc.not_equal(decisions["unit"], UNIT))
        clusters = clusters.filter(pc.invert(pc.starts_with(clusters["doc_id"], f"{UNIT}-")))
        digit = pc.utf8_slice_codeunits(clusters["cluster_id"], 0, 1)
        clusters = clusters.append_column("part", pc.binary_join_element_wise("clusters", digit, "-"))
        return {
            "decisions": write_table(decisions, store, "decisions", DECISIONS, "unit", ["row"]),
            "clusters": write_table(clusters, store, "clusters", CLUSTERS, "part", ["cluster_id", "doc_id"]),
        }


@dataclass(frozen=True)
class FromFrames:
    """Outcome of Spark."""

    found: Deduped

    @property
    def judged(self) -> DataFrame:
        """See `Outcome.judged`."""
        return self.found.judged

    def planted(self) -> pa.Table:
        """See `Outcome.planted`."""
        decisions = self.found.decisions
        with describing(decisions.sparkSession, "look up the planted pairs"):
            return decisions.filter(decisions.unit == UNIT).select("doc_id", "verdict", "detail").toArrow()

    def write(self, store: Store, progress: Progress) -> Written:
        """See `Outcome.write`."""
        from pyspark.sql import functions as F

        decisions = self.found.decisions.filter(F.col("unit") != UNIT)
        clusters = self.found.clusters.filter(~F.col("doc_id").startswith(f"{UNIT}-"))
        part = F.concat(F.lit("clusters-"), F.substring("cluster_id", 1, 1))
        clusters, order = clusters.withColumn("part", part), ["cluster_id", "doc_id"]
        return {
            "decisions": write_parts(decisions, store, "decisions", DECISIONS, "unit", ["row"], progress),
            "clusters": write_parts(clusters, store, "clusters", CLUSTERS, "part", order, progress),
        }
