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

TRIES = 3
"""Kills that may come too late, a step; each waits half as long as the one before."""

HITTABLE = 1.0
"""Seconds: a shorter step may be done before a kill arrives."""


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
        time.sleep(0.005)
    time.sleep(wait)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return not committed(workspace, step)


def killed_inside(recipe: Path, step: str, wait: float) -> bool:
    """Kill inside `step`, again and earlier where the step was done before; whether it worked."""
    for attempt in range(TRIES):
        if kill_inside(recipe, step, wait / 2**attempt):
            return True
        for done in STEPS[STEPS.index(step) :]:  # it may have gone on to the next ones
            (recipe.parent / "ws" / done / "manifest.json").unlink(missing_ok=True)
    return False


def step_seconds(workspace: Path) -> dict[str, float]:
    """How long each step took, from the run's log."""
    events = [json.loads(line) for line in (workspace / "run.log.jsonl").read_text().splitlines()]
    return {e["step"]: e["seconds"] for e in events if e["event"] == "commit"}


def test_a_run_killed_in_every_step_gives_the_same_bytes(
    finished: Path, small_recipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    recipe = small_recipe(tmp_path)
    workspace = tmp_path / "ws"
    chance = random.Random(20)
    usual = step_seconds(finished / "ws")
    waits = {step: chance.uniform(0.1, 0.8) * usual[step] for step in STEPS}
    missed = [step for step in STEPS if not killed_inside(recipe, step, waits[step])]
    assert [step for step in missed if usual[step] > HITTABLE] == []
    last = daybreak("run", str(recipe))
    assert last.returncode == 0, last.stderr
    assert digests(workspace) == digests(finished / "ws")
    assert shard_bytes(workspace) == shard_bytes(finished / "ws")
    assert daybreak("verify", str(workspace)).returncode == 0
    leftovers = [p for p in workspace.rglob("*") if p.name.startswith("attempt-") or p.suffix == ".tmp"]
    assert leftovers == []
