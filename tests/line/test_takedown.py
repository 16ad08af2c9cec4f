"""The takedown that docs/operations.md tells: a listed address is gone from the corpus, and from the history."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from daybreak.workspace import Workspace
from tests.line.support import daybreak

pytestmark = pytest.mark.slow

RECIPE = """
name: takedown
workspace: {folder}/ws
min_free_gb: 0.2
sources:
  lines: {{format: jsonl, paths: ["{folder}/lines.jsonl"]}}
spark: {{master: "local[2]", driver_memory: 1g, partitions: 1, shuffle_partitions: 2}}
lists: {{urls: "{folder}/takedown.jsonl"}}
language: {{min_score: 0}}
quality:
  rules: [takedown]
  sets:
    takedown:
      rules: [{{name: taken_down, signal: url_takedown, comparison: "<=", threshold: 0}}]
dedup: {{history: {{path: "{folder}/history", batch: "2026-01-02"}}}}
report: null
"""
WORDS = ("ferry", "harbour", "lighthouse", "captain", "morning", "island", "market", "bread", "window")


def page(number: int) -> str:
    return " ".join(WORDS[(number * 7 + i * (number + 3)) % len(WORDS)] + str(number * i) for i in range(60))


def listed(folder: Path, *urls: str) -> None:
    rows = [{"category": "takedown", "kind": "urls", "value": url} for url in ("nowhere.invalid/none", *urls)]
    (folder / "takedown.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def kept(folder: Path) -> dict[str, str]:
    """Address by document id, of what filter left."""
    manifests = {step: Workspace(folder / "ws").manifest(step) for step in ("ingest", "filter")}
    rows = {
        step: [row for entry in manifest.tables[table]
               for row in pq.read_table(folder / "ws" / step / manifest.folder / entry.path).to_pylist()]
        for step, table, manifest in (
            ("ingest", "documents", manifests["ingest"]), ("filter", "decisions", manifests["filter"]),
        ) if manifest is not None
    }  # fmt: skip
    dropped = {row["doc_id"] for row in rows["filter"] if row["verdict"] == "drop"}
    return {row["doc_id"]: row["url"] for row in rows["ingest"] if row["doc_id"] not in dropped}


def test_a_listed_address_is_gone_after_the_next_run_and_from_the_history(tmp_path: Path) -> None:
    lines = [{"text": page(n), "url": f"https://site{n}.example.org/page"} for n in range(6)]
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    recipe = tmp_path / "takedown.yaml"
    recipe.write_text(RECIPE.format(folder=tmp_path))
    steps = ("--only", "ingest", "--only", "filter", "--only", "dedup")
    listed(tmp_path)
    first = daybreak("run", str(recipe), *steps)
    assert first.returncode == 0, first.stderr
    before = kept(tmp_path)
    (wanted,) = [key for key, url in before.items() if url == "https://site3.example.org/page"]
    history = str(tmp_path / "history")
    removed = daybreak("dup", "history", "remove", history, wanted, "--json")
    assert json.loads(removed.stdout)["removed"] == [wanted], removed.stderr
    listed(tmp_path, "site3.example.org/page")
    second = daybreak("run", str(recipe), *steps)
    assert second.returncode == 0, second.stderr
    assert before.keys() - kept(tmp_path).keys() == {wanted}
    again = daybreak("dup", "history", "remove", history, wanted)
    assert again.returncode == 1
    assert "knows none of these documents" in again.stderr
