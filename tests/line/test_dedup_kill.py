"""kill -9 on a worker and on the driver while Spark clusters duplicates: the run goes on, and gives the bytes that a
run in one process gives."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.workspace import Workspace
from tests.line.support import DAYBREAK, ROOT, daybreak

pytestmark = pytest.mark.slow

RECIPE = """
name: copies
workspace: {folder}/ws
min_free_gb: 0
sources:
  notes: {{format: jsonl, paths: ["{folder}/in/*.jsonl"], rules: []}}
language: {{min_score: 0}}
spark: {{master: "local[2,4]", driver_memory: 1g, partitions: 2, shuffle_partitions: 2}}
dedup: {{url: true, certificate: null}}
"""
IN_SPARK = ("dedup.near.max_driver_edges=100", "dedup.max_driver_documents=0")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def write_input(folder: Path, documents: int = 600) -> None:
    """A third of the documents resemble one another, a third are copies, a third stand alone."""
    drawn = random.Random(3)
    base = [[f"word{drawn.randrange(5000)}" for _ in range(120)] for _ in range(20)]
    folder.mkdir()
    with open(folder / "a.jsonl", "w") as file:
        for i in range(documents):
            words = list(base[i % 20]) if i % 3 else [f"alone{drawn.randrange(10**6)}" for _ in range(120)]
            if i % 3 == 1:
                words[drawn.randrange(120)] = f"changed{i}"
            file.write(json.dumps({"text": " ".join(words), "url": f"http://example.org/{i % 590}"}) + "\n")


def digest(workspace: Path) -> str:
    manifest = Workspace(workspace).manifest("dedup")
    assert manifest is not None and manifest.rows("clusters") > 300
    return manifest.digest


def started(recipe: Path, workspace: Path) -> subprocess.Popen[bytes]:
    command = [*DAYBREAK, "run", str(recipe), f"workspace={workspace}", *IN_SPARK, "--only", "dedup"]
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def wait_until(process: subprocess.Popen[bytes], true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 400
    while not true():
        assert process.poll() is None, process.stderr and process.stderr.read().decode()[-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def phase_done(workspace: Path, name: str) -> bool:
    return any((workspace / "dedup").glob(f"in-progress-*/{name}/done.json"))


def python_workers(group: int) -> list[int]:
    """Processes of Spark's Python workers in a session of ours."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdecimal():
            continue
        try:
            command = (place / "cmdline").read_bytes()
            if b"pyspark.daemon" in command and os.getsid(int(place.name)) == group:
                found.append(int(place.name))
        except OSError:
            continue
    return found


def test_a_killed_worker_and_a_killed_driver_change_nothing(tmp_path: Path) -> None:
    write_input(tmp_path / "in")
    recipe = tmp_path / "copies.yaml"
    recipe.write_text(RECIPE.format(folder=tmp_path))
    whole = daybreak("run", str(recipe), *(f"--only={step}" for step in ("ingest", "filter", "dedup")))
    assert whole.returncode == 0, whole.stderr
    workspace = tmp_path / "again"
    shutil.copytree(tmp_path / "ws", workspace, ignore=shutil.ignore_patterns("dedup"))

    process = started(recipe, workspace)
    wait_until(process, lambda: phase_done(workspace, "nodes") and bool(python_workers(process.pid)))
    os.kill(max(python_workers(process.pid)), signal.SIGKILL)
    wait_until(process, lambda: phase_done(workspace, "edges-round-1"))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert Workspace(workspace).manifest("dedup") is None
    stale = workspace / "dedup/in-progress-of-other-settings"
    stale.mkdir()
    again = daybreak("run", str(recipe), f"workspace={workspace}", *IN_SPARK, "--only", "dedup")
    assert again.returncode == 0, again.stderr
    assert digest(workspace) == digest(tmp_path / "ws")
    assert not [p for p in (workspace / "dedup").iterdir() if p.name.startswith("in-progress")]
