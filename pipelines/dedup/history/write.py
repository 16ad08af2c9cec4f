"""From the outcome of a run to the tables of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from daybreak.storage import Store
from pipelines.dedup.history.buckets import bucket_name
from pipelines.dedup.history.tables import SETS, table
from pipelines.dedup.order import earlier
from pipelines.dedup.shingles import shingle_sets
from pipelines.spark.wide import write_parts

JUDGED = ("doc_id", "order", "url_hash", "exact_hash", "bands", "level", "set", "cluster_id")
"""Columns of a run's outcome (`stage.Deduped.judged`): one row a document that came in.

level: null where it was kept, else the level that dropped it, and `set` the data set that had it (null: this run
or the history). cluster_id: the kept document that stands for it, its own id where it was kept.
"""


def document_tables(judged: DataFrame, sets: DataFrame, number: int) -> dict[str, DataFrame]:
    """The tables of batch `number` from the run's outcome (JUDGED) and its kept documents' (doc_id, shingles).

    A later document must meet what it would have met in one run over all batches: at a level, every document
    that came so far and was the first with its hash, even if a later level dropped it.
    """
    kept = F.when(F.col("cluster_id") != F.col("doc_id"), F.col("cluster_id")).alias("kept")
    stays = judged.where("level is null and bands is not null")
    order = F.concat(F.lit(earlier(number)), F.expr("substring(`order`, 2)")).alias("order")
    dropped = judged.where("level is not null and `set` is null")
    return {
        "urls": _first(judged, "url_hash", ("exact", "near")).select("url_hash", "doc_id", kept),
        "exact": _first(judged, "exact_hash", ("near",)).select("exact_hash", "doc_id", kept),
        "bands": stays.select(F.explode("bands").alias("bucket"), order, "doc_id").distinct(),
        "sets": sets.join(stays.select("doc_id"), "doc_id", "left_semi").select("doc_id", "shingles"),
        "members": dropped.select("cluster_id", "doc_id", "level", F.lit(number).alias("batch")),
    }


def kept_tables(docs: DataFrame, sets: DataFrame) -> dict[str, DataFrame]:
    """The tables of a data set whose documents (`signatures.SIGNATURES`) all count, duplicates too."""
    absent = {name: F.lit(None).cast("string") for name in ("level", "set")}
    judged = docs.withColumns({**absent, "cluster_id": F.col("doc_id")})
    tables = document_tables(judged, sets, 0)
    return {name: tables[name] for name in ("urls", "exact", "bands", "sets")}


def shingle_lists(batches: Iterable[pa.RecordBatch], window: tuple[int, str]) -> Iterator[pa.RecordBatch]:
    """Shingle sets as the table `sets` has them, of batches with doc_id and text (`DedupSettings.window`)."""
    for batch in batches:
        sets = shingle_sets(batch.column("text"), *window)
        values = sets.values.to_numpy().view(np.int32)
        lists = pa.ListArray.from_arrays(sets.offsets, pa.array(values))
        yield pa.RecordBatch.from_arrays([batch.column("doc_id"), lists], schema=SETS.schema)


def shingled(texts: DataFrame, window: tuple[int, str]) -> DataFrame:
    """(doc_id, shingles) of (doc_id, text)."""
    return texts.select("doc_id", "text").mapInArrow(
        partial(shingle_lists, window=window), "doc_id string, shingles array<int>"
    )


def _first(judged: DataFrame, key: str, later: Sequence[str]) -> DataFrame:
    """Documents that passed the level of `key`: kept, or dropped by one of the `later` levels."""
    passed = F.col("level").isNull() | F.col("level").isin(*later)
    return judged.where(F.col(key).isNotNull() & passed)


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
