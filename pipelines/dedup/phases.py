"""Finished phases of a wide step, kept in files, so that a killed run goes on from the last of them.

Tasks write the parts themselves, a marker that names them comes last. A phase whose marker is there is read
back and not computed again. Parts are in the order of Spark's partitions: rows of a sorted frame are numbered
by their place.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.storage import Store
from pipelines.parts import row_bytes
from pipelines.spark.naming import describing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MARKER = "done.json"
GROUP_ROWS = 1 << 17
GROUP_BYTES = 16 << 20
WRITTEN = pa.schema([("part", pa.int64()), ("path", pa.string()), ("rows", pa.int64())])


@dataclass(frozen=True)
class Phase:
    """The rows of a finished phase. paths: its files, in order, relative to `store`. sizes: their rows."""

    spark: SparkSession
    store: Store
    schema: pa.Schema
    paths: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(self.sizes)

    def frame(self, number: str | None = None, first: int = 0) -> DataFrame:
        """As a DataFrame; `number` names a column (long) that counts the rows, from `first`, in their order."""
        starts = [first, *(first + size for size in accumulate(self.sizes))]
        schema = self.schema if number is None else self.schema.append(pa.field(number, pa.int64()))
        store, paths = self.store, self.paths

        def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for index in batch.column(0).to_pylist():
                    rows = read_groups(store, paths[index])
                    yield from rows if number is None else _numbered(rows, schema, starts[index])

        files = self.spark.range(0, len(paths), 1, numPartitions=max(1, len(paths)))
        return files.mapInArrow(read, struct_of(schema))

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows, read by this process, a row group at a time."""
        for path in self.paths:
            yield from read_groups(self.store, path, columns)

    def table(self) -> pa.Table:
        """All rows in this process."""
        return pa.Table.from_batches(self.batches(), self.schema)


@dataclass(frozen=True)
class Phases:
    """The phases below `store`."""

    spark: SparkSession
    store: Store

    def phase(self, name: str, schema: pa.Schema, build: Callable[[], DataFrame]) -> Phase:
        """The phase `name`: as it stands if it is finished, else what `build` gives, written down."""

        def written() -> list[dict[str, Any]]:
            with describing(self.spark, name.replace("-", " ")):
                rows = build().select(*schema.names)
                written = rows.mapInArrow(_writer(self.store, name, schema), struct_of(WRITTEN))
                return written.toArrow().to_pylist()

        return self._phase(name, schema, written)

    def here(self, name: str, schema: pa.Schema, build: Callable[[], Iterator[pa.RecordBatch]]) -> Phase:
        """The phase `name` likewise, from rows that this process makes."""

        def written() -> list[dict[str, Any]]:
            return pa.Table.from_batches(_writer(self.store, name, schema)(build()), WRITTEN).to_pylist()

        return self._phase(name, schema, written)

    def _phase(self, name: str, schema: pa.Schema, write: Callable[[], list[dict[str, Any]]]) -> Phase:
        if not self.store.exists(name, MARKER):
            self.store.remove(name)
            self.store.make(name)
            files = sorted((row["part"], row["path"], row["rows"]) for row in write())
            content = [[path, size] for _, path, size in files]
            self.store.write(f"{name}/{MARKER}", json.dumps(content).encode())
        files = json.loads(self.store.read(name, MARKER))
        return Phase(self.spark, self.store, schema, tuple(f[0] for f in files), tuple(f[1] for f in files))


def struct_of(schema: pa.Schema) -> str:
    """Spark's words for an Arrow schema of plain columns."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in from_arrow_schema(schema))


def read_groups(store: Store, path: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The row groups of one file: each holds what one batch may."""
    with store.filesystem.open_input_file(store.path(path)) as stream:
        file = pq.ParquetFile(stream)
        for group in range(file.num_row_groups):
            yield from file.read_row_group(group, columns, use_threads=False).combine_chunks().to_batches()


def _numbered(rows: Iterable[pa.RecordBatch], schema: pa.Schema, start: int) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        numbers = pa.array(np.arange(start, start + batch.num_rows))
        yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=schema)
        start += batch.num_rows


def _writer(
    store: Store, folder: str, schema: pa.Schema
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        part = context.partitionId() if context else 0
        path = f"{folder}/{part:06d}-{uuid.uuid4().hex}.parquet"
        size = _write(store, path, schema, batches)
        if size:
            yield pa.RecordBatch.from_pylist([{"part": part, "path": path, "rows": size}], WRITTEN)

    return write


def _write(store: Store, path: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Rows written; no file for none. A name of its own each time: a task may run twice, one of them counts."""
    total, writer = 0, None
    for table in _groups(batches, schema):
        if writer is None:
            target = store.path(path)
            writer = pq.ParquetWriter(target, schema, filesystem=store.filesystem, compression="lz4")
        writer.write_table(table, row_group_size=GROUP_ROWS)
        total += len(table)
    if writer is not None:
        writer.close()
    return total


def _groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of about a row group, by rows and bytes."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch.cast(schema) if batch.schema != schema else batch)
        rows, size = rows + batch.num_rows, size + int(row_bytes(batch).sum())
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.Table.from_batches(held, schema)
            held, rows, size = [], 0, 0
    if rows:
        yield pa.Table.from_batches(held, schema)
