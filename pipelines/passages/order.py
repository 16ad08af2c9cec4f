"""The declared order of documents, as bytes: longest first, then earliest (unknown last), then smallest doc_id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_NONE = pa.scalar(b"", pa.binary())


@dataclass(frozen=True)
class DefaultOrder:
    """The default of `dedup.order` (`pipelines.dedup.order`)."""

    columns: tuple[str, ...] = ("doc_id", "timestamp")
    signals: tuple[str, ...] = ("n_bytes",)

    def __call__(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        """The order of each document (binary)."""
        sizes = columns["n_bytes"].to_numpy(zero_copy_only=False).astype(np.uint64)
        longest = np.ascontiguousarray((~sizes).astype(">u8"))
        length = pa.Array.from_buffers(pa.binary(8), len(sizes), [None, pa.py_buffer(longest)])
        end = pa.scalar(b"\x00", pa.binary())
        when = pc.binary_join_element_wise(columns["timestamp"].cast(pa.binary()), end, _NONE)
        when = pc.fill_null(when, pa.scalar(b"\xff", pa.binary()))
        doc_id = columns["doc_id"].cast(pa.binary())
        return pc.binary_join_element_wise(length.cast(pa.binary()), when, doc_id, _NONE)
