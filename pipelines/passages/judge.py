"""Last pass over a unit: the ranges that leave each document, and the documents of which too little is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from daybreak.schema import CUTS, DECISIONS
from daybreak.storage import Store
from pipelines.cutting import count_cut, range_lists
from pipelines.parts import read_part, write_part
from pipelines.passages.cuts import Cut, cut_texts
from pipelines.passages.firsts import OCCURRENCES, Occurrences, decide
from pipelines.passages.scan import ROWS, SCRATCH, occurrences_path
from pipelines.passages.settings import PassageSettings
from pipelines.reading import KeptUnit
from pipelines.spark.narrow import UnitResult

STAGE = "passages"
SHARE, LEFT = "passages.removed_share", "passages.left_chars"
LOSERS = pa.schema([("level", pa.int8()), ("hash", pa.int64())])
"""Copies of one unit that stay in another instead, by level and hash, once for each copy."""
KEYS = ("doc_id", "source", "n_bytes")


class Ranges(NamedTuple):
    """What goes, by row and begin: `row`, `begin` and `stop` int64, `level` int8."""

    row: np.ndarray
    begin: np.ndarray
    stop: np.ndarray
    level: np.ndarray


@dataclass(frozen=True)
class JudgeUnit:
    """Decides on one unit from its occurrences and the copies that it lost to other units."""

    out: Store
    settings: PassageSettings

    def __call__(self, unit: KeptUnit) -> UnitResult:
        """Write decisions and cuts. Facts: `passages` and `repeated`, by unit of text."""
        facts: dict[str, tuple[int, int]] = {}
        ranges = self._ranges(unit.unit, facts)
        keys = pa.Table.from_batches(unit.read_signals(KEYS, ROWS), pa.schema(map(DECISIONS.field, KEYS)))
        cut = self._cut(unit, ranges) if len(ranges.row) else _nothing(keys.num_rows)
        if len(cut.ends) != keys.num_rows + 1:
            raise ValueError(f"tables do not line up: {len(cut.ends) - 1} texts, {keys.num_rows} signals")
        decisions, drop = self._decisions(keys, cut, ranges)
        lists = range_lists(cut.ends, cut.begins, cut.stops).filter(pa.array(~drop))
        cuts = pa.table([lists], schema=CUTS)
        entries = {
            name: write_part(self.out, f"{name}/{unit.unit}.parquet", schema, table.to_batches())
            for name, schema, table in (("decisions", DECISIONS, decisions), ("cuts", CUTS, cuts))
        }
        return UnitResult(unit.unit, entries, count_cut(decisions, cuts, STAGE), facts={"passages": facts})

    def _ranges(self, part: str, facts: dict[str, tuple[int, int]]) -> Ranges:
        found: list[Ranges] = []
        losers = _losers(self.out, part)
        for level, (name, unit) in enumerate(self.settings.units.items()):
            batches = read_part(self.out, occurrences_path(name, part), rows=ROWS)
            occurrences = Occurrences.of(pa.Table.from_batches(batches, OCCURRENCES))
            lost = losers["hash"].to_numpy()[losers["level"].to_numpy() == level]
            goes, _ = decide(occurrences, unit.copies, unit.inside, lost)
            facts[name] = (len(goes), int(goes.sum()))
            gone = occurrences.take(goes)
            row, begin, stop = (array.astype(np.int64) for array in (gone.row, gone.begin, gone.stop))
            found.append(Ranges(row, begin, stop, np.full(len(row), level, np.int8)))
        joined = [np.concatenate(arrays) for arrays in zip(*found, strict=True)]
        index = np.lexsort((joined[1], joined[0]))
        return Ranges(*(array[index] for array in joined))

    def _cut(self, unit: KeptUnit, ranges: Ranges) -> Cut:
        """All texts of the unit, batch by batch."""
        cuts, start = [], 0
        for batch in unit.read(["text"]):
            rows = np.arange(start, start + batch.num_rows + 1)
            ends = np.searchsorted(ranges.row, rows)
            here = slice(ends[0], ends[-1])
            cuts.append(
                cut_texts(batch.column("text"), ends - ends[0], ranges.begin[here], ranges.stop[here])
            )
            start += batch.num_rows
        return _joined(cuts)

    def _decisions(self, keys: pa.Table, cut: Cut, ranges: Ranges) -> tuple[pa.Table, np.ndarray]:
        """DECISIONS, and which documents are dropped: bool [documents]."""
        lost = np.diff(cut.ends) > 0
        share = cut.gone / np.maximum(1, cut.gone + cut.left)
        much = lost & (share > self.settings.max_removed_share)
        little = lost & (cut.left < self.settings.min_left_chars)
        drop, n = much | little, keys.num_rows
        rule = np.where(much, SHARE, LEFT)
        known = {name: keys.column(name) for name in KEYS}
        known["stage"] = pa.repeat(STAGE, n)
        known["verdict"] = pa.array(np.where(drop, "drop", "keep"), pa.string())
        known["rule"] = pa.array(rule, pa.string(), mask=~drop)
        known["value"] = pa.array(np.where(much, share, cut.left), pa.float64(), mask=~drop)
        limits = self.settings.max_removed_share, self.settings.min_left_chars
        known["threshold"] = pa.array(np.where(much, *limits), pa.float64(), mask=~drop)
        known["failed"] = _failed(much, little)
        known["detail"] = pa.array(self._named(ranges, n), pa.string(), mask=~drop)
        return pa.table([known[field.name] for field in DECISIONS], schema=DECISIONS), drop

    def _named(self, ranges: Ranges, n: int) -> np.ndarray:
        """The units of text by which each document lost something."""
        masks = np.zeros(n, np.int64)
        np.bitwise_or.at(masks, ranges.row, np.int64(1) << ranges.level.astype(np.int64))
        names = list(self.settings.units)
        kinds = range(1 << len(names))
        texts = [", ".join(name for k, name in enumerate(names) if mask >> k & 1) for mask in kinds]
        return np.array(texts, object)[masks]


def losers_path(part: str) -> str:
    """Where the copies stand that a unit lost to others; no file where it lost none."""
    return f"{SCRATCH}/losers/{part}.parquet"


def _losers(out: Store, part: str) -> pa.Table:
    path = losers_path(part)
    batches: Iterator[pa.RecordBatch] = read_part(out, path, rows=ROWS) if out.exists(path) else iter(())
    return pa.Table.from_batches(batches, LOSERS)


def _failed(much: np.ndarray, little: np.ndarray) -> pa.Array:
    ends = np.concatenate([[0], np.cumsum(much.astype(np.int32) + little)]).astype(np.int32)
    rules = np.array([SHARE, LEFT])[np.nonzero(np.stack([much, little], axis=1))[1]]
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(rules, pa.string()))


def _nothing(n: int) -> Cut:
    none = np.zeros(0, np.int64)
    return Cut(np.zeros(n + 1, np.int64), none, none, np.zeros(n, np.int64), np.zeros(n, np.int64))


def _joined(cuts: Sequence[Cut]) -> Cut:
    none = np.zeros(0, np.int64)
    sizes = np.concatenate([none, *(np.diff(cut.ends) for cut in cuts)])
    ends = np.concatenate([[0], np.cumsum(sizes)])
    names = ("begins", "stops", "left", "gone")
    return Cut(ends, *(np.concatenate([none, *(getattr(cut, name) for cut in cuts)]) for name in names))
