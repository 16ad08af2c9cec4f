"""Odd machines and wrong wishes: refused before or without harm, in words that say what to do; any Java will do."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak import java
from daybreak.workspace import Workspace
from tests.line.support import daybreak

RECIPE = """
name: tiny
workspace: {folder}/ws
min_free_gb: 0
sources:
  notes: {{format: jsonl, paths: ["{folder}/in/*.jsonl"], rules: []}}
spark: {{driver_memory: 1g, partitions: 1, shuffle_partitions: 1}}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    rows = [{"text": f"The note number {i} says that the weather of the day was fine."} for i in range(20)]
    (tmp_path / "in/a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = tmp_path / "tiny.yaml"
    file.write_text(RECIPE.format(folder=tmp_path))
    return file


def test_a_second_run_on_a_workspace_in_use_is_refused(tiny: Path) -> None:
    workspace = Workspace(tiny.parent / "ws")
    workspace.prepare()
    with workspace.locked():
        second = daybreak("run", str(tiny))
    assert second.returncode == 1
    assert f"another run is using the workspace {workspace} (pid {os.getpid()} on" in second.stderr
    assert workspace.store.names() == [".lock"]


def test_a_workspace_in_the_way_is_refused(tiny: Path) -> None:
    (tiny.parent / "ws").write_text("a file")
    refused = daybreak("run", str(tiny))
    assert refused.returncode == 1
    assert "cannot write to the workspace" in refused.stderr
    assert (tiny.parent / "ws").read_text() == "a file"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("quality.rules=[gohper@paper]", ["quality:", "gohper@paper", "gopher@paper"]),
        ("quality.thresholds={gopher@paper: {min_word: 3}}", ["quality:"]),
        ("sources.notes.paths=[/nowhere/*.jsonl]", ["sources:", "/nowhere/*.jsonl"]),
        ("dedup.near={bands: 2, rows: 60}", ["dedup.near:", "bands"]),
        ("dedup.near={bands: 14}", ["dedup.near", "together"]),
        ("dedup.near={bands: 14, rows: 8}", ["dedup.certificate:", "14 bands of 8 rows", "floor"]),
        ("dedup.order=[lenght]", ["dedup.order:", "did you mean length?"]),
        ("dedup.order=[{quality: n_wrds}]", ["dedup.order:", "n_wrds", "n_words"]),
        ("dedup={order: [source], source_order: [nots]}", ["dedup.order:", "nots", "notes"]),
        ("sourcess={}", ["sourcess", "did you mean `sources`"]),
    ],
)
def test_a_wrong_recipe_fails_before_any_work(tiny: Path, override: str, expected: list[str]) -> None:
    for command in ("plan", "run"):
        refused = daybreak(command, str(tiny), override)
        assert refused.returncode == 2, refused.stderr
        for part in expected:
            assert part in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not (tiny.parent / "ws").exists()


def test_a_step_whose_needs_are_missing_is_refused(tiny: Path) -> None:
    refused = daybreak("run", str(tiny), "--only", "dedup")
    assert refused.returncode == 1
    assert "dedup needs ingest, which is not up to date" in refused.stderr


@pytest.mark.slow
def test_a_step_does_not_build_on_a_stale_one(tiny: Path) -> None:
    assert daybreak("run", str(tiny), "--only", "ingest", "--only", "filter").returncode == 0
    stale = daybreak("run", str(tiny), "language.min_score=0.9", "--only", "dedup")
    assert stale.returncode == 1
    assert "dedup needs filter, which is not up to date" in stale.stderr
    assert "(settings changed)" in stale.stderr


def test_an_unknown_step_is_refused(tiny: Path) -> None:
    refused = daybreak("run", str(tiny), "--only", "deduplicate")
    assert refused.returncode == 2
    assert "the steps are ingest, filter" in refused.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(tiny: Path, small_disk: Path) -> None:
    big = tiny.parent / "in/big.jsonl"
    rows = (json.dumps({"text": os.urandom(3000).hex()}) + "\n" for _ in range(400))
    big.write_text("".join(rows))
    full = daybreak("run", str(tiny), f"workspace={small_disk}/ws", "language.min_score=0")
    assert full.returncode == 1
    assert "no space left on the disk" in full.stderr
    assert not list((small_disk / "ws").glob("*/manifest.json"))
    subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
    done = daybreak("run", str(tiny), f"workspace={small_disk}/ws", "language.min_score=0")
    assert done.returncode == 0, done.stderr
    assert daybreak("verify", f"{small_disk}/ws").returncode == 0


@pytest.mark.slow
def test_spark_runs_on_the_java_that_comes_with_the_environment(tiny: Path, tmp_path: Path) -> None:
    home = java.bundled_home(tmp_path / "java")
    assert home is not None
    done = daybreak("run", str(tiny), "--only", "ingest", "--only", "filter", env={"JAVA_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    assert "20 documents" in done.stdout
