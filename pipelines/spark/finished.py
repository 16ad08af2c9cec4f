"""Finished units of a step that resumes: each has a marker, written after its parts, that a later run trusts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from daybreak.accounting import Count
from daybreak.manifest import FileEntry, canonical
from daybreak.storage import Store
from daybreak.workspace import MARKERS
from pipelines.spark.narrow import Tell, UnitResult

READERS = 16
"""Markers read at once: an object store answers slowly, but many at a time."""

LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Finished:
    """The markers below `store`, beside the tables whose parts they name.

    ours: what the names of the units begin with that this process may take over, count and remove; None for all.
    """

    store: Store
    ours: re.Pattern[str] | None = None

    def find(self, unit: str) -> UnitResult | None:
        """What a unit came to, if it is finished and could be read."""
        name = f"{MARKERS}/{unit}.json"
        return _result(self.store.read(name)) if self.store.exists(name) else None

    def write(self, result: UnitResult) -> None:
        """Mark a unit as finished; all its parts bear their names by now."""
        self.store.make(MARKERS)
        self.store.write(f"{MARKERS}/{result.unit}.json", canonical(asdict(result)))

    def forget(self, unit: str) -> None:
        """Take a unit's mark away."""
        self.store.remove(f"{MARKERS}/{unit}.json")

    def take_over(self, tables: Sequence[str]) -> dict[str, UnitResult]:
        """The units whose marker and parts all stand. Everything else that dead tasks left is removed."""
        present = {
            f"{t}/{name}": size
            for t in tables
            for name, size in self.store.sizes(t).items()
            if self._own(name)
        }
        names = self.names()
        found: dict[str, UnitResult] = {}
        for name, result in zip(names, self._read(names), strict=True):
            if result and all(present.get(e.path) == e.bytes for e in result.parts.values()):
                found[result.unit] = result
            else:
                self.store.remove(MARKERS, name)
        named = {entry.path for result in found.values() for entry in result.parts.values()}
        for path in present.keys() - named:
            self.store.remove(path)
        return found

    def watch(self, total: int, size_of: Callable[[UnitResult], int]) -> Tell:
        """Tells the progress of a run by the markers that appear: bytes, of `total`, units, documents."""
        return _Watch(self, total, size_of)

    def _own(self, name: str) -> bool:
        return self.ours is None or self.ours.match(name) is not None

    def names(self) -> list[str]:
        """Names of our markers, and of what writing them left."""
        return [name for name in self.store.names(MARKERS) if self._own(name)]

    def _read(self, names: Sequence[str]) -> Iterator[UnitResult | None]:
        with ThreadPoolExecutor(READERS) as pool:
            yield from map(_result, pool.map(lambda name: self.store.read(MARKERS, name), names))


class _Watch:
    """Reads each marker once, when it appears."""

    def __init__(self, finished: Finished, total: int, size_of: Callable[[UnitResult], int]) -> None:
        self._finished, self._total, self._size_of = finished, total, size_of
        self._known = set(finished.names())
        self._began = self._looked = time.monotonic()
        self._units = self._bytes = self._documents = 0

    def __call__(self) -> tuple[int, int, str]:
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            self._look()
        rate = self._bytes / max(now - self._began, 1e-3) / 1e6
        note = f"{self._units} units, {self._documents:,} documents, {self._bytes / 1e6:,.0f} of "
        return self._bytes, self._total, f"{note}{self._total / 1e6:,.0f} MB, {rate:.1f} MB/s"

    def _look(self) -> None:
        names = {name for name in self._finished.names() if name.endswith(".json")}
        for name in names - self._known:
            result = self._finished.find(name.removesuffix(".json"))
            if result is not None:
                self._units += 1
                self._bytes += self._size_of(result)
                self._documents += sum(
                    c.documents for c in result.counts if (c.stage, c.outcome) == ("ingest", "in")
                )
        self._known |= names


def _result(marker: bytes) -> UnitResult | None:
    """A marker's content; None where the unit is to be tried again: it failed, or the marker is damaged."""
    try:
        content = json.loads(marker)
        content["parts"] = {table: FileEntry(**entry) for table, entry in content["parts"].items()}
        content["counts"] = [Count(**count) for count in content["counts"]]
        result = UnitResult(**content)
    except (ValueError, KeyError, TypeError):
        return None
    return None if result.failure else result
