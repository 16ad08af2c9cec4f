"""Document identity: a hash of where a record stands and what it holds, stable for ever."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128_hexdigest


def doc_id(source: str, file: str, batch: pa.RecordBatch) -> pa.Array:
    """The identity of each row of a RAW batch: 32 hex digits, one string a row.

    It is xxh3-128 over source, file (relative to the source's root), offset as decimal digits, and content,
    joined by NUL. Content is the payload as stored, else the text; so take it from the reader's batch,
    before any stage edits the text. Golden values in the tests pin it.
    """
    content = pc.coalesce(batch["payload"], batch["text"].cast(pa.binary()), pa.scalar(b""))
    origin = pa.scalar(f"{source}\0{file}".encode(), pa.large_binary())
    place = batch["offset"].cast(pa.string()).cast(pa.large_binary())
    keys = pc.binary_join_element_wise(
        origin, place, content.cast(pa.large_binary()), pa.scalar(b"\0", pa.large_binary())
    )
    return pa.array([xxh3_128_hexdigest(key) for key in _slices(keys)], pa.string())


def _slices(keys: pa.LargeBinaryArray) -> list[memoryview]:
    """The values of `keys` as views of its buffer, uncopied."""
    _, offsets, data = keys.buffers()
    ends = (
        np.frombuffer(offsets, np.int64)[keys.offset : keys.offset + len(keys) + 1].tolist()
        if len(keys)
        else [0]
    )
    view = memoryview(data or b"")
    return [view[start:end] for start, end in pairwise(ends)]
