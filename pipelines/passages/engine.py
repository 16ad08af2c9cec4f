"""The passes in their order: cut and hash every unit, compare the units, cut. Text is read twice, never moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from daybreak.storage import Store
from pipelines.passages import scan
from pipelines.passages.judge import LOSERS, JudgeUnit
from pipelines.passages.settings import PassageSettings
from pipelines.passages.substrings import Substrings
from pipelines.reading import KeptUnit
from pipelines.spark.narrow import UnitResult, run_units, scan_units
from pipelines.spark.wide import write_parts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pipelines.passages.across import Prior

SEEN = pa.schema([("hash", pa.int64())])
SEEN_BITS = 4
"""`seen` has a part for each unit of text and value of so many high bits."""


@dataclass(frozen=True)
class Removed:
    """What the passes gave: one result a unit, and the parts of the table `seen`."""

    results: list[UnitResult]
    seen: list[FileEntry] = field(default_factory=list)


@dataclass(frozen=True)
class Engine:
    """Removes repeated passages from units; the first copies in the declared order stay.

    Whether a passage goes depends on what stands before it alone: every document that came in counts as seen,
    whatever became of it here. All units of text look at the text as it came in, and what goes is the union;
    each copy that goes stands in an earlier place, so something of it stays, whichever units are asked for.

    priors: by unit of text, which of some hashes earlier runs have seen. keep_seen: write the hashes that this
    run saw first, for later runs. Either makes substrings compare all their windows.
    """

    spark: SparkSession
    out: Store
    settings: PassageSettings
    order: scan.Order
    progress: Progress
    partitions: int | None = None
    priors: Mapping[str, Prior] = field(default_factory=dict)
    keep_seen: bool = False

    def __call__(self, units: Sequence[KeptUnit]) -> Removed:
        """Writes decisions and cuts of every unit below `out`."""
        index = {unit.unit: k for k, unit in enumerate(units)}
        early = self._anchored() is not None
        if early:
            self._find_anchors(units, index)
        self._run(units, scan.ScanUnit(self.out, self.settings, self.order, early), "cut")
        seen = self._compare(units, index) if self.settings.across and units else []
        results = self._run(units, JudgeUnit(self.out, self.settings), "judge")
        self.out.remove(scan.SCRATCH)
        return Removed(results, seen)

    def _anchored(self) -> Substrings | None:
        """The substrings, where those whose anchor stands once may be left out early."""
        unit = self.settings.units.get("substrings")
        if unit is None or unit.inside or self.keep_seen or "substrings" in self.priors:
            return None
        assert isinstance(unit.cut, Substrings)
        return unit.cut

    def _find_anchors(self, units: Sequence[KeptUnit], index: Mapping[str, int]) -> None:
        from pipelines.passages.across import ANCHORS, repeated

        cut = self._anchored()
        assert cut is not None
        self._run(units, scan.AnchorUnit(self.out, cut), "find anchors in")
        read = partial(scan.anchors_of, self.out, index)
        found = repeated(scan_units(self.spark, units, read, ANCHORS, self.partitions))
        self._write(found, units, "repeated", scan.HASHES, ["hash"])

    def _compare(self, units: Sequence[KeptUnit], index: Mapping[str, int]) -> list[FileEntry]:
        """Writes what each unit loses to others; the entries of `seen`."""
        from pyspark.sql import functions as F

        from pipelines.passages.across import FIRSTS, keep_first

        names = list(self.settings.units)
        read = scan.Firsts(self.out, self.settings, index)
        firsts = scan_units(self.spark, units, read, FIRSTS, self.partitions)
        copies = [unit.copies for unit in self.settings.units.values()]
        priors = {names.index(name): prior for name, prior in self.priors.items() if name in names}
        judged = keep_first(firsts, copies, priors, self.keep_seen)
        held = judged.persist() if self.keep_seen else judged
        self._write(held.filter("loses"), units, "losers", LOSERS, ["level", "hash"])
        if not self.keep_seen:
            return []
        name = F.element_at(F.array(*map(F.lit, names)), F.col("level").cast("int") + 1)
        bits = F.lower(F.hex(F.shiftrightunsigned("hash", 64 - SEEN_BITS)))
        new = held.filter("new").withColumn("part", F.concat(name, F.lit("-"), bits))
        entries = write_parts(new, self.out, "seen", SEEN, "part", ["hash"], self.progress)
        held.unpersist()
        return entries

    def _write(
        self, rows: DataFrame, units: Sequence[KeptUnit], table: str, schema: pa.Schema, order: list[str]
    ) -> None:
        """Rows with the index of their `unit`, a part for each unit that has some."""
        named = rows.mapInArrow(
            partial(_with_names, names=[u.unit for u in units], schema=schema), _ddl(schema) + ", part string"
        )
        write_parts(named, self.out, f"{scan.SCRATCH}/{table}", schema, "part", order, self.progress)

    def _run(self, units: Sequence[KeptUnit], work: object, what: str) -> list[UnitResult]:
        assert callable(work)
        return run_units(self.spark, units, work, self.progress, self.partitions, what=what)


def _with_names(
    batches: Iterator[pa.RecordBatch], names: list[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    known = pa.array(names, pa.string())
    for batch in batches:
        parts = known.take(batch.column("unit"))
        yield batch.select(schema.names).append_column("part", parts)


def _ddl(schema: pa.Schema) -> str:
    kinds = {pa.int8(): "tinyint", pa.int64(): "long"}
    return ", ".join(f"{column.name} {kinds[column.type]}" for column in schema)
