"""Near-duplicate clusters by representative, on the driver: rounds of pairing, verifying and deciding.

The rule: documents come in the declared order; a document goes if one of the first `slots` kept documents of
one of its buckets is its verified near duplicate, and stays otherwise. So each removed document resembles the
very document that stays, nothing chains, and whether a document goes depends on those before it alone. The
rounds give what that loop would give, while only pairs that can matter are ever verified: the first round looks
at one document a bucket, which takes most copies away; later ones look at `slots` and more of what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pipelines.dedup.greedy import Edges, decide
from pipelines.dedup.windows import DROPPED, KEPT, OPEN, Members, Windows, windows

Verify = Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Given the round's name and pairs (hub, member), those that reach the threshold: hub, member, similarity."""

GROWTH = 4
"""How much wider the window is from round to round."""

FEW_MEMBERS = 250_000
"""Rows of buckets up to which the first round is not worth its overhead: the second does its work."""


class Stars(NamedTuple):
    """state: int8 [documents]. matched: int64, the kept document that a dropped one resembles most, else -1;
    of equal ones the first. similarity: float64, NaN where none.
    """

    state: np.ndarray
    matched: np.ndarray
    similarity: np.ndarray


def stars(
    members: Members, n: int, earlier: int, verify: Verify, slots: int, few: int = FEW_MEMBERS
) -> Stars:
    """Decide on `n` documents, of which the first `earlier` are kept documents of earlier runs.

    few: rows of buckets up to which the first round is left out. It never changes the result.
    """
    state = np.zeros(n, np.int8)
    state[:earlier] = KEPT
    known = Known(n)
    number, window = (1, 1) if len(members.ids) > few else (2, 2 * slots)
    while (asked := state == OPEN).any():
        found = windows(members, state, asked, window, slots)
        pairs = unique_pairs(found, n)
        known.verify(f"round-{number}", pairs.key, verify)
        waits = np.zeros(n, np.bool_)
        if window < slots:
            waits[found.deep_member] = True
        edges = Edges(*(column[known.linked(pairs.key)] for column in pairs.columns(n, slots)))
        decide(state, edges, waits, slots, found if window >= slots else None)
        number, window = number + 1, max(2 * slots, GROWTH * window)
    return Stars(state, *_matches(members, state, known, verify, slots))


def _matches(
    members: Members, state: np.ndarray, known: Known, verify: Verify, slots: int
) -> tuple[np.ndarray, np.ndarray]:
    n = len(state)
    found = windows(members, state, state == DROPPED, slots, slots)
    key = unique_pairs(found, n).key
    known.verify("last", key, verify)
    return best(key[known.linked(key)], known, n)


def best(key: np.ndarray, known: Known, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The most similar hub of each member among the pairs of `key`, and how similar: [n], -1 and NaN for none."""
    hub, member, value = key % n, key // n, known.similarity(key)
    order = np.lexsort((hub, -value, member))
    who, at = np.unique(member[order], return_index=True)
    matched, similarity = np.full(n, -1, np.int64), np.full(n, np.nan)
    matched[who], similarity[who] = hub[order][at], value[order][at]
    return matched, similarity


class Pairs(NamedTuple):
    """Different pairs as member * n + hub, ascending, and the least rank of the hub in a bucket of both."""

    key: np.ndarray
    rank: np.ndarray

    def columns(self, n: int, slots: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """hub, member, certain (see `greedy.Edges`)."""
        return self.key % n, self.key // n, self.rank < slots


def unique_pairs(found: Windows, n: int) -> Pairs:
    """The different pairs of `found`."""
    key = found.member * n + found.hub
    order = np.lexsort((found.rank, key))
    key, first = np.unique(key[order], return_index=True)
    return Pairs(key, found.rank[order][first])


class Known:
    """Pairs verified so far: what was asked is not asked again."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._asked = np.zeros(0, np.int64)
        self._key, self._value = np.zeros(0, np.int64), np.zeros(0, np.float64)

    def verify(self, name: str, key: np.ndarray, verify: Verify) -> None:
        """Verify the pairs of `key` (ascending) that were not asked for."""
        fresh = key[~_among(self._asked, key)]
        if not len(fresh):
            return
        hub, member, value = verify(name, fresh % self._n, fresh // self._n)
        self._asked = np.union1d(self._asked, fresh)
        keys = np.concatenate([self._key, member * self._n + hub])
        order = np.argsort(keys)
        self._key, self._value = keys[order], np.concatenate([self._value, value])[order]

    def linked(self, key: np.ndarray) -> np.ndarray:
        """Which pairs are near duplicates: bool."""
        return _among(self._key, key)

    def similarity(self, key: np.ndarray) -> np.ndarray:
        """Of pairs that are near duplicates: float64."""
        return self._value[np.searchsorted(self._key, key)]


def _among(ascending: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    if not len(ascending):
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.asarray(ascending[at] == wanted)
