"""Clusters of verified pairs: connected components, on the driver.

Similarity is not transitive: in a chain a ~ b ~ c, c joins a's cluster though a and c may differ by more
than the threshold allows. The cluster keeps its first document in the declared order alone. `matched`
names, for each other member, the verified neighbour one step nearer to the one kept (the most similar of
these), so every removal rests on a verified pair, and following `matched` ends at the kept document.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from daybreak.errors import AccountingError
from pipelines.dedup.order import ordered

NODES = pa.schema(
    [("doc_id", pa.string()), ("n_bytes", pa.int64()), ("timestamp", pa.string()), ("copies", pa.int64())]
)
"""Ends of verified pairs; `copies` counts the exact duplicates that a document stands for, with itself."""

NEAR = pa.schema(
    [
        ("doc_id", pa.string()),
        ("cluster_id", pa.string()),
        ("size", pa.int64()),
        ("matched", pa.string()),
        ("similarity", pa.float64()),
    ]
)
"""Members of near-duplicate clusters; cluster_id is the kept document's, whose `matched` is null."""


def link(nodes: pa.Table, edges: pa.Table) -> pa.Table:
    """NEAR of NODES and verified EDGES (any order): one row a node, in the declared order.

    Raises AccountingError where a document is missing, named twice, or in no cluster.
    """
    nodes = ordered(nodes)
    hub, member = (_positions(edges[side], nodes["doc_id"]) for side in ("hub", "member"))
    similarity = edges["similarity"].to_numpy()
    first, labels, steps = _clusters(len(nodes), hub, member)
    parent, value = _parents(steps, hub, member, similarity)
    _check(nodes, first, labels, parent)
    copies = np.bincount(labels, weights=nodes["copies"].to_numpy()).astype(np.int64)
    kept = pa.array(parent < 0)
    columns = [
        nodes["doc_id"],
        nodes["doc_id"].take(pa.array(first[labels])),
        pa.array(copies[labels]),
        pc.if_else(kept, None, nodes["doc_id"].take(pa.array(np.maximum(parent, 0)))),
        pc.if_else(kept, None, pa.array(value)),
    ]
    return pa.table(columns, schema=NEAR)


def _positions(ids: pa.ChunkedArray, nodes: pa.ChunkedArray) -> np.ndarray:
    found = pc.index_in(ids, nodes.combine_chunks())
    if found.null_count:
        missing = ids.filter(found.is_null())[0].as_py()
        raise AccountingError(f"dedup: verified document {missing} is not among the exact survivors")
    return found.to_numpy().astype(np.int64)


def _clusters(n: int, hub: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First node of each component, each node's component, and its distance from that first node in edges."""
    graph = csr_array((np.ones(len(hub), np.int8), (hub, member)), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    first = np.unique(labels, return_index=True)[1]
    steps = dijkstra(graph, directed=False, indices=first, unweighted=True, min_only=True)
    return first, labels, steps


def _parents(
    steps: np.ndarray, hub: np.ndarray, member: np.ndarray, similarity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each node's neighbour one step nearer to the kept one, and their similarity; -1 and 0 for kept ones."""
    near, far = np.concatenate([hub, member]), np.concatenate([member, hub])
    value = np.concatenate([similarity, similarity])
    inward = np.flatnonzero(steps[near] + 1 == steps[far])
    inward = inward[np.lexsort((near[inward], -value[inward], far[inward]))]
    nodes, best = np.unique(far[inward], return_index=True)
    parent, at = np.full(len(steps), -1, np.int64), np.zeros(len(steps))
    parent[nodes], at[nodes] = near[inward[best]], value[inward[best]]
    return parent, at


def _check(nodes: pa.Table, first: np.ndarray, labels: np.ndarray, parent: np.ndarray) -> None:
    if pc.count_distinct(nodes["doc_id"]).as_py() != len(nodes):
        raise AccountingError("dedup: two documents with different text have one doc_id")
    kept = np.flatnonzero(parent < 0)
    if len(labels) != len(nodes) or not np.array_equal(kept, np.sort(first)):
        raise AccountingError("dedup: a document is in no cluster, or a cluster keeps more than one document")
