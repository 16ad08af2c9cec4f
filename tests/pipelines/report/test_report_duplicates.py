"""The section on duplicates: sums that hold, pairs at the threshold, and a certificate only where there is one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fake_workspace import FakeWorkspace

from pipelines.report import Facts, render
from pipelines.report.collect_duplicates import collect_duplicates
from pipelines.report.facts_duplicates import DuplicateFacts

CERTIFICATE = [
    {
        "similarity": 0.7,
        "pairs": 100,
        "found": 60,
        "recall": 0.6,
        "low": 0.5,
        "high": 0.69,
        "predicted": 0.57,
    },
    {
        "similarity": 0.9,
        "pairs": 100,
        "found": 100,
        "recall": 1.0,
        "low": 0.96,
        "high": 1.0,
        "predicted": 0.999,
    },
    {"similarity": 0.95, "pairs": 0, "found": 0, "recall": None, "low": None, "high": None, "predicted": 1.0},
]
CURVE = [{"similarity": s / 10, "probability": (s / 10) ** 4} for s in range(11)]


def rows(workspace: FakeWorkspace, name: str) -> list[dict]:
    place = workspace.tables[name]
    assert isinstance(place, str)
    return [row for file in sorted(Path(place).glob("*.parquet")) for row in pq.read_table(file).to_pylist()]


@pytest.fixture(scope="module")
def found(workspace: FakeWorkspace) -> DuplicateFacts:
    facts = {"certificate": {"bins": CERTIFICATE}, "banding": {"curve": CURVE}}
    known = collect_duplicates(workspace.tables, {"near": {"threshold": 0.8}}, facts)
    assert known is not None
    return known


def test_levels_and_similarities_count_every_removed_document(
    workspace: FakeWorkspace, found: DuplicateFacts
) -> None:
    dropped = Counter(row["rule"] for row in rows(workspace, "dedup_decisions") if row["verdict"] == "drop")
    assert {level.rule: level.documents for level in found.levels} == dropped
    near = [
        row for row in rows(workspace, "clusters") if row["level"] == "near" and not row["representative"]
    ]
    assert sum(count for _, _, count in found.similarities) == len(near)
    for low, high, count in found.similarities:
        inside = [
            row
            for row in near
            if low - 1e-6 <= row["similarity"] < high - 1e-6 or high == row["similarity"] == 1
        ]
        assert len(inside) == count


def test_largest_clusters_and_closest_pairs(workspace: FakeWorkspace, found: DuplicateFacts) -> None:
    clusters = rows(workspace, "clusters")
    sizes = sorted(Counter(row["cluster_id"] for row in clusters).values(), reverse=True)
    assert [cluster.size for cluster in found.largest] == sizes[: len(found.largest)]
    assert all(cluster.excerpt for cluster in found.largest)
    near = sorted(
        row["similarity"] for row in clusters if row["level"] == "near" and not row["representative"]
    )
    assert [pair.right.similarity for pair in found.pairs] == near[: len(found.pairs)]


def test_nothing_is_shown_of_what_decontamination_dropped(workspace: FakeWorkspace, tmp_path: Path) -> None:
    known = collect_duplicates(workspace.tables)
    assert known is not None
    gone = {known.largest[0].stays.doc_id, known.pairs[0].right.doc_id}
    table = pq.read_table(
        next(iter(sorted(Path(str(workspace.tables["dedup_decisions"])).glob("*.parquet"))))
    ).slice(0, 0)
    bad = table.from_pylist([{"doc_id": d, "verdict": "drop"} for d in gone], schema=table.schema)
    pq.write_table(bad, tmp_path / "unit.parquet")
    without = collect_duplicates({**workspace.tables, "decontaminate_decisions": str(tmp_path)})
    assert without is not None
    shown = {cluster.stays.doc_id for cluster in without.largest}
    shown |= {member.doc_id for pair in without.pairs for member in (pair.left, pair.right)}
    assert not shown & gone


def test_the_certificate_is_drawn_where_the_run_has_one(facts: Facts, found: DuplicateFacts) -> None:
    assert [part.similarity for part in found.certificate] == [0.7, 0.9]
    assert found.curve[-1] == (1.0, 1.0)
    assert 'data-chart="certificate"' in render(replace(facts, duplicates=found))
    plain = render(facts)
    assert 'data-chart="certificate"' not in plain and 'data-chart="similarities"' in plain
    assert not re.search(r"<h3>Certificate", plain)
