"""A recipe over real shards of every layout and over broken files: it runs through and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from daybreak.accounting import Count, breaks, differences
from daybreak.workspace import Workspace
from tests.line.support import daybreak

pytestmark = pytest.mark.slow

GOOD = {
    "commoncrawl": ("commoncrawl_warc", ["commoncrawl/*.warc.gz", "commoncrawl/real/**/*.warc.gz"]),
    "wet": ("commoncrawl_wet", ["commoncrawl/*.wet.gz"]),
    "c4": ("c4", ["c4/*.json.gz"]),
    "pile": ("the_pile", ["the_pile/train/*.zst"]),
    "openwebtext": ("openwebtext", ["openwebtext/*.xz", "openwebtext2/*.zst"]),
    "oscar": ("oscar", ["oscar-23.01/*/*.zst"]),
    "refinedweb": ("refinedweb", ["refinedweb/*.parquet"]),
}
BAD = {
    "bad_warc": ("commoncrawl_warc", ["bad/made/*.warc*", "bad/real/**/*"]),
    "bad_c4": ("c4", ["bad/made/*.json.gz"]),
    "bad_pile": ("the_pile", ["bad/made/*.zst"]),
    "bad_openwebtext": ("openwebtext", ["bad/made/*.xz"]),
    "bad_refinedweb": ("refinedweb", ["bad/made/*.parquet"]),
}
UNREADABLE = {
    "bad_warc/garbage.warc.gz",
    "bad_refinedweb/empty.parquet",
    "bad_refinedweb/no_footer.parquet",
    "bad_refinedweb/truncated.parquet",
}
DAMAGED = {
    "bad_content_length_too_long.warc",
    "bitflip_in_record_5.warc.gz",
    "truncated_gzip.warc.gz",
    "bad_utf8.json.gz",
    "missing_keys.json.gz",
    "truncated.json.gz",
    "wrong_json.json.gz",
    "truncated.jsonl.zst",
    "truncated_data.xz",
    "clipped.warc.gz",
    "example-trunc.warc",
}


def recipe(folder: Path, data: Path) -> Path:
    sources = {
        name: {"format": layout, "paths": [str(data / p) for p in paths], "rules": []}
        for name, (layout, paths) in (GOOD | BAD).items()
    }
    content = {
        "name": "real",
        "workspace": str(folder / "ws"),
        "min_free_gb": 0.2,
        "sources": sources,
        "spark": {"driver_memory": "2g", "partitions": 8, "shuffle_partitions": 4},
        "ingest": {"max_bad_inputs": len(UNREADABLE)},
        "language": {"min_score": 0.3},
        "tokenizer": {"vocab_size": 3000, "sample_bytes": 2_000_000},
    }
    file = folder / "real.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_real_and_broken_shards_run_through_with_every_file_accounted_for(
    shared_data: Path, tmp_path: Path
) -> None:
    file = recipe(tmp_path, shared_data)
    done = daybreak("run", str(file), "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    counts = [Count(**c) for c in json.loads(done.stdout)["funnel"]]
    assert differences(counts) == []
    assert breaks(counts) == []
    assert daybreak("verify", str(tmp_path / "ws")).returncode == 0
    workspace = Workspace(tmp_path / "ws")
    manifest = workspace.manifest("ingest")
    assert manifest is not None
    units = {f"{i['source']}/{i['file']}": i for i in manifest.facts["files"]}
    assert len(units) == len(manifest.tables["documents"]) == len(manifest.tables["quarantine"])
    refused = {reason.split(":")[0].rsplit("/", 1)[1] for reason in manifest.facts["bad_inputs"].values()}
    assert refused == {name.split("/")[1] for name in UNREADABLE}
    quarantined = quarantine(Path(workspace.data(manifest).root))
    assert {f"{source}/{name}" for source, name in quarantined} >= UNREADABLE
    assert {name for _, name in quarantined} >= DAMAGED
    kept = {c.source for c in counts if c.stage == "shards" and c.outcome == "kept" and c.documents}
    assert kept >= set(GOOD)


def quarantine(data: Path) -> set[tuple[str, str]]:
    """(source, file name) of every quarantined record."""
    table = pq.read_table(data / "quarantine")
    rows = zip(
        table["source"].to_pylist(), table["file"].to_pylist(), table["error"].to_pylist(), strict=True
    )
    found = set()
    for source, file, error in rows:
        assert error
        found.add((source, file.rsplit("/", 1)[-1]))
    return found


def test_one_unreadable_file_too_many_fails_with_their_names(shared_data: Path, tmp_path: Path) -> None:
    file = recipe(tmp_path, shared_data)
    failed = daybreak("run", str(file), f"ingest.max_bad_inputs={len(UNREADABLE) - 1}", "--only", "ingest")
    assert failed.returncode == 1
    for name in UNREADABLE:
        assert name.split("/")[1] in failed.stderr
