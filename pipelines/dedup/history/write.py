"""From the outcome of a run to the tables of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from daybreak.storage import Store
from pipelines.dedup.history.buckets import bucket_name
from pipelines.dedup.history.tables import table
from pipelines.dedup.order import earlier
from pipelines.wide import write_parts

if TYPE_CHECKING:
    from pyspark.sql import Column

JUDGED = ("doc_id", "order", "url_hash", "exact_hash", "bands", "rule", "cluster_id")
"""Columns of a run's outcome: one row a document that came in.

rule: null where it was kept, else `url`, `exact` or `near`, with `:NAME` behind where a data set NAME had it.
cluster_id: the kept document that stands for it, its own id where it was kept; documents of the history count.
"""


def document_tables(judged: DataFrame, sets: DataFrame, number: int) -> dict[str, DataFrame]:
    """The tables of batch `number` from the run's outcome (JUDGED) and its kept documents' (doc_id, shingles).

    A later document must meet what it would have met in one run over all batches: at a level, every document
    that came so far and was the first with its hash, even if a later level dropped it.
    """
    level = F.substring_index("rule", ":", 1)
    kept = F.when(F.col("cluster_id") != F.col("doc_id"), F.col("cluster_id")).alias("kept")
    stays = judged.where("rule is null and bands is not null")
    order = F.concat(F.lit(earlier(number)), F.expr("substring(`order`, 2)")).alias("order")
    came = {"urls": F.col("rule").isNull() | (level != "url"), "exact": _passed(level)}
    keys = {"urls": "url_hash", "exact": "exact_hash"}
    tables = {
        name: judged.where(came[name]).where(F.col(key).isNotNull()).select(key, "doc_id", kept)
        for name, key in keys.items()
    }
    dropped = judged.where("rule is not null and instr(rule, ':') = 0")
    members = dropped.select("cluster_id", "doc_id", level.alias("level"), F.lit(number).alias("batch"))
    return tables | {
        "bands": stays.select(F.explode("bands").alias("bucket"), order, "doc_id").distinct(),
        "sets": sets.join(stays.select("doc_id"), "doc_id", "left_semi").select("doc_id", "shingles"),
        "members": members,
    }


def _passed(level: Column) -> Column:
    """Whether a document came through the exact level: kept, or dropped as a near duplicate."""
    return F.col("rule").isNull() | (level == "near")


def write_tables(
    frames: Mapping[str, DataFrame], folder: Store, buckets: int, progress: Progress
) -> dict[str, list[FileEntry]]:
    """Write tables below `folder`, a file a bucket."""
    written = {}
    for name, frame in sorted(frames.items()):
        made = table(name)
        placed = frame.withColumn("part", bucket_name(made.key, buckets))
        written[name] = write_parts(
            placed, folder, name, made.schema, "part", made.order, progress, layout=made.layout
        )
    return written
