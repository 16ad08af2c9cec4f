"""Between Arrow string columns and the flat arrays that kernels read and write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import DaybreakError

MAX_INT32 = 2**31 - 1


@dataclass(frozen=True)
class TextView:
    """A string column without copies: document i is the UTF-8 bytes `data[starts[i]:stops[i]]`; a null is
    empty.

    `starts` and `stops` are int64 of shape (rows,), `data` is uint8; all are read-only, so that kernels
    compile once.
    """

    starts: np.ndarray
    stops: np.ndarray
    data: np.ndarray

    @property
    def n_bytes(self) -> np.ndarray:
        """Length of each document in bytes, int64."""
        return self.stops - self.starts


def as_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One string or large_string array of a column that may be chunked, null-typed or dictionary-encoded."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column
    return column.cast(pa.large_string() if column.type == pa.string_view() else pa.string())


def text_view(column: pa.Array | pa.ChunkedArray) -> TextView:
    """View a string column (sliced, chunked or with nulls) as flat arrays."""
    array = as_array(column)
    _, offsets_buffer, data_buffer = array.buffers()
    kind = np.int64 if pa.types.is_large_string(array.type) else np.int32
    if len(array) == 0 or offsets_buffer is None:
        offsets = np.zeros(len(array) + 1, np.int64)
    else:
        offsets = np.frombuffer(offsets_buffer, kind, len(array) + 1, array.offset * np.dtype(kind).itemsize)
    starts, stops = offsets[:-1].astype(np.int64), offsets[1:].astype(np.int64)
    if array.null_count:
        stops = np.where(pc.is_valid(array).to_numpy(zero_copy_only=False), stops, starts)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    return TextView(_frozen(starts), _frozen(stops), _frozen(data))


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def string_array(like: pa.Array, data: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """A string array of the type and nulls of `like`, from concatenated UTF-8 `data` and each row's length
    in bytes.
    """
    large = pa.types.is_large_string(like.type)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if not large and offsets[-1] > MAX_INT32:
        raise DaybreakError(f"a batch of {offsets[-1]:,} bytes of text is too large: use smaller batches")
    offsets = offsets.astype(np.int64 if large else np.int32)
    validity = pa.array(pc.is_valid(like)).buffers()[1] if like.null_count else None
    kind = pa.LargeStringArray if large else pa.StringArray
    return kind.from_buffers(len(like), pa.py_buffer(offsets), pa.py_buffer(data), validity)


def put(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    """`batch` with column `name` replaced where it stands, or appended."""
    index = batch.schema.get_field_index(name)
    return batch.append_column(name, column) if index < 0 else batch.set_column(index, name, column)
