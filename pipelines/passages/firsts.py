"""Which occurrence of a passage stays: within one unit, the documents in the declared order."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.compile import kernel
from pipelines.passages.pieces import Pieces

OCCURRENCES = pa.schema(
    [
        ("hash", pa.int64()),
        ("row", pa.int32()),
        ("begin", pa.int32()),
        ("stop", pa.int32()),
        ("first", pa.bool_()),
    ]
)
"""The passages of one unit by hash, those of one hash in the declared order; `first`: among the copies that would
stay if there were no other unit."""


@dataclass(frozen=True)
class Occurrences:
    """OCCURRENCES as arrays, less `first`."""

    hash: np.ndarray
    row: np.ndarray
    begin: np.ndarray
    stop: np.ndarray

    def take(self, index: np.ndarray) -> Occurrences:
        """Those at the places `index`, or where it is true."""
        return Occurrences(*(getattr(self, f.name)[index] for f in fields(self)))

    def table(self, first: np.ndarray) -> pa.Table:
        """As a table of schema OCCURRENCES."""
        arrays = [pa.array(getattr(self, f.name)) for f in fields(self)]
        return pa.table([*arrays, pa.array(first)], schema=OCCURRENCES)

    @classmethod
    def of(cls, table: pa.Table) -> Occurrences:
        """From a table of schema OCCURRENCES."""
        return cls(*(_frozen(table.column(f.name).to_numpy()) for f in fields(cls)))


def ordered(pieces: list[Pieces], order: pa.Array) -> Occurrences:
    """The passages of consecutive batches of a unit; `order` (binary) of each document of the unit."""
    sizes = [0, *np.cumsum([len(p.ends) - 1 for p in pieces]).tolist()]
    rows = [p.rows() + start for p, start in zip(pieces, sizes, strict=False)]
    row = _joined(rows, np.int64)
    rank = np.empty(len(order), np.int64)
    rank[pc.sort_indices(order).to_numpy()] = np.arange(len(order))
    hashes = _joined([p.hashes for p in pieces], np.int64)
    walk = np.argsort(rank[row], kind="stable")
    index = walk[np.argsort(hashes[walk], kind="stable")]
    begins, stops = (_joined(a, np.int32) for a in ([p.begins for p in pieces], [p.stops for p in pieces]))
    found = Occurrences(hashes, row.astype(np.int32), begins, stops).take(index)
    return Occurrences(*(_frozen(getattr(found, f.name)) for f in fields(found)))


def decide(
    found: Occurrences, copies: int, inside: bool, lost: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(goes, first), each bool: which occurrences leave, and which are counted as copies that stay.

    The first `copies` of a hash stay, by document where `inside`. `lost`: hashes (int64, ascending, once for
    each copy) that stay in another unit instead. An occurrence that overlaps one that stays, as in a text that
    repeats itself at short distance, is part of that copy: it neither goes nor counts.
    """
    goes, first = np.zeros(len(found.hash), bool), np.zeros(len(found.hash), bool)
    lost = np.zeros(0, np.int64) if lost is None else lost
    _decide(found.hash, found.row, found.begin, found.stop, _frozen(lost), copies, inside, goes, first)
    return goes, first


def repeated_inside(found: Occurrences) -> np.ndarray:
    """Which occurrences have another of the same hash in their document: bool."""
    same = np.zeros(len(found.hash) + 1, bool)
    same[1:-1] = (found.hash[1:] == found.hash[:-1]) & (found.row[1:] == found.row[:-1])
    return np.asarray(same[1:] | same[:-1])


def _joined(arrays: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, kind), *arrays])


def _frozen(array: np.ndarray) -> np.ndarray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@kernel
def _decide(hashes, rows, begins, stops, lost, copies, inside, goes, first):  # type: ignore[no-untyped-def]
    at, gone = 0, 0
    while at < hashes.size:
        end = at + 1
        while end < hashes.size and hashes[end] == hashes[at] and (not inside or rows[end] == rows[at]):
            end += 1
        while gone < lost.size and lost[gone] < hashes[at]:
            gone += 1
        fewer = 0
        while gone + fewer < lost.size and lost[gone + fewer] == hashes[at]:
            fewer += 1
        counted = _mark(rows, begins, stops, at, end, copies, goes, first)
        if fewer:
            _mark(rows, begins, stops, at, end, counted - fewer, goes, first)
        at = end


@kernel
def _mark(rows, begins, stops, at, end, copies, goes, first):  # type: ignore[no-untyped-def]
    """Decide on the occurrences [at, end) of one hash; returns how many stay."""
    count, row, stop = 0, -1, 0
    for k in range(at, end):
        overlaps = rows[k] == row and begins[k] < stop
        first[k] = not overlaps and count < copies
        goes[k] = not overlaps and count >= copies
        if first[k]:
            count += 1
            row, stop = rows[k], stops[k]
    return count
