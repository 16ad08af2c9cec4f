"""Locality-sensitive hashing by bands (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4).

Documents whose signatures agree in all rows of a band share a bucket. A bucket's members stand in the
declared order (`order`), and each is paired with members before it: with all of them up to position
`all_pairs`, and beyond that with the first `hubs` only. So buckets of up to `all_pairs` + 1 documents give
every pair and larger ones grow as a star, linearly: a page that is copied a million times costs a few
million pairs, never 10^12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numba import njit

BUCKETED = pa.schema([("bucket", pa.int64()), ("doc_id", pa.string())])
"""Rows that `candidate_batches` reads: sorted by bucket, then by the declared order."""

CANDIDATES = pa.schema([("hub", pa.string()), ("member", pa.string())])
"""Pairs to verify; `hub` stands before `member` in the declared order."""


@njit(cache=True)
def _pairs(
    buckets: np.ndarray, carried: int, seen: int, all_pairs: int, hubs: int
) -> tuple[np.ndarray, np.ndarray, int]:
    # The first `carried` rows head the bucket that the last batch left open, of which `seen` rows went by.
    hub, member = np.empty(0, np.int64), np.empty(0, np.int64)
    count, start, position = 0, 0, carried
    for i in range(carried, len(buckets)):
        if i == carried and carried > 0 and buckets[i] == buckets[0]:
            position = seen
        elif i == 0 or buckets[i] != buckets[i - 1]:
            start, position = i, 0
        links = position if position <= all_pairs else hubs
        if count + links > len(hub):
            hub = np.concatenate((hub, np.empty(len(hub) + 1024 + links, np.int64)))
            member = np.concatenate((member, np.empty(len(hub) - len(member), np.int64)))
        for other in range(links):
            hub[count + other] = start + other
            member[count + other] = i
        count += links
        position += 1
    return hub[:count], member[:count], position


def _open_rows(rows: pa.Table, size: int, limit: int) -> pa.Table:
    """Head of the last bucket in `rows`: at most `limit` of its `size` members."""
    buckets = rows["bucket"].to_numpy()
    first = int(np.argmax(buckets == buckets[-1]))
    return rows.slice(first, min(limit, size, len(rows) - first))


def candidate_batches(
    batches: Iterable[pa.RecordBatch], all_pairs: int, hubs: int
) -> Iterator[pa.RecordBatch]:
    """Candidate pairs of sorted BUCKETED rows, wherever the batches were cut.

    A pair may come once a bucket that both share.
    """
    head, seen = BUCKETED.empty_table(), 0
    for batch in batches:
        if not batch.num_rows:
            continue
        rows = pa.concat_tables([head, pa.Table.from_batches([batch])]).combine_chunks()
        hub, member, seen = _pairs(rows["bucket"].to_numpy(), len(head), seen, all_pairs, hubs)
        ids = rows["doc_id"].combine_chunks()
        ends = [ids.take(pa.array(hub)), ids.take(pa.array(member))]
        yield pa.RecordBatch.from_arrays(ends, schema=CANDIDATES)
        head = _open_rows(rows, seen, all_pairs)
