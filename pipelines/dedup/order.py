"""The declared order: which of two duplicates stays. One binary column whose unsigned byte order is the order.

Each key of the recipe becomes bytes that compare as its values do, one behind the other; doc_id ends them, so
the order is total and the same everywhere. A prefix puts documents of earlier runs before all of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import RecipeError

DEFAULT = ("length", "timestamp", "doc_id")
"""Longest first, then earliest (unknown times last), then smallest doc_id."""

NEW = b"\x01"
"""First byte of this run's documents."""

QUALITY = "quality:"
"""Beginning of a key that names a column of the signals table."""


def earlier(batch: int) -> bytes:
    """Prefix of the documents of batch `batch` of the history: before all of this run, in order of batches."""
    return b"\x00" + batch.to_bytes(4, "big")


@dataclass(frozen=True)
class DeclaredOrder:
    """The keys, most important first; doc_id is added where it does not end them.

    keys: `date` (day of the timestamp, earliest first, unknown last), `timestamp` (likewise), `length`
    (longest first), `quality:SIGNAL` (largest first, missing last), `source` and `licence` (as listed, others
    last), `doc_id`. sources, licences: the lists. licence_key: where a licence stands in the metadata, with
    dots between levels. Raises RecipeError for a key that is not known or lacks its list.
    """

    keys: tuple[str, ...] = DEFAULT
    sources: tuple[str, ...] = ()
    licence_key: str | None = None
    licences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in self.keys:
            if key not in KEYS and not key.startswith(QUALITY):
                close = get_close_matches(key, KEYS, 1)
                meant = f"; did you mean {close[0]}?" if close else ""
                raise RecipeError(f"no key {key!r} (keys are {', '.join(KEYS)}, quality: SIGNAL){meant}")
        if "source" in self.keys and not self.sources:
            raise RecipeError("the key source needs dedup.source_order, the sources from best to worst")
        if "licence" in self.keys and not (self.licence_key and self.licences):
            raise RecipeError("the key licence needs dedup.licence_key and dedup.licence_order")

    @property
    def signals(self) -> tuple[str, ...]:
        """Columns of the signals table that it looks at."""
        quality = (key.removeprefix(QUALITY) for key in self.keys if key.startswith(QUALITY))
        return tuple(dict.fromkeys(("n_bytes", *quality)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the documents table that it looks at."""
        return ("doc_id", "source", "timestamp", *(("metadata",) if "licence" in self.keys else ()))

    def __call__(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        """The order of each document (binary), from its columns by name."""
        keys = [key for key in self.keys if key != "doc_id"]
        parts = [self._part(key, columns) for key in keys]
        start = pa.repeat(pa.scalar(NEW, pa.binary()), len(columns["doc_id"]))
        ends = columns["doc_id"].cast(pa.binary())
        return pc.binary_join_element_wise(start, *parts, ends, pa.scalar(b"", pa.binary()))

    def _part(self, key: str, columns: Mapping[str, pa.Array]) -> pa.Array:
        if key.startswith(QUALITY):
            return _descending(columns[key.removeprefix(QUALITY)])
        return KEYS[key](self, columns)


def _date(order: DeclaredOrder, columns: Mapping[str, pa.Array]) -> pa.Array:
    return _text(pc.utf8_slice_codeunits(columns["timestamp"], 0, 10))


def _timestamp(order: DeclaredOrder, columns: Mapping[str, pa.Array]) -> pa.Array:
    return _text(columns["timestamp"])


def _length(order: DeclaredOrder, columns: Mapping[str, pa.Array]) -> pa.Array:
    sizes = columns["n_bytes"].to_numpy(zero_copy_only=False).astype(np.uint64)
    return _bytes(~sizes)


def _source(order: DeclaredOrder, columns: Mapping[str, pa.Array]) -> pa.Array:
    return _rank(columns["source"], order.sources)


def _licence(order: DeclaredOrder, columns: Mapping[str, pa.Array]) -> pa.Array:
    path = (order.licence_key or "").split(".")
    found = [_at(text, path) for text in columns["metadata"].to_pylist()]
    return _rank(pa.array(found, pa.string()), order.licences)


KEYS: dict[str, Callable[[DeclaredOrder, Mapping[str, pa.Array]], pa.Array]] = {
    "date": _date,
    "timestamp": _timestamp,
    "length": _length,
    "source": _source,
    "licence": _licence,
    "doc_id": lambda order, columns: columns["doc_id"].cast(pa.binary()),
}
"""How each key becomes bytes."""


def _bytes(numbers: np.ndarray) -> pa.Array:
    """uint64 as eight bytes each, most significant first."""
    data = pa.py_buffer(np.ascontiguousarray(numbers.astype(">u8")))
    fixed = pa.Array.from_buffers(pa.binary(8), len(numbers), [None, data])
    return fixed.cast(pa.binary())


def _text(texts: pa.Array) -> pa.Array:
    """Ascending, null last. A zero byte ends a text, so that what follows cannot outweigh its length."""
    zero = pa.scalar(b"\x00", pa.binary())
    known = pc.binary_join_element_wise(texts.cast(pa.binary()), zero, pa.scalar(b"", pa.binary()))
    return pc.fill_null(known, pa.scalar(b"\xff", pa.binary()))


def _descending(values: pa.Array) -> pa.Array:
    """Largest first; null and NaN last. The bits of a float, its sign aside, order as it does (IEEE 754)."""
    numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    bits = np.ascontiguousarray(numbers + 0.0).view(np.uint64)
    top = np.uint64(1 << 63)
    ascending = np.where(bits >= top, ~bits, bits | top)
    return _bytes(np.where(np.isnan(numbers), np.uint64(2**64 - 1), ~ascending))


def _rank(values: pa.Array, listed: Sequence[str]) -> pa.Array:
    """Place in the list, those not in it last."""
    places = pc.fill_null(pc.index_in(values, pa.array(listed, pa.string())), len(listed))
    return _bytes(places.to_numpy(zero_copy_only=False).astype(np.uint64))


def _at(text: str | None, path: Sequence[str]) -> str | None:
    try:
        value = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
