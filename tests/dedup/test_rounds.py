"""Clusters by representative: the rounds give what a plain loop over the documents gives."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup import rounds
from pipelines.dedup.rounds import Stars, stars
from pipelines.dedup.windows import KEPT, Members, windows

Similar = dict[tuple[int, int], float]
Corpus = tuple[int, list[list[int]], Similar]


def sequential(
    n: int, buckets: list[list[int]], similar: Similar, slots: int
) -> dict[int, tuple[int, float] | None]:
    """Each document's match, None where it stays: the rule as one would write it down."""
    kept: dict[int, list[int]] = defaultdict(list)
    found: dict[int, tuple[int, float] | None] = {}
    for d in range(n):
        mine = [b for b, ids in enumerate(buckets) if d in ids]
        hubs = sorted({h for b in mine for h in kept[b] if (h, d) in similar})
        if hubs:
            value = max(similar[h, d] for h in hubs)
            found[d] = (next(h for h in hubs if similar[h, d] == value), value)
            continue
        found[d] = None
        for b in mine:
            if len(kept[b]) < slots:
                kept[b].append(d)
    return found


def members_of(buckets: list[list[int]]) -> Members:
    rows = sorted((b, d) for b, ids in enumerate(buckets) for d in set(ids))
    table = np.array(rows, np.int64).reshape(-1, 2)
    return Members(table[:, 0].copy(), table[:, 1].copy())


def verifier(similar: Similar, asked: list[tuple[int, int]]) -> rounds.Verify:
    def verify(name: str, hub: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pairs = list(zip(hub.tolist(), member.tolist(), strict=True))
        asked.extend(pairs)
        assert all(h < d for h, d in pairs)
        found = [(h, d, similar[h, d]) for h, d in pairs if (h, d) in similar]
        table = np.array(found, np.float64).reshape(-1, 3)
        return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]

    return verify


def answer(found: Stars) -> dict[int, tuple[int, float] | None]:
    pairs = zip(found.matched.tolist(), found.similarity.tolist(), strict=True)
    return {d: None if m < 0 else (m, s) for d, (m, s) in enumerate(pairs)}


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    n = draw(st.integers(1, 24))
    ids = st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True)
    buckets = draw(st.lists(ids, min_size=1, max_size=7))
    likely = draw(st.sampled_from([0.1, 0.3, 0.7, 1.0]))
    random = draw(st.randoms(use_true_random=False))
    similar = {
        (h, d): random.choice([0.8, 0.9, 1.0]) for d in range(n) for h in range(d) if random.random() < likely
    }
    return n, buckets, similar


@settings(max_examples=400)
@given(corpora(), st.integers(1, 4), st.sampled_from([0, 10**6]))
def test_rounds_give_what_the_loop_gives(corpus: Corpus, slots: int, few: int) -> None:
    n, buckets, similar = corpus
    asked: list[tuple[int, int]] = []
    found = stars(members_of(buckets), n, 0, verifier(similar, asked), slots, few)
    assert answer(found) == sequential(n, buckets, similar, slots)
    assert len(asked) == len(set(asked)), "a pair was verified twice"


@settings(max_examples=150)
@given(corpora(), st.integers(1, 3), st.lists(st.integers(0, 24), max_size=3))
def test_day_by_day_equals_all_at_once(corpus: Corpus, slots: int, cuts: list[int]) -> None:
    """Each day sees its own documents and the kept ones of the days before, and nothing else."""
    n, buckets, similar = corpus
    whole = answer(stars(members_of(buckets), n, 0, verifier(similar, []), slots))
    days: dict[int, tuple[int, float] | None] = {}
    edges = sorted({0, n, *(min(cut, n) for cut in cuts)})
    for start, stop in pairwise(edges):
        kept = [d for d, match in days.items() if match is None]
        names = [*kept, *range(start, stop)]
        number = {d: i for i, d in enumerate(names)}
        today = [[number[d] for d in ids if d in number] for ids in buckets]
        pairs = {(number[h], number[d]): s for (h, d), s in similar.items() if h in number and d in number}
        found = answer(stars(members_of(today), len(names), len(kept), verifier(pairs, []), slots))
        for d in range(start, stop):
            match = found[number[d]]
            days[d] = None if match is None else (names[match[0]], match[1])
    assert days == whole


def test_a_chain_keeps_every_other_document() -> None:
    n = 1000
    buckets = [[i, i + 1] for i in range(n - 1)]
    found = stars(members_of(buckets), n, 0, verifier({(i, i + 1): 0.9 for i in range(n - 1)}, []), 4)
    assert (found.state == KEPT).nonzero()[0].tolist() == list(range(0, n, 2))


def test_copies_cost_a_pair_each() -> None:
    n = 5000
    asked: list[tuple[int, int]] = []

    class Everything(dict):  # type: ignore[type-arg]
        def __contains__(self, pair: object) -> bool:
            return True

        def __missing__(self, pair: object) -> float:
            return 1.0

    found = stars(members_of([list(range(n))] * 14), n, 0, verifier(Everything(), asked), 4, few=0)
    assert (found.state == KEPT).sum() == 1
    assert len(asked) == n - 1


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), unique=True, max_size=60).map(sorted),
    st.lists(st.integers(0, 2), min_size=31, max_size=31),
    st.integers(1, 4),
    st.integers(1, 20),
)
def test_pairs_do_not_depend_on_how_rows_are_cut(
    rows: list[tuple[int, int]], states: list[int], slots: int, size: int
) -> None:
    table = np.array(rows, np.int64).reshape(-1, 2)
    state, asked = np.array(states, np.int8), np.ones(31, np.bool_)
    whole = windows(Members(table[:, 0].copy(), table[:, 1].copy()), state, asked, slots, slots)
    pairs: list[tuple[int, int]] = []
    deep: list[int] = []
    head, before = table[:0], 0
    for start in range(0, len(table), size):
        part = np.concatenate([head, table[start : start + size]])
        found = windows(
            Members(part[:, 0].copy(), part[:, 1].copy()), state, asked, slots, slots, None, len(head), before
        )
        pairs += zip(found.hub.tolist(), found.member.tolist(), strict=True)
        deep += found.deep_member.tolist()
        tail = found.heads[len(found.heads) - found.tail :]
        head = np.stack([np.full(len(tail), part[-1, 0]), tail], axis=1)
        before = found.seen
    assert pairs == list(zip(whole.hub.tolist(), whole.member.tolist(), strict=True))
    assert deep == whole.deep_member.tolist()
