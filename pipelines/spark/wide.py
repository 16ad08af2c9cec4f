"""Writing the result of a wide stage: one part per value of a column, sorted, whatever Spark's partitions."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from daybreak.storage import Store
from pipelines.parts import PLAIN, Layout, PartWriter, runs
from pipelines.spark.naming import describing
from pipelines.spark.narrow import watched

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ENTRY = pa.schema([("entry", pa.binary())])


def write_parts(
    frame: DataFrame,
    store: Store,
    table: str,
    schema: pa.Schema,
    part: str,
    order: Sequence[str],
    progress: Progress,
    partitions: int | None = None,
    layout: Layout = PLAIN,
) -> list[FileEntry]:
    """Write `frame` as parts `<table>/<value of the part column>.parquet`, rows sorted by `order`.

    `order` must be a total order within a part; `part` is a string column. Parts come back sorted by path.
    """
    spread = frame.repartition(partitions, part) if partitions else frame.repartition(part)
    placed = spread.sortWithinPartitions(part, *order)
    spark = frame.sparkSession
    with describing(spark, f"write {table}"), watched(spark, progress, 0):
        rows = placed.mapInArrow(_writer(store, table, schema, part, layout), "entry binary").collect()
    return sorted((pickle.loads(row["entry"]) for row in rows), key=lambda entry: entry.path)


def write_table(
    rows: pa.Table,
    store: Store,
    table: str,
    schema: pa.Schema,
    part: str,
    order: Sequence[str],
    layout: Layout = PLAIN,
) -> list[FileEntry]:
    """`write_parts` of rows in this process: the same files of the same bytes."""
    placed = rows.sort_by([(name, "ascending") for name in (part, *order)]).combine_chunks()
    written = _writer(store, table, schema, part, layout)(iter(placed.to_batches()))
    return sorted(_entries(written), key=lambda entry: entry.path)


def _entries(batches: Iterator[pa.RecordBatch]) -> Iterator[FileEntry]:
    for batch in batches:
        yield from (pickle.loads(entry) for entry in batch.column(0).to_pylist())


def _writer(
    store: Store, table: str, schema: pa.Schema, part: str, layout: Layout
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        current, writer = None, None
        for batch in batches:
            for value, start, stop in runs(batch.column(part)):
                if value != current:
                    if writer is not None:
                        yield _entry(writer.close())
                    current, writer = value, PartWriter(store, f"{table}/{value}.parquet", schema, layout)
                assert writer is not None
                writer.write(batch.slice(start, stop - start))
        if writer is not None:
            yield _entry(writer.close())

    return write


def _entry(entry: FileEntry) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([pickle.dumps(entry)], pa.binary())], schema=ENTRY)
