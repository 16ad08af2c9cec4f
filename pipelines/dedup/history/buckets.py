"""Which bucket a key belongs to, and passes over a history with one task a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.parts import runs

Visit = Callable[[str, pa.Array], Iterator[pa.RecordBatch]]
"""Called with a bucket's name and its keys, ascending and distinct."""


def bucket_number(key: str, buckets: int) -> Column:
    """Number of a key's bucket, from 0: the high bits of its XXH64 (seed 42, as Spark's xxhash64 computes it).

    `buckets` is a power of two from 2 up.
    """
    return F.shiftrightunsigned(F.xxhash64(key), 65 - buckets.bit_length()).cast("int")


def bucket_name(key: str, buckets: int) -> Column:
    """The bucket's number in hexadecimal: the name of its files."""
    return F.lower(F.lpad(F.hex(bucket_number(key, buckets)), 3, "0"))


def by_bucket(keys: DataFrame, key: str, buckets: int, visit: Visit, schema: str) -> DataFrame:
    """What `visit` yields for each bucket that has keys (nulls apart): each bucket is visited by one task, once."""
    wanted = keys.select(F.col(key)).where(F.col(key).isNotNull()).distinct()
    placed = wanted.select(
        bucket_number(key, buckets).alias("number"), bucket_name(key, buckets).alias("part"), key
    )
    # One task a bucket whatever the sizes: without it few keys would end up in one task that reads all files.
    spread = placed.repartitionById(buckets, F.col("number")).sortWithinPartitions(key)
    return spread.select("part", key).mapInArrow(_task(visit), schema)


def _task(visit: Visit) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: dict[str, list[pa.Array]] = {}
        for batch in batches:
            for bucket, start, stop in runs(batch.column(0)):
                held.setdefault(bucket, []).append(batch.column(1).slice(start, stop - start))
        for bucket, keys in sorted(held.items()):
            yield from visit(bucket, pa.concat_arrays(keys))

    return task
