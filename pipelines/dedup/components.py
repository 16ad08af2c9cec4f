"""Clusters of verified pairs by connected components, on the driver.

Similarity is not transitive: in a chain a ~ b ~ c, c joins a's cluster though a and c may differ by more
than the threshold allows. The cluster keeps its first document in the declared order alone. `match` names, for
each other member, a verified neighbour: the kept document where it is one, else the most similar neighbour
before it in the order, else (for one that stands before all its neighbours) the most similar of all. Of equal
ones the first.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from daybreak.errors import AccountingError

MATCHES = pa.schema(
    [("id", pa.int64()), ("cluster", pa.int64()), ("match", pa.int64()), ("similarity", pa.float64())]
)
"""Removed documents by number: what their cluster keeps, and which verified neighbour they matched."""


def components(edges: pa.Table, n: int) -> pa.Table:
    """MATCHES of the documents that verified EDGES (numbers below `n`, hub under member) remove, ascending.

    Raises AccountingError where a document is in no component, or a component keeps more than one document.
    """
    hub, member, value = (edges[name].to_numpy() for name in ("hub", "member", "similarity"))
    graph = csr_array((np.ones(len(hub), np.int8), (hub, member)), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    first = np.unique(labels, return_index=True)[1]
    root = first[labels]
    who, match, similarity = neighbours(hub, member, value, root)
    if len(root) != n or not np.array_equal(who, np.flatnonzero(root != np.arange(n))):
        raise AccountingError("dedup: a document is in no cluster, or a cluster keeps more than one document")
    return pa.table([who, root[who], match, similarity], schema=MATCHES)


def neighbours(
    hub: np.ndarray, member: np.ndarray, value: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each removed document (ascending), the neighbour it matched, and their similarity."""
    near, far = np.concatenate([hub, member]), np.concatenate([member, hub])
    value = np.concatenate([value, value])
    removed = root[far] != far
    near, far, value = near[removed], far[removed], value[removed]
    rank = np.where(near == root[far], 0, np.where(near < far, 1, 2))
    order = np.lexsort((near, -value, rank, far))
    who, at = np.unique(far[order], return_index=True)
    return who, near[order][at], value[order][at]
