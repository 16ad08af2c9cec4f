"""First pass over a unit: cut its texts and write the occurrences of every passage, by hash and declared order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from daybreak.storage import Store
from pipelines.parts import read_column, read_part, write_part
from pipelines.passages.firsts import OCCURRENCES, decide, ordered, repeated_inside
from pipelines.passages.pieces import Pieces
from pipelines.passages.settings import PassageSettings, Unit
from pipelines.passages.substrings import Substrings
from pipelines.reading import KeptUnit
from pipelines.spark.narrow import UnitResult

SCRATCH = "scratch"
"""Folder of what passes hand to each other; removed before the step commits."""

ANCHORS = pa.schema([("hash", pa.int64()), ("more", pa.bool_())])
"""Anchors of one unit, ascending; `more`: it stands more than once in the unit."""

HASHES = pa.schema([("hash", pa.int64())])
ORDERS = pa.schema([("order", pa.binary())])
ROWS = 1 << 16


class Order(Protocol):
    """The declared order (`pipelines.dedup.order`): bytes whose order is that of the documents."""

    @property
    def columns(self) -> Sequence[str]:
        """Columns of the documents table that it looks at."""

    @property
    def signals(self) -> Sequence[str]:
        """Columns of the signals table that it looks at."""

    def __call__(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        """The order of each document (binary), from its columns by name."""


@dataclass(frozen=True)
class AnchorUnit:
    """Writes the anchors of a unit's substrings, by which passages that stand once are left out early."""

    out: Store
    cut: Substrings

    def __call__(self, unit: KeptUnit) -> UnitResult:
        """One part of schema ANCHORS."""
        found = [self.cut.anchors(batch.column("text")) for batch in unit.read(["text"])]
        hashes, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *found]), return_counts=True)
        table = pa.table([pa.array(hashes), pa.array(counts > 1)], schema=ANCHORS)
        write_part(self.out, anchors_path(unit.unit), ANCHORS, table.to_batches())
        return UnitResult(unit.unit)


@dataclass(frozen=True)
class ScanUnit:
    """Cuts a unit's texts. `repeated`: substrings are looked at where their anchor was found to stand again."""

    out: Store
    settings: PassageSettings
    order: Order
    repeated: bool

    def __call__(self, unit: KeptUnit) -> UnitResult:
        """One part of schema OCCURRENCES for each unit of text, and the declared order of the documents."""
        cutters = {name: self._cutter(name, u, unit.unit) for name, u in self.settings.units.items()}
        pieces: dict[str, list[Pieces]] = {name: [] for name in cutters}
        for batch in unit.read(["text"]):
            for name, cut in cutters.items():
                pieces[name].append(cut(batch.column("text")))
        order = _order(unit, self.order)
        write_part(self.out, order_path(unit.unit), ORDERS, pa.table([order], schema=ORDERS).to_batches())
        for name in cutters:
            self._write(name, pieces.pop(name), order, unit.unit)
        return UnitResult(unit.unit)

    def _cutter(self, name: str, unit: Unit, part: str) -> Callable[[pa.Array], Pieces]:
        if not (self.repeated and isinstance(unit.cut, Substrings) and not unit.inside):
            return unit.cut
        path = repeated_path(part)
        known = read_column(self.out, path, "hash") if self.out.exists(path) else pa.array([], pa.int64())
        return replace(unit.cut, repeated=known.cast(pa.int64()).to_numpy())

    def _write(self, name: str, pieces: list[Pieces], order: pa.Array, part: str) -> None:
        unit = self.settings.units[name]
        found = ordered(pieces, order)
        if unit.inside:
            found = found.take(repeated_inside(found))
        _, first = decide(found, unit.copies, unit.inside)
        table = found.table(first)
        write_part(self.out, occurrences_path(name, part), OCCURRENCES, table.to_batches(ROWS))


@dataclass(frozen=True)
class Firsts:
    """What a unit brings to the comparison with others: the copies that would stay if there were no other."""

    out: Store
    settings: PassageSettings
    index: Mapping[str, int]

    def __call__(self, unit: KeptUnit) -> Iterator[pa.RecordBatch]:
        """Columns level (int8), hash, order (binary) and unit (int32), as `across.FIRSTS` has them."""
        order = read_column(self.out, order_path(unit.unit), "order").cast(pa.binary())
        for level, name in enumerate(self.settings.units):
            if name not in self.settings.across:
                continue
            path = occurrences_path(name, unit.unit)
            for batch in read_part(self.out, path, ["hash", "row", "first"], ROWS):
                batch = batch.filter(batch.column("first"))
                n = batch.num_rows
                arrays = [
                    pa.repeat(pa.scalar(level, pa.int8()), n),
                    batch.column("hash"),
                    order.take(batch.column("row")),
                    pa.repeat(pa.scalar(self.index[unit.unit], pa.int32()), n),
                ]
                yield pa.RecordBatch.from_arrays(arrays, names=["level", "hash", "order", "unit"])


def anchors_of(out: Store, index: Mapping[str, int], unit: KeptUnit) -> Iterator[pa.RecordBatch]:
    """Columns hash, more and unit (int32) of the part that `AnchorUnit` wrote."""
    for batch in read_part(out, anchors_path(unit.unit), rows=ROWS):
        yield batch.append_column("unit", pa.repeat(pa.scalar(index[unit.unit], pa.int32()), batch.num_rows))


def anchors_path(unit: str) -> str:
    """Where `AnchorUnit` writes."""
    return f"{SCRATCH}/anchors/{unit}.parquet"


def repeated_path(unit: str) -> str:
    """Where the anchors of a unit stand that were found more than once, ascending."""
    return f"{SCRATCH}/repeated/{unit}.parquet"


def order_path(unit: str) -> str:
    """Where `ScanUnit` writes the order of the documents."""
    return f"{SCRATCH}/order/{unit}.parquet"


def occurrences_path(name: str, unit: str) -> str:
    """Where `ScanUnit` writes the occurrences of one unit of text."""
    return f"{SCRATCH}/{name}/{unit}.parquet"


def _order(unit: KeptUnit, order: Order) -> pa.Array:
    documents, signals = list(order.columns), list(order.signals)
    columns = _columns(unit.read(documents), documents) | _columns(unit.read_signals(signals), signals)
    return order(columns) if len(columns["doc_id"]) else pa.array([], pa.binary())


def _columns(batches: Iterator[pa.RecordBatch], names: Sequence[str]) -> dict[str, pa.Array]:
    held = list(batches)
    if not held:
        return {name: pa.array([], pa.string()) for name in names}
    table = pa.Table.from_batches(held)
    return {name: pa.concat_arrays(table.column(name).chunks) for name in names}
