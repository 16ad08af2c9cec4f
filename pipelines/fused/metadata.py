"""`Metadata`: numbers picked from a document's metadata (likes, comments, karma), as signals for thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from pipelines.kernels.arrow import put


@dataclass(frozen=True)
class Metadata:
    """Append `meta_<name>` (float64) for each of `keys`: (name, path of the value, with dots between levels).

    A key that itself holds dots is found as well. Numbers, true and false (1 and 0) and texts that are numbers
    count; null where there is none, as for anything else, NaN and the infinities. A list is entered by index.
    """

    keys: tuple[tuple[str, str], ...]
    name: str = "metadata"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the columns; `metadata` is a column of JSON objects."""
        rows = [_parsed(text) for text in batch.column("metadata").to_pylist()]
        for name, path in self.keys:
            values = pa.array([number_at(row, path) for row in rows], pa.float64())
            batch = put(batch, f"meta_{name}", values)
        return batch


def number_at(value: Any, path: str) -> float | None:
    """The number at `path` below `value`, None where there is none."""
    if not path:
        return _number(value)
    if isinstance(value, list):
        head, _, rest = path.partition(".")
        inside = head.isdecimal() and int(head) < len(value)
        return number_at(value[int(head)], rest) if inside else None
    if not isinstance(value, Mapping):
        return None
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        head = ".".join(parts[:cut])
        if head in value:
            return number_at(value[head], ".".join(parts[cut:]))
    return None


def _parsed(text: str | None) -> Any:
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None


def _number(value: Any) -> float | None:
    if not isinstance(value, bool | int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
