"""One pass over documents in the declared order: who stays, who goes, and who must wait for another round.

A document goes if one of the first `slots` kept documents of one of its buckets is its verified near
duplicate, and stays otherwise: the lexicographically first maximal independent set of the verified graph
(Blelloch, Fineman, Shun, SPAA 2012), where a bucket offers no more than `slots` documents. What a round has not
looked at leaves a document open, and with it those that hang on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.dedup.windows import Windows
from pipelines.kernels.compile import kernel


@kernel
def _linked(hubs, first, last, hub):  # type: ignore[no-untyped-def]
    at = first + np.searchsorted(hubs[first:last], hub)
    return at < last and hubs[at] == hub


@kernel
def _walk(hubs, first, last, heads, over, state, slots):  # type: ignore[no-untyped-def]
    # 2: a kept slot of this bucket is a near duplicate. 0: it may turn out so. 1: none is.
    kept = possible = 0
    answer = 1
    for h in heads:
        if state[h] == 2:
            continue
        if _linked(hubs, first, last, h):
            if state[h] == 1 and possible < slots:
                return 2
            answer = 0
        possible += 1
        kept += state[h] == 1
        if kept >= slots:
            return answer
    return 0 if over else answer


@kernel
def _decide(state, first, waits, ends, hubs, certain, deep_ends, begin, end, over, heads, slots):  # type: ignore[no-untyped-def]
    for d in range(len(waits)):
        if state[first + d] != 0:
            continue
        verdict = 0 if waits[d] else 1
        for e in range(ends[d], ends[d + 1]):
            if certain[e] and state[hubs[e]] == 1:
                verdict = 2
                break
            if certain[e] and state[hubs[e]] == 0:
                verdict = 0
        for w in range(deep_ends[d], deep_ends[d + 1]):
            if verdict == 2:
                break
            row = heads[begin[w] : end[w]]
            found = _walk(hubs, ends[d], ends[d + 1], row, over[w], state, slots)
            if found != 1:
                verdict = found
        state[first + d] = verdict


class Edges(NamedTuple):
    """Verified pairs, ascending by member and hub; `certain` where a bucket has the hub among its first slots."""

    hub: np.ndarray
    member: np.ndarray
    certain: np.ndarray


def decide(
    state: np.ndarray,
    edges: Edges,
    waits: np.ndarray,
    slots: int,
    deep: Windows | None = None,
    first: int = 0,
) -> None:
    """Decide on the open documents from `first` on, as many as `waits` has, in `state` (int8 [documents]).

    waits: documents that may go, but not be kept yet (bool). deep: the windows whose heads are to be walked.
    """
    ends = _ends(edges.member - first, len(waits))
    none = np.zeros(0, np.int64)
    who, begin, end, over, heads = none, none, none, np.zeros(0, np.bool_), none
    if deep is not None:
        order = np.argsort(deep.deep_member, kind="stable")
        who, begin, end = deep.deep_member[order], deep.deep_begin[order], deep.deep_end[order]
        over, heads = deep.deep_over[order], deep.heads
    deep_ends = _ends(who - first, len(waits))
    _decide(state, first, waits, ends, edges.hub, edges.certain, deep_ends, begin, end, over, heads, slots)


def _ends(rows: np.ndarray, n: int) -> np.ndarray:
    """Where the entries of each of `n` rows begin and end: int64 [n + 1]; `rows` ascend."""
    return np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n)))).astype(np.int64)
