"""Levels at which documents are equal by one hash: normalised URL, normalised text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

REMOVED = pa.schema(
    [
        ("doc_id", pa.string()),
        ("level", pa.string()),
        ("matched", pa.string()),
        ("similarity", pa.float64()),
        ("set", pa.string()),
    ]
)
"""Documents that a level removed: which document stays in their place, and in which data set that is (null:
in this run or its history).
"""


def first_of_each(
    docs: DataFrame, level: str, hash_column: str, prior: Callable[[DataFrame], DataFrame] | None
) -> DataFrame:
    """REMOVED of `docs`: all but the first, in the declared order, of those with one hash; a null equals nothing.

    A hash that `prior` knows removes them all.
    """
    from pyspark.sql import functions as F

    known = docs.filter(F.col(hash_column).isNotNull())
    groups = known.groupBy(hash_column).agg(
        F.min("order").alias("first"),
        F.min_by("doc_id", "order").alias("matched"),
        F.count(F.lit(1)).alias("n"),
    )
    several = groups.filter("n > 1").select(
        hash_column, "matched", F.lit(None).cast("string").alias("set"), "first"
    )
    if prior is not None:
        old = prior(groups.select(hash_column)).select(hash_column, F.col("doc_id").alias("matched"), "set")
        several = several.join(old, hash_column, "left_anti").unionByName(
            old.withColumn("first", F.lit(None).cast("binary"))
        )
    copies = known.select("doc_id", "order", hash_column).join(several, hash_column)
    copies = copies.filter(F.col("first").isNull() | (F.col("order") != F.col("first")))
    columns = {"level": F.lit(level), "similarity": F.lit(1.0)}
    return copies.withColumns(columns).select(*REMOVED.names)
