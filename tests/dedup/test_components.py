"""Clusters of verified pairs by components, on the driver."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.components import components
from pipelines.dedup.verify import EDGES

Edge = tuple[int, int, float]


def clusters(n: int, edges: list[Edge]) -> dict[int, dict]:
    """Answer by removed document."""
    pairs = [dict(zip(EDGES.names, edge, strict=True)) for edge in edges]
    return {row["id"]: row for row in components(pa.Table.from_pylist(pairs, EDGES), n).to_pylist()}


def test_a_chain_is_one_cluster_that_keeps_its_first_and_matches_lead_to_it() -> None:
    found = clusters(4, [(0, 1, 0.9), (1, 2, 0.8), (2, 3, 0.85)])
    assert {d: row["cluster"] for d, row in found.items()} == dict.fromkeys((1, 2, 3), 0)
    assert {d: row["match"] for d, row in found.items()} == {1: 0, 2: 1, 3: 2}
    assert [found[d]["similarity"] for d in (1, 2, 3)] == [0.9, 0.8, 0.85]


def test_a_verified_pair_with_the_kept_one_goes_before_a_closer_neighbour() -> None:
    found = clusters(3, [(0, 1, 0.9), (0, 2, 0.8), (1, 2, 0.99)])
    assert (found[2]["match"], found[2]["similarity"]) == (0, 0.8)


def test_ties_go_to_the_document_first_in_order() -> None:
    found = clusters(4, [(0, 1, 0.9), (0, 2, 0.9), (1, 3, 0.8), (2, 3, 0.8)])
    assert found[3]["match"] == 1


def test_one_that_stands_before_all_its_neighbours_matches_the_closest() -> None:
    found = clusters(5, [(0, 4, 0.8), (1, 3, 0.9), (1, 4, 0.8)])
    assert (found[1]["match"], found[1]["similarity"]) == (3, 0.9)


def test_no_pairs_no_clusters() -> None:
    assert clusters(0, []) == clusters(3, []) == {}


RANDOM_EDGES = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from([0.8, 0.9, 1.0])).filter(
        lambda edge: edge[0] < edge[1]
    ),
    max_size=12,
    unique_by=lambda edge: edge[:2],
)


@given(RANDOM_EDGES, st.randoms(use_true_random=False))
def test_each_component_keeps_its_first_and_every_removal_has_a_verified_neighbour(
    edges: list[Edge], random: object
) -> None:
    groups = {d: {d} for d in range(8)}
    for a, b, _ in edges:
        union = groups[a] | groups[b]
        groups.update(dict.fromkeys(union, union))
    found = clusters(8, edges)
    assert {d for d in range(8) if d not in found} == {min(group) for group in groups.values()}
    similarity = {frozenset(edge[:2]): edge[2] for edge in edges}
    for d, row in found.items():
        assert row["cluster"] == min(groups[d])
        assert similarity[frozenset((d, row["match"]))] == row["similarity"]
    assert clusters(8, random.sample(edges, len(edges))) == found  # type: ignore[attr-defined]


def test_a_long_chain_keeps_one_document() -> None:
    n = 100_000
    ids = np.arange(n - 1)
    found = components(pa.table([ids, ids + 1, np.full(n - 1, 0.9)], schema=EDGES), n)
    assert found["id"].to_numpy().tolist() == list(range(1, n))
    assert set(found["cluster"].to_pylist()) == {0}
