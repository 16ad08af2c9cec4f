"""Exact similarity of candidate pairs in one process: `edges` without Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_sets
from pipelines.dedup.verify import jaccard_at

ReadTexts = Callable[[pa.Table], Iterator[pa.RecordBatch]]
"""Given the wanted documents (doc_id, unit, row; ascending by unit and row), batches of doc_id and text."""


@dataclass
class LocalVerifier:
    """`rounds.Verify` over numbered documents; a set is made when a pair first asks for it, and kept.

    docs: doc_id, unit and row of this run's documents, which are numbered behind those of `earlier` (doc_ids).
    ask: (doc_id, shingles as list<int32>) of earlier ones, from their doc_ids.
    """

    docs: pa.Table
    earlier: pa.Array
    texts: ReadTexts
    settings: DedupSettings
    ask: Callable[[pa.Array], pa.Table] | None = None
    values: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint32))

    def __post_init__(self) -> None:
        n = len(self.earlier) + len(self.docs)
        self.begin, self.end = np.full(n, -1), np.full(n, -1)

    def __call__(
        self, name: str, hub: np.ndarray, member: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """hub, member and similarity of the pairs that reach the threshold."""
        ids = np.unique(np.concatenate([hub, member]))
        ids = ids[self.begin[ids] < 0]
        self._add(ids, [*self._old(ids[ids < len(self.earlier)]), *self._new(ids[ids >= len(self.earlier)])])
        similarity = jaccard_at(self.values, self.begin, self.end, hub, member)
        kept = similarity >= self.settings.threshold
        return hub[kept], member[kept], similarity[kept]

    def _new(self, ids: np.ndarray) -> Iterator[tuple[np.ndarray, pa.ListArray]]:
        """Sets of this run's documents, made of their texts: numbers, and list<uint32>."""
        places = pa.array(ids - len(self.earlier))
        wanted = (
            self.docs.take(places)
            .append_column("id", pa.array(ids))
            .sort_by([("unit", "ascending"), ("row", "ascending")])
        )
        names = wanted["doc_id"].combine_chunks()
        for batch in self.texts(wanted.select(["doc_id", "unit", "row"])) if len(ids) else ():
            at = pc.index_in(batch.column("doc_id"), names)
            numbers = wanted["id"].take(at).to_numpy()
            yield numbers, shingle_sets(batch.column("text"), *self.settings.window)

    def _old(self, ids: np.ndarray) -> Iterator[tuple[np.ndarray, pa.ListArray]]:
        """Sets of earlier documents; of two with one doc_id both get it."""
        if not len(ids) or self.ask is None:
            return
        names = self.earlier.take(pa.array(ids))
        found = self.ask(names.unique()).combine_chunks()
        at = pc.index_in(names, found["doc_id"].combine_chunks())
        known = at.is_valid()
        sets = found["shingles"].take(at.filter(known)).combine_chunks()
        yield ids[known.to_numpy(zero_copy_only=False)], sets

    def _add(self, ids: np.ndarray, made: list[tuple[np.ndarray, pa.ListArray]]) -> None:
        """Take sets. Raises InputError where one of `ids` has none."""
        start, values = len(self.values), [self.values]
        for numbers, sets in made:
            ends = sets.offsets.to_numpy().astype(np.int64)
            self.begin[numbers], self.end[numbers] = start + ends[:-1] - ends[0], start + ends[1:] - ends[0]
            values.append(sets.flatten().to_numpy().view(np.uint32))
            start += int(ends[-1] - ends[0])
        self.values = np.concatenate(values)
        if len(missing := ids[self.begin[ids] < 0]):
            raise InputError(
                f"dedup: no text for candidate {self._name(missing[0])}; are texts and signatures of one run?"
            )

    def _name(self, number: int) -> str:
        before = len(self.earlier)
        name = self.earlier[number] if number < before else self.docs["doc_id"][number - before]
        return str(name.as_py())
