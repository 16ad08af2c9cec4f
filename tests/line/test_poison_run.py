"""Poison in a run by the command line: the step is done, and says what was parked."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from daybreak.accounting import Count, differences
from daybreak.workspace import Workspace
from tests.ingest.ingest_shards import page, warc
from tests.line.support import daybreak

pytestmark = pytest.mark.slow

RECIPE = """
name: poisoned
workspace: {folder}/ws
min_free_gb: 0.2
sources: {{web: {{format: commoncrawl_warc, paths: ["{folder}/*.warc.gz"]}}}}
spark: {{master: "local[2]", driver_memory: 1g, shuffle_partitions: 2}}
ingest: {{record_seconds: 6, record_memory: 268435456}}
"""
HANGS = b"<a><div>" * 500_000
BLOATS = b"<b><p>" * 800_000


def test_pages_that_hang_or_bloat_the_parser_do_not_end_a_run(tmp_path: Path) -> None:
    for shard in "ab":
        pages = [*(page(n) for n in range(20)), HANGS, *(page(n) for n in range(20)), BLOATS]
        (tmp_path / f"{shard}.warc.gz").write_bytes(warc(pages))
    recipe = tmp_path / "poisoned.yaml"
    recipe.write_text(RECIPE.format(folder=tmp_path))
    done = daybreak("run", str(recipe), "--only", "ingest", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    counts = [Count(**c) for c in json.loads(done.stdout)["funnel"]]
    assert differences(counts) == []
    kept = {(c.stage, c.outcome, c.rule): c.documents for c in counts}
    assert kept["clean", "kept", None] == 80
    assert kept["extract", "quarantined", "extraction_failed"] == 4
    workspace = Workspace(tmp_path / "ws")
    manifest = workspace.manifest("ingest")
    assert manifest is not None
    parked = pq.read_table(Path(workspace.data(manifest).root) / "quarantine").to_pylist()
    why = ["The record took more than 6 s in extract", "The record needed more than 256 MiB in extract"]
    assert sorted((row["file"], row["error"], row["raw"][:8]) for row in parked) == sorted(
        (f"{shard}.warc.gz", error, raw[:8])
        for shard in "ab"
        for error, raw in zip(why, (HANGS, BLOATS), strict=True)
    )
