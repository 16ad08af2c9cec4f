"""Made-up pairs of documents whose similarity is known exactly, to be sent through dedup with all others.

Words are drawn at random from 26^4 to 26^8 (characters from 20,000 in the Chinese ones, one pair in four), so no
five in a row stand in another pair or in a real document. The second text of a pair is the first with some tokens
replaced: at its end, at its start, or scattered. Their similarity is computed from their shingles, as that of every
verified pair is.
Everything follows from the plan alone, so any task can make the same texts again and nothing is stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from daybreak.schema import DOCUMENTS
from pipelines.dedup.kernels import splitmix64
from pipelines.dedup.normal import exact_hash
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_sets
from pipelines.dedup.verify import jaccard

UNIT = "certificate"
"""Unit and source of planted documents; their doc_ids begin with it. No file's unit is called so."""

PLANTED = pa.schema(
    [("doc_id", pa.string()), ("text", pa.string()), ("pair", pa.int64()), ("similarity", pa.float64())]
)
"""Two rows in a row are a pair, of this exact Jaccard."""

LEVELS = tuple(round(0.5 + 0.05 * k, 2) for k in range(11))
AROUND = (-0.02, -0.01, 0.0, 0.01, 0.02)
SHORTEST, LONGEST = 30, 2000
_HAN, _HAN_COUNT = 0x4E00, 20_000
_ROTATED = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_LENGTHS = 0x6C656E67746873


@dataclass(frozen=True)
class Plan:
    """What to plant: `pairs` at each similarity of `levels`, of so many tokens that shingles differ.

    window: length and kind of a shingle (`DedupSettings.window`).
    """

    window: tuple[int, str]
    threshold: float
    seed: int
    pairs: int

    @property
    def levels(self) -> tuple[float, ...]:
        """Similarities from .5 to 1 in steps of .05, and of .01 around the threshold; ascending."""
        near = (round(self.threshold + step, 4) for step in AROUND)
        return tuple(sorted({*LEVELS, *(level for level in near if 0 < level <= 1)}))

    @property
    def documents(self) -> int:
        """Planted documents."""
        return 2 * self.pairs * len(self.levels)


def plan_of(settings: DedupSettings, pairs: int) -> Plan:
    """The plan for these settings."""
    return Plan(settings.window, settings.threshold, settings.seed, pairs)


@cache
def plant(plan: Plan) -> pa.Table:
    """PLANTED of the plan."""
    texts: list[str] = []
    for number, level in enumerate(level for level in plan.levels for _ in range(plan.pairs)):
        texts += _pair(plan, number, level)
    column = pa.array(texts, pa.string())
    sets = shingle_sets(column, *plan.window)
    evens, odds = (pa.array(np.arange(side, len(texts), 2)) for side in (0, 1))
    similarity = jaccard(sets.take(evens), sets.take(odds))
    pair = np.arange(len(texts)) // 2
    ids = [f"{UNIT}-{number // 2:06d}-{'ab'[number % 2]}" for number in range(len(texts))]
    return pa.table([pa.array(ids), column, pa.array(pair), pa.array(similarity[pair])], schema=PLANTED)


def _pair(plan: Plan, number: int, level: float) -> tuple[str, str]:
    chinese, manner = number % 4 == 3, number % 3
    span = _span(plan.window, chinese)
    key = plan.seed * 1_000_003 + number
    first = _tokens(splitmix64(key, _size(span, level, splitmix64(key ^ _LENGTHS, 1)[0])), chinese)
    joint = "" if chinese else " "
    if level == 1:
        return joint.join(first), joint.join(first) + " ..."  # another text of the same shingles
    by_letter = plan.window[1] == "characters" and not chinese
    weights = np.array([len(token) + 1 if by_letter else 1 for token in first])
    second = list(first)
    for place in _places(weights, span, level, manner).tolist():
        second[place] = _other(first[place])
    return joint.join(first), joint.join(second)


def _span(window: tuple[int, str], chinese: bool) -> int:
    """Tokens, or in spaced text characters, that a shingle is long."""
    ngram, by = window
    return 2 * ngram if chinese and by == "auto" else ngram


