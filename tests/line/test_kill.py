"""kill -9 in every step in turn, then run again: the same bytes as an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.line.support import DAYBREAK, ROOT, daybreak, digests, shard_bytes
from tests.line.test_run import STEPS

pytestmark = pytest.mark.slow

SPARK_FIRST = 6.0
"""Longest wait inside a step before the kill, seconds: long enough to reach the work behind Spark's start."""


def begun(log: Path, step: str) -> bool:
    if not log.exists():
        return False
    events = [json.loads(line) for line in log.read_text().splitlines()]
    return any(e["event"] == "begin" and e["step"] == step for e in events)


def committed(workspace: Path, step: str) -> bool:
    return (workspace / step / "manifest.json").exists()


def kill_inside(recipe: Path, step: str, wait: float) -> bool:
    """Start a run, kill it `wait` seconds into `step`; whether it died before that step was committed."""
    workspace = recipe.parent / "ws"
    (workspace / "run.log.jsonl").unlink(missing_ok=True)
    process = subprocess.Popen(
        [*DAYBREAK, "run", str(recipe)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not begun(workspace / "run.log.jsonl", step):
        assert process.poll() is None and time.monotonic() < deadline, f"never reached {step}"
        time.sleep(0.02)
    time.sleep(wait)
    died_inside = not committed(workspace, step)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return died_inside


def test_a_run_killed_in_every_step_gives_the_same_bytes(
    finished: Path, small_recipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    recipe = small_recipe(tmp_path)
    workspace = tmp_path / "ws"
    chance = random.Random(20)
    inside = {}
    for step in STEPS:
        spark_starts_here = step in ("ingest", "filter", "dedup", "encode", "shards")
        wait = chance.uniform(0.0, SPARK_FIRST) if spark_starts_here else chance.uniform(0.0, 0.3)
        inside[step] = kill_inside(recipe, step, wait)
    assert sum(inside.values()) >= len(STEPS) - 2, inside
    last = daybreak("run", str(recipe))
    assert last.returncode == 0, last.stderr
    assert digests(workspace) == digests(finished / "ws")
    assert shard_bytes(workspace) == shard_bytes(finished / "ws")
    assert daybreak("verify", str(workspace)).returncode == 0
    leftovers = [p for p in workspace.rglob("*") if p.name.startswith("attempt-") or p.suffix == ".tmp"]
    assert leftovers == []
