"""Writing and reading the parts (files) of a table, so that equal rows give equal bytes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from daybreak.manifest import FileEntry
from daybreak.storage import Store

GROUP_ROWS = 4096
GROUP_BYTES = 16 << 20
UNLIKE = ("text", "doc_id", "exact_hash", "url", "metadata", "timestamp", "cluster_id", "matched")
"""Columns of strings whose values are seldom the same twice."""


@dataclass(frozen=True)
class Layout:
    """How a table lies in its files: rows and bytes a row group at most, Parquet encodings by column path.

    A column with an encoding of its own has no dictionary.
    """

    group_rows: int = GROUP_ROWS
    group_bytes: int = GROUP_BYTES
    encodings: Mapping[str, str] = field(default_factory=dict)

    def options(self, schema: pa.Schema) -> dict[str, Any]:
        """Arguments of `pyarrow.parquet.ParquetWriter`."""
        encoded = {column.split(".")[0] for column in self.encodings}
        others = [name for name in dictionary_columns(schema) if name.split(".")[0] not in encoded]
        return {"use_dictionary": others, "column_encoding": dict(self.encodings) or None}


PLAIN = Layout()


class PartWriter:
    """Writes one Parquet file (zstd). Row groups are cut by rows and bytes, never by the batches that come in.

    The file appears under its name only when it is complete; an attempt that dies leaves a `.tmp` behind.
    """

    def __init__(self, store: Store, path: str, schema: pa.Schema, layout: Layout = PLAIN) -> None:
        self._store, self._path, self._schema, self._layout = store, path, schema, layout
        self._temporary = f"{path}.{uuid.uuid4().hex}.tmp"
        self._held: list[pa.RecordBatch] = []
        self._rows = self._bytes = self._total = 0
        store.make(*path.split("/")[:-1])
        self._writer = pq.ParquetWriter(
            store.path(self._temporary),
            schema,
            filesystem=store.filesystem,
            compression="zstd",
            **layout.options(schema),
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Take a batch; its columns are picked and ordered by the schema."""
        batch = pa.RecordBatch.from_arrays(
            [batch.column(field.name).cast(field.type) for field in self._schema], schema=self._schema
        )
        sizes = row_bytes(batch)
        start = 0
        while start < batch.num_rows:
            taken, size = self._room(sizes[start:])
            self._held.append(batch.slice(start, taken))
            self._rows, self._bytes, start = self._rows + taken, self._bytes + size, start + taken
            if self._rows >= self._layout.group_rows or self._bytes >= self._layout.group_bytes:
                self._flush()

    def _room(self, sizes: np.ndarray) -> tuple[int, int]:
        """How many of the next rows fit into the open row group (at least one), and their bytes."""
        sums = np.cumsum(sizes)
        by_bytes = int(np.searchsorted(sums, self._layout.group_bytes - self._bytes)) + 1
        taken = max(1, min(self._layout.group_rows - self._rows, by_bytes, len(sizes)))
        return taken, int(sums[taken - 1])

    def _flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held, self._schema).combine_chunks()
            self._writer.write_table(table, row_group_size=self._layout.group_rows)
        self._total += self._rows
        self._held, self._rows, self._bytes = [], 0, 0

    def close(self) -> FileEntry:
        """Finish the file and give it its name."""
        self._flush()
        self._writer.close()
        self._store.move(self._temporary, self._path)
        size = self._store.size(self._path)
        return FileEntry(self._path, self._total, size, self._store.sha256(self._path))

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.discard()

    def discard(self) -> None:
        """Leave no file."""
        self._writer.close()
        self._store.remove(self._temporary)


def dictionary_columns(schema: pa.Schema) -> list[str]:
    """Paths of the columns that are worth a dictionary: strings that repeat, and what stands in lists.

    Numbers come out larger with one, and the dictionary of a text is given up after a megabyte of work.
    """
    names = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in UNLIKE]
    return [*names, *(path for field in schema for path in _list_paths(field.name, field.type))]


def _list_paths(name: str, kind: pa.DataType) -> list[str]:
    """Parquet's paths of the values in a list, or in the structs that it holds; none where it is no list."""
    if not pa.types.is_list(kind):
        return []
    value = f"{name}.list.element"
    if pa.types.is_struct(kind.value_type):
        return [f"{value}.{field.name}" for field in kind.value_type]
    return [value]


def row_bytes(batch: pa.RecordBatch) -> np.ndarray:
    """Bytes of each row's strings, binaries and lists: int64 [rows]. Fixed-width columns count as nothing."""
    sizes = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            sizes += pc.binary_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        elif pa.types.is_list(column.type):
            sizes += 4 * pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(
                np.int64
            )
    return sizes


def write_part(
    store: Store, path: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], layout: Layout = PLAIN
) -> FileEntry:
    """Write all batches as one part."""
    with PartWriter(store, path, schema, layout) as writer:
        for batch in batches:
            writer.write(batch)
        return writer.close()


def read_part(
    store: Store, path: str, columns: Sequence[str] | None = None, rows: int = 1024
) -> Iterator[pa.RecordBatch]:
    """The rows of one part in order, a batch at a time, without holding the file."""
    with store.filesystem.open_input_file(store.path(path)) as file:
        yield from pq.ParquetFile(file).iter_batches(batch_size=rows, columns=columns, use_threads=False)


def read_column(store: Store, path: str, column: str) -> pa.Array:
    """One whole column of a part."""
    batches = list(read_part(store, path, [column], rows=1 << 16))
    if not batches:
        return pa.array([], pa.null())
    return pa.chunked_array([b.column(0) for b in batches]).combine_chunks()


def keep_mask(store: Store, path: str) -> np.ndarray:
    """Which rows a decisions part keeps: bool [rows]."""
    verdict = read_column(store, path, "verdict")
    if len(verdict) == 0:
        return np.zeros(0, dtype=bool)
    return np.asarray(pc.equal(verdict, "keep").to_numpy(zero_copy_only=False))


def narrow_mask(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """A mask over all rows from one over the rows that `outer` keeps."""
    if int(outer.sum()) != len(inner):
        raise ValueError(f"tables do not line up: {int(outer.sum())} rows kept, {len(inner)} decided on")
    mask = outer.copy()
    mask[outer] = inner
    return mask


def filtered(batches: Iterable[pa.RecordBatch], mask: np.ndarray) -> Iterator[pa.RecordBatch]:
    """The rows of consecutive batches that a mask over all of them keeps; empty batches are left out."""
    start = 0
    for batch in batches:
        kept = batch.filter(pa.array(mask[start : start + batch.num_rows]))
        start += batch.num_rows
        if kept.num_rows:
            yield kept
    if start != len(mask):
        raise ValueError(f"tables do not line up: {start} rows, {len(mask)} decisions")


def runs(column: pa.Array) -> Iterator[tuple[str, int, int]]:
    """(value, start, stop) of each run of equal values in a string column without nulls."""
    encoded = pc.run_end_encode(column)
    start = 0
    for value, stop in zip(encoded.values.to_pylist(), encoded.run_ends.to_pylist(), strict=True):
        yield value, start, stop
        start = stop
