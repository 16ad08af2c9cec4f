"""Make the archive of `daybreak.sharing`: `python -m pipelines.spark.sharing`, once an environment."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from daybreak import java, sharing
from pipelines.spark.session import LOCAL

ROWS = 1000


def make() -> Path | None:
    """Start Spark, use what steps use of it, and write the classes that it loaded as it ends.

    None where there is no Java for Spark, or one that cannot do this. 178 MB; 37 CPU seconds were measured.
    """
    home = java.home()
    if home is None or (java.version(home / "bin/java") or 0) > sharing.NEWEST:
        return None
    archive = sharing.place(home)
    archive.parent.mkdir(parents=True, exist_ok=True)
    made = archive.with_suffix(f".{os.getpid()}")
    os.environ["JAVA_HOME"] = str(home)
    os.environ[sharing.VARIABLE] = f"-XX:ArchiveClassesAtExit={made} {sharing.QUIET}"
    _use_spark()
    if not made.is_file():
        return None
    made.replace(archive)
    return archive


def _use_spark() -> None:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").appName("daybreak sharing")
    for key, value in LOCAL.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        rows = spark.range(0, ROWS, 1, 4).mapInArrow(_same, "id long")
        rows.withColumn("key", F.xxhash64("id") % 7).write.parquet(f"{folder}/rows", compression="zstd")
        read = spark.read.parquet(f"{folder}/rows")
        counted = read.groupBy("key").agg(F.count("*").alias("n"), F.collect_list("id").alias("ids"))
        joined = read.join(counted, "key").repartition(4, "key").sortWithinPartitions("id")
        joined.mapInArrow(_same, joined.schema).toArrow()
    gateway = SparkContext._gateway
    spark.stop()
    assert gateway is not None
    gateway.shutdown()
    # The JVM ends with its standard input, and writes the archive as it ends.
    gateway.proc.stdin.close()
    gateway.proc.wait()


def _same(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield from batches


if __name__ == "__main__":
    found = make()
    print(found or "Spark's classes cannot be shared by this Java; every start loads them anew")
