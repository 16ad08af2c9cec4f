"""Clusters of verified pairs."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import AccountingError
from pipelines.dedup.components import NODES, link
from pipelines.dedup.order import ordered
from pipelines.dedup.verify import EDGES

Edge = tuple[str, str, float]


def clusters(sizes: dict[str, int], edges: list[Edge]) -> dict[str, dict]:
    """Answer of `link` by doc_id; every document stands for one copy."""
    nodes = [{"doc_id": name, "n_bytes": size, "copies": 1} for name, size in sizes.items()]
    pairs = [dict(zip(EDGES.names, edge, strict=True)) for edge in edges]
    found = link(pa.Table.from_pylist(nodes, NODES), pa.Table.from_pylist(pairs, EDGES))
    return {row["doc_id"]: row for row in found.to_pylist()}


def test_order_is_longest_then_earliest_then_smallest_id() -> None:
    rows = [
        ("d", 5, None),
        ("c", 5, "2020-01-01T00:00:00Z"),
        ("b", 5, "2020-01-01T00:00:00Z"),
        ("a", 5, "2019-01-01T00:00:00Z"),
        ("e", 9, None),
    ]
    table = pa.Table.from_pylist(
        [dict(zip(("doc_id", "n_bytes", "timestamp"), row, strict=True)) for row in rows]
    )
    assert ordered(table)["doc_id"].to_pylist() == ["e", "a", "b", "c", "d"]


def test_a_chain_is_one_cluster_that_keeps_its_first_and_matches_lead_to_it() -> None:
    found = clusters({"a": 9, "b": 8, "c": 7, "d": 6}, [("a", "b", 0.9), ("b", "c", 0.8), ("c", "d", 0.85)])
    assert {name: row["cluster_id"] for name, row in found.items()} == dict.fromkeys("abcd", "a")
    assert {name: row["matched"] for name, row in found.items()} == {"a": None, "b": "a", "c": "b", "d": "c"}
    assert [found[name]["similarity"] for name in "abcd"] == [None, 0.9, 0.8, 0.85]


def test_a_verified_pair_with_the_kept_one_goes_before_a_closer_neighbour() -> None:
    found = clusters({"a": 9, "b": 8, "c": 7}, [("a", "b", 0.9), ("a", "c", 0.8), ("b", "c", 0.99)])
    assert (found["c"]["matched"], found["c"]["similarity"]) == ("a", 0.8)


def test_ties_go_to_the_document_first_in_order() -> None:
    found = clusters(
        {"a": 9, "x": 5, "y": 6, "z": 1}, [("a", "x", 0.9), ("a", "y", 0.9), ("x", "z", 0.8), ("y", "z", 0.8)]
    )
    assert found["z"]["matched"] == "y"


def test_sizes_count_exact_copies() -> None:
    nodes = [{"doc_id": "a", "n_bytes": 2, "copies": 3}, {"doc_id": "b", "n_bytes": 1, "copies": 4}]
    edges = [{"hub": "a", "member": "b", "similarity": 0.9}]
    found = link(pa.Table.from_pylist(nodes, NODES), pa.Table.from_pylist(edges, EDGES))
    assert found["size"].to_pylist() == [7, 7]


def test_no_pairs_no_clusters() -> None:
    assert clusters({}, []) == {}


def test_one_id_for_two_documents_is_refused() -> None:
    nodes = pa.Table.from_pylist([{"doc_id": "a", "n_bytes": 1, "copies": 1}] * 2, NODES)
    edges = pa.Table.from_pylist([{"hub": "a", "member": "a", "similarity": 0.9}], EDGES)
    with pytest.raises(AccountingError, match="one doc_id"):
        link(nodes, edges)


def test_a_pair_of_an_unknown_document_is_refused() -> None:
    with pytest.raises(AccountingError, match="ghost"):
        clusters({"a": 1}, [("a", "ghost", 0.9)])


NAMES = "abcdefgh"
RANDOM_EDGES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([0.8, 0.9, 1.0])).filter(
        lambda edge: edge[0] < edge[1]
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda edge: edge[:2],
)


def joined(edges: list[Edge]) -> dict[str, set[str]]:
    """Components by merging sets."""
    groups = {name: {name} for edge in edges for name in edge[:2]}
    for a, b, _ in edges:
        union = groups[a] | groups[b]
        groups.update(dict.fromkeys(union, union))
    return groups


@given(RANDOM_EDGES, st.randoms())
def test_every_removal_leads_over_verified_pairs_to_the_kept_one(edges: list[Edge], random: object) -> None:
    groups = joined(edges)
    sizes = {name: 100 - ord(name) for name in groups}
    found = clusters(sizes, edges)
    similarity = {frozenset(edge[:2]): edge[2] for edge in edges}
    for name, row in found.items():
        assert row["cluster_id"] == min(groups[name])
        assert row["size"] == len(groups[name])
        steps = 0
        while (matched := found[name]["matched"]) is not None:
            assert similarity[frozenset((name, matched))] == found[name]["similarity"]
            name, steps = matched, steps + 1
            assert steps < len(NAMES)
        assert name == row["cluster_id"]
    assert clusters(sizes, random.sample(edges, len(edges))) == found  # type: ignore[attr-defined]
