"""Caps by registered domain: a plain loop says the same, at any partitioning; and a run of a recipe with one."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from daybreak.accounting import breaks, differences
from daybreak.errors import RecipeError
from daybreak.recipe import load_recipe
from daybreak.recipe.model import Recipe
from daybreak.workspace import Workspace
from pipelines.dedup.domain_cap import PLACED, DomainCap, over_cap
from pipelines.dedup.order import DeclaredOrder
from pipelines.parts import read_part
from pipelines.runner import Runner

DOMAINS = ("big.example", "big.example", "big.example", "mid.example", "one.example")


def known(seed: int) -> list[dict[str, Any]]:
    drawn = random.Random(seed)
    rows = [
        {
            "doc_id": f"d{n:03}",
            "unit": f"u{n % 2}",
            "domain": drawn.choice(DOMAINS),
            "place": bytes([drawn.randrange(256), n]),
            "n_bytes": drawn.randrange(1, 100),
        }
        for n in range(120)
    ]
    drawn.shuffle(rows)
    return rows


def plainly(rows: list[dict[str, Any]], documents: int | None, size: int | None) -> dict[str, str]:
    """Documents past the limit, by a plain loop in the order of places."""
    count, total, gone = Counter[str](), Counter[str](), {}
    for row in sorted(rows, key=lambda row: row["place"]):
        domain = row["domain"]
        count[domain] += 1
        total[domain] += row["n_bytes"]
        if (documents and count[domain] > documents) or (size and total[domain] > size):
            gone[row["doc_id"]] = domain
    return gone


@pytest.mark.slow
@pytest.mark.parametrize(("documents", "size"), [(1, None), (None, 700), (20, 700)])
def test_what_is_past_the_limit_is_what_a_plain_loop_says(
    spark: SparkSession, documents: int | None, size: int | None
) -> None:
    cap = DomainCap(documents, size, "draw", True, 0, DeclaredOrder())
    rows = known(1)
    for partitions in (1, 3):
        frame = spark.createDataFrame(pa.Table.from_pylist(rows, PLACED)).repartition(partitions)
        found = over_cap(frame, cap).collect()
        assert {row["doc_id"]: row["domain"] for row in found} == plainly(rows, documents, size)
        assert all(row["have"] > row["limit"] for row in found)


RECIPE = """
name: capped
workspace: {folder}/ws
min_free_gb: 0
sources:
  made: {{format: jsonl, paths: ["{folder}/*.jsonl"], rules: []}}
spark: {{master: "local[2]", driver_memory: 1g, shuffle_partitions: 2}}
language: {{min_score: 0}}
dedup: {{near: null, max_per_domain: {{documents: 2}}}}
report: null
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files: five pages and a copy of one site under different hosts, pages of two blogs, and some alone."""
    urls = [f"https://{host}.site.co.uk/{n}" for n, host in enumerate(["www", "a", "b", "WWW", "a.b"])]
    urls += ["http://one.github.io/", "http://two.github.io/1", "http://two.github.io/2", "http://192.0.2.1/"]
    rows = [{"text": f"This is page {n} {'x' * n}.", "url": url} for n, url in enumerate([*urls, None])]
    rows.append({**rows[4], "url": "https://c.site.co.uk/copy"})
    for n in range(3):
        (tmp_path / f"{n}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[n::3]))
    (tmp_path / "capped.yaml").write_text(RECIPE.format(folder=tmp_path))
    return tmp_path


def decided(recipe: Recipe) -> tuple[list[dict[str, Any]], dict[str, str], list[Any]]:
    """Decisions of dedup with the documents' URLs, checksums of its parts, and counts of all three steps."""
    list(Runner(recipe).run(["ingest", "filter", "dedup"]))
    workspace = Workspace(recipe.workspace)
    manifests = [workspace.manifest(step) for step in ("ingest", "filter", "dedup")]
    read = {
        table: [
            row
            for entry in manifest.tables[table]
            for batch in read_part(workspace.data(manifest), entry.path)
            for row in batch.to_pylist()
        ]
        for manifest, table in ((manifests[0], "documents"), (manifests[2], "decisions"))
        if manifest is not None
    }
    urls = {row["doc_id"]: row["url"] for row in read["documents"]}
    rows = [{**row, "url": urls[row["doc_id"]]} for row in read["decisions"]]
    parts = {entry.path: entry.sha256 for entry in manifests[2].tables["decisions"]}  # type: ignore[union-attr]
    return rows, parts, [count for manifest in manifests if manifest for count in manifest.accounting]


@pytest.mark.slow
def test_a_run_with_a_cap(folder: Path, spark: SparkSession) -> None:
    file = folder / "capped.yaml"
    rows, parts, counts = decided(load_recipe(file, ["spark.partitions=1"]))
    elsewhere = [f"workspace={folder}/ws3", "spark.partitions=3"]
    assert decided(load_recipe(file, elsewhere))[1] == parts, "other bytes at another partitioning"
    assert differences(counts) == breaks(counts) == []
    gone = [row for row in rows if row["rule"] == "domain_cap"]
    assert len(gone) == 3 and {row["detail"] for row in gone} == {"site.co.uk"}
    assert {(row["stage"], row["value"], row["threshold"]) for row in gone} == {("domain cap", 5.0, 2.0)}
    capped = {c.outcome: c.documents for c in counts if c.stage == "domain cap"}
    assert capped == {"in": 10, "kept": 7, "dropped": 3}

    other = ["documents=1", "keep=order", "suffixes=registries"]  # the default order: longest first
    rows = decided(load_recipe(file, [f"dedup.max_per_domain.{key}" for key in other]))[0]
    left = Counter(row["detail"] for row in rows if row["rule"] == "domain_cap")
    assert left == {"site.co.uk": 4, "github.io": 2}
    kept = {row["url"] for row in rows if row["verdict"] == "keep"}
    assert "http://two.github.io/2" in kept
    assert len(kept & {"https://a.b.site.co.uk/4", "https://c.site.co.uk/copy"}) == 1  # copies of each other


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("dedup.max_per_domain.documents=null", "set `documents`, `bytes` or both"),
        ("dedup.max_per_domain.documents=0", "max_per_domain.documents"),
        ("dedup.max_per_domain={document: 3}", "did you mean `documents`"),
        ("dedup.max_per_domain.keep=first", "max_per_domain.keep"),
    ],
)
def test_a_wrong_cap_fails_before_any_work(folder: Path, override: str, expected: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(folder / "capped.yaml", [override])
    assert expected in str(caught.value)
