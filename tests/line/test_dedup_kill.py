"""kill -9 on the driver and on a worker while duplicates are clustered: the run goes on, and gives the same bytes."""

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
dedup: {{url: true, near: {{max_driver_edges: {edges}}}}}
"""
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


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder whose workspace has all that dedup needs, and the digest of an undisturbed dedup."""
    folder = tmp_path_factory.mktemp("ready")
    write_input(folder / "in")
    recipe = folder / "copies.yaml"
    recipe.write_text(RECIPE.format(folder=folder, edges=100))
    done = daybreak("run", str(recipe), "--only", "ingest", "--only", "filter")
    assert done.returncode == 0, done.stderr
    whole = tmp_path_factory.mktemp("whole") / "ws"
    shutil.copytree(folder / "ws", whole)
    done = daybreak("run", str(recipe), f"workspace={whole}", "--only", "dedup")
    assert done.returncode == 0, done.stderr
    return recipe, digest(whole)


def digest(workspace: Path) -> str:
    manifest = Workspace(workspace).manifest("dedup")
    assert manifest is not None and manifest.rows("clusters") > 300
    return manifest.digest


def started(recipe: Path, workspace: Path) -> subprocess.Popen[bytes]:
    shutil.copytree(recipe.parent / "ws", workspace)
    command = [*DAYBREAK, "run", str(recipe), f"workspace={workspace}", "--only", "dedup"]
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


def test_a_killed_driver_goes_on_from_the_last_finished_phase(
    ready: tuple[Path, str], tmp_path: Path
) -> None:
    recipe, expected = ready
    workspace = tmp_path / "ws"
    process = started(recipe, workspace)
    wait_until(process, lambda: phase_done(workspace, "members"))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert Workspace(workspace).manifest("dedup") is None
    stale = workspace / "dedup/in-progress-of-other-settings"
    stale.mkdir()
    again = daybreak("run", str(recipe), f"workspace={workspace}", "--only", "dedup")
    assert again.returncode == 0, again.stderr
    assert digest(workspace) == expected
    assert not [p for p in (workspace / "dedup").iterdir() if p.name.startswith("in-progress")]


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


def test_a_killed_worker_changes_nothing(ready: tuple[Path, str], tmp_path: Path) -> None:
    recipe, expected = ready
    workspace = tmp_path / "ws"
    process = started(recipe, workspace)
    wait_until(process, lambda: phase_done(workspace, "nodes") and bool(python_workers(process.pid)))
    os.kill(max(python_workers(process.pid)), signal.SIGKILL)
    _, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors.decode()[-2000:]
    assert digest(workspace) == expected