def _size(span: int, level: float, draw: np.uint64) -> int:
    """Tokens of a text: as many short ones as long ones, and none too short to differ in a single shingle."""
    least = span if level == 1 else span + math.ceil((1 + level) / (1 - level))
    shortest = max(SHORTEST, 6 * span, least)
    part = float(draw >> np.uint64(11)) / 2**53
    return int(shortest * (max(LONGEST, shortest) / shortest) ** part)


def _tokens(draws: np.ndarray, chinese: bool) -> list[str]:
    """A Chinese character, or a word of four to eight letters, for each number."""
    if chinese:
        return [chr(point) for point in (draws % np.uint64(_HAN_COUNT) + np.uint64(_HAN)).tolist()]
    letters = np.full((len(draws), 9), ord(" "), np.uint8)
    left = draws >> np.uint64(8)
    for place in range(8):
        letters[:, place] = (left % np.uint64(26)).astype(np.uint8) + ord("a")
        left = left // np.uint64(26)
    sizes = (draws % np.uint64(5)).astype(np.int64) + 4
    shown = (np.arange(9) < sizes[:, None]) | (np.arange(9) == 8)
    return letters[shown].tobytes().decode().split()


def _other(token: str) -> str:
    """A token of the same length that differs in every character."""
    if token.isascii():
        return token.translate(_ROTATED)
    return chr((ord(token) - _HAN + _HAN_COUNT // 2) % _HAN_COUNT + _HAN)


def _places(weights: np.ndarray, span: int, level: float, manner: int) -> np.ndarray:
    """Tokens to replace. With n shingles a side of which x differ, the similarity is (n - x) / (n + x)."""
    shingles = int(weights.sum()) - span + 1
    differ = int(shingles * (1 - level) / (1 + level) + 1e-9)
    if manner == 2 and weights.max() == 1:
        return _scattered(len(weights), span, differ)
    side = weights if manner else weights[::-1]
    count = int(np.searchsorted(np.cumsum(side), differ, side="right"))
    return np.arange(count) if manner else np.arange(len(weights) - count, len(weights))


def _scattered(tokens: int, span: int, differ: int) -> np.ndarray:
    """Each but those at the end lies in `span` shingles, and no two in the same one."""
    count, rest = divmod(differ, span)
    step = (tokens - rest - span) // max(1, count)
    if step < span:
        return np.arange(differ)
    return np.concatenate([span - 1 + step * np.arange(count), np.arange(tokens - rest, tokens)])


@dataclass(frozen=True)
class PlantedUnit:
    """The planted documents, read as a unit of kept documents is (`pipelines.reading.KeptUnit`)."""

    plan: Plan
    unit: str = UNIT

    @property
    def size(self) -> int:
        """Bytes, about."""
        return 3000 * self.plan.documents

    def read(self, columns: Sequence[str], rows: int = 512) -> Iterator[pa.RecordBatch]:
        """Columns of DOCUMENTS; null where planted documents have none."""
        yield from self._batches(columns, rows)

    def read_signals(self, columns: Sequence[str], rows: int = 512) -> Iterator[pa.RecordBatch]:
        """n_bytes and exact_hash; every other signal is null."""
        yield from self._batches(columns, rows)

    def _batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        table = plant(self.plan)
        for start in range(0, len(table), rows):
            part = table.slice(start, rows).combine_chunks()
            arrays = [_column(name, part) for name in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _column(name: str, planted: pa.Table) -> pa.Array:
    ids, texts = (planted[column].combine_chunks() for column in ("doc_id", "text"))
    if name in ("doc_id", "text"):
        return ids if name == "doc_id" else texts
    if name in ("source", "file"):
        return pa.repeat(UNIT, len(planted))
    if name == "exact_hash":
        return exact_hash(texts)
    if name == "n_bytes":
        return pa.array([len(text.encode()) for text in texts.to_pylist()], pa.int64())
    known = DOCUMENTS.field(name).type if name in DOCUMENTS.names else pa.float64()
    return pa.nulls(len(planted), pa.string() if name == "url_hash" else known)
