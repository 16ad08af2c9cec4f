"""Candidate pairs of a round: each open document with the first possibly-kept documents of its buckets.

A bucket's documents stand in the declared order, by integer id. Those not dropped so far are possibly kept;
the first `window` of them, or fewer where `slots` kept ones come earlier, are the bucket's heads. A document
is paired with the heads before it. So the pairs grow with the documents and never with their square.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.compile import kernel

OPEN, KEPT, DROPPED = 0, 1, 2
"""States of a document."""


class Members(NamedTuple):
    """Buckets and their documents, ascending by both: int64 [rows] each."""

    buckets: np.ndarray
    ids: np.ndarray


class Windows(NamedTuple):
    """What a round has to look at.

    hub, member, rank: pairs, int64, and how many possibly-kept documents the bucket has before the hub; one
    pair comes once a bucket that both share. deep_member, deep_begin, deep_end, deep_over: documents with more
    possibly-kept ones before them in a bucket than rank alone can judge; their heads are
    heads[begin:end], and `over` tells that there are more than the window holds. tail, seen: of the last bucket,
    how many heads it has, at the end of `heads`, and how many possibly-kept documents.
    """

    hub: np.ndarray
    member: np.ndarray
    rank: np.ndarray
    deep_member: np.ndarray
    deep_begin: np.ndarray
    deep_end: np.ndarray
    deep_over: np.ndarray
    heads: np.ndarray
    tail: int
    seen: int


@kernel
def _grown(array: np.ndarray, size: int) -> np.ndarray:
    if size <= len(array):
        return array
    out = np.empty(size + size // 2 + 1024, array.dtype)
    out[: len(array)] = array
    return out


@kernel
def _windows(buckets, ids, carried, before, state, asked, window, slots, beyond):  # type: ignore[no-untyped-def]
    hub, member, rank = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.int64)
    who, begin, end = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    over = np.empty(64, np.bool_)
    heads = np.empty(1024, np.int64)
    n_pairs = n_deep = n_heads = start = seen = kept = 0
    for i in range(len(ids)):
        if i > 0 and buckets[i] != buckets[i - 1]:
            start, seen, kept = n_heads, 0, 0
        elif i == carried and i > 0:
            seen = before
        d = ids[i]
        size = n_heads - start
        if i >= carried and asked[d] and size > 0:
            beyond_window = seen > size and kept < slots
            stop = min(size, beyond) if beyond_window else size
            hub, member = _grown(hub, n_pairs + stop), _grown(member, n_pairs + stop)
            rank = _grown(rank, n_pairs + stop)
            for k in range(stop):
                hub[n_pairs + k], member[n_pairs + k], rank[n_pairs + k] = heads[start + k], d, k
            n_pairs += stop
            if beyond_window or size > slots:
                who, begin = _grown(who, n_deep + 1), _grown(begin, n_deep + 1)
                end, over = _grown(end, n_deep + 1), _grown(over, n_deep + 1)
                who[n_deep], begin[n_deep], end[n_deep], over[n_deep] = d, start, n_heads, beyond_window
                n_deep += 1
        if state[d] != 2:
            seen += 1
            if n_heads - start < window and kept < slots:
                heads = _grown(heads, n_heads + 1)
                heads[n_heads] = d
                n_heads += 1
                kept += state[d] == 1
    return (
        hub[:n_pairs],
        member[:n_pairs],
        rank[:n_pairs],
        who[:n_deep],
        begin[:n_deep],
        end[:n_deep],
        over[:n_deep],
        heads[:n_heads],
        n_heads - start,
        seen,
    )


def windows(
    members: Members,
    state: np.ndarray,
    asked: np.ndarray,
    window: int,
    slots: int,
    beyond: int | None = None,
    carried: int = 0,
    before: int = 0,
) -> Windows:
    """The pairs of the documents in `asked` (bool [documents]); `state` is int8 [documents].

    beyond: how many heads a document is paired with where the window does not hold all before it (all heads
    unless told). carried: so many rows at the start are heads of a bucket that an earlier call left open, and
    that has shown `before` possibly-kept documents.
    """
    beyond = window if beyond is None else beyond
    return Windows(*_windows(*members, carried, before, state, asked, window, slots, beyond))
