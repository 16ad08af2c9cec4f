"""The whole line: one command from shards to a trained model, again, changed, and verified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.accounting import Count, breaks, differences
from tests.line.support import daybreak, digests, shard_bytes

pytestmark = pytest.mark.slow

STEPS = ["ingest", "filter", "dedup", "tokenizer", "encode", "mixture", "shards", "train", "report"]


def summary(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def test_every_step_runs_and_nothing_is_lost(finished: Path) -> None:
    result = summary(finished)
    assert [s["step"] for s in result["steps"]] == STEPS
    assert all(s["ran"] for s in result["steps"])
    counts = [Count(**c) for c in result["funnel"]]
    assert differences(counts) == []
    assert breaks(counts) == []


def test_every_damaged_record_of_the_sample_is_quarantined(finished: Path, sample_shards: Path) -> None:
    files = json.loads((sample_shards / "manifest.json").read_text())["files"]
    planted = sum(f["expected_bad"] for f in files)
    unopenable = sum(not f["opens"] for f in files)
    assert planted > 0 and unopenable > 0
    counts = [Count(**c) for c in summary(finished)["funnel"] if c["outcome"] == "quarantined"]
    by_rule = {rule: sum(c.documents for c in counts if c.rule == rule) for rule in {c.rule for c in counts}}
    assert by_rule == {"unreadable_record": planted, "unreadable_file": unopenable}


def test_a_second_run_does_nothing_and_says_so(finished: Path) -> None:
    before = digests(finished / "ws")
    again = daybreak("run", str(finished / "small.yaml"))
    assert again.returncode == 0, again.stderr
    assert "nothing to do, everything is done" in again.stdout
    assert digests(finished / "ws") == before


def test_the_plan_says_done(finished: Path) -> None:
    planned = json.loads(daybreak("plan", str(finished / "small.yaml"), "--json").stdout)
    assert {p["step"]: p["state"] for p in planned} == dict.fromkeys(STEPS, "done")


def test_the_loss_falls(finished: Path) -> None:
    metrics = next((finished / "ws/train").glob("*/metrics/metrics.jsonl")).read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in metrics]
    assert len(losses) == 12
    assert sum(losses[-3:]) / 3 < losses[0] - 0.2


def test_shards_open_with_datasets(finished: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.load_from_disk(str(next((finished / "ws/shards").glob("*/shards"))))
    counts = [c for c in summary(finished)["funnel"] if c["stage"] == "shards" and c["outcome"] == "kept"]
    assert len(data) == sum(c["documents"] for c in counts)
    assert sum(len(row["input_ids"]) for row in data) == sum(c["tokens"] for c in counts)


def test_verify_finds_no_difference_and_then_one_flipped_byte(finished: Path, tmp_path: Path) -> None:
    good = daybreak("verify", str(finished / "ws"))
    assert good.returncode == 0 and "no difference" in good.stdout
    copy = tmp_path / "ws"
    shutil.copytree(finished / "ws", copy)
    victim = sorted(copy.glob("ingest/*/documents/*.parquet"))[0]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    bad = daybreak("verify", str(copy))
    assert bad.returncode == 1
    assert victim.name in bad.stdout and "checksum" in bad.stdout


def test_one_threshold_runs_only_what_depends_on_it(finished: Path, tmp_path: Path) -> None:
    copy = tmp_path / "again"
    shutil.copytree(finished, copy)
    change = ["quality.thresholds.gopher@paper.min_words=120", f"workspace={copy / 'ws'}"]
    planned = json.loads(daybreak("plan", str(copy / "small.yaml"), *change, "--json").stdout)
    states = {p["step"]: p["state"] for p in planned}
    assert states["ingest"] == "done" and states["filter"] == "run" and states["dedup"] == "perhaps"
    done = daybreak("run", str(copy / "small.yaml"), *change, "--only", "filter", "--json")
    assert done.returncode == 0, done.stderr
    assert [s["ran"] for s in json.loads(done.stdout)["steps"]] == [True]
    before, after = digests(finished / "ws"), digests(copy / "ws")
    assert before["ingest"] == after["ingest"]
    assert before["filter"] != after["filter"]


@pytest.mark.parametrize("partitions", [1, 2, 5])
def test_bytes_do_not_depend_on_partitions(
    finished: Path, small_recipe: Callable[[Path], Path], tmp_path: Path, partitions: int
) -> None:
    recipe = small_recipe(tmp_path)
    change = [f"spark.partitions={partitions}", f"spark.shuffle_partitions={partitions}", "train=null"]
    done = daybreak("run", str(recipe), *change, "--json")
    assert done.returncode == 0, done.stderr
    expected = {k: v for k, v in digests(finished / "ws").items() if k != "train"}
    assert digests(tmp_path / "ws") == expected
    assert shard_bytes(tmp_path / "ws") == shard_bytes(finished / "ws")


def test_an_input_too_many_fails_and_the_workspace_resumes(
    small_recipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    recipe = small_recipe(tmp_path)
    failed = daybreak("run", str(recipe), "ingest.max_bad_inputs=0", "--only", "ingest")
    assert failed.returncode == 1
    assert "1 input files cannot be read, the recipe allows 0" in failed.stderr
    assert "no-footer-dirty.parquet" in failed.stderr
    done = daybreak("run", str(recipe), "--only", "ingest")
    assert done.returncode == 0, done.stderr
