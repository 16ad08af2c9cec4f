"""Sources read one by one, at once and killed: the step then finds their units done, and commits the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from daybreak.workspace import MARKERS, Workspace
from tests.line.support import DAYBREAK, ROOT, daybreak
from tests.line.test_units_kill import ingested, session

pytestmark = pytest.mark.slow

ONE, OTHER = ["commoncrawl", "wet", "c4"], ["pile", "openwebtext", "oscar", "refinedweb"]


def chosen(sources: Sequence[str]) -> list[str]:
    return [argument for name in sources for argument in ("--source", name)]


def start(recipe: Path, sources: Sequence[str]) -> subprocess.Popen[str]:
    """A process that reads these sources."""
    command = [*DAYBREAK, "run", str(recipe), "--only", "ingest", *chosen(sources), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def marks(workspace: Path, sources: Sequence[str]) -> list[Path]:
    found = (workspace / "ingest").glob(f"in-progress-*/{MARKERS}/*.json")
    return [mark for mark in found if mark.name.rpartition("-")[0] in sources]


def killed_amid(process: subprocess.Popen[str], workspace: Path, sources: Sequence[str]) -> int:
    """Kill a process and all it started as soon as a unit of its sources is finished; how many were, then."""
    deadline = time.monotonic() + 400
    while not marks(workspace, sources):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    while members := session(process.pid):
        for member in members:
            os.kill(member, signal.SIGKILL)
        process.poll()
    process.communicate()
    return len(marks(workspace, sources))


def read(recipe: Path, sources: Sequence[str]) -> Mapping[str, int]:
    process = start(recipe, sources)
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return json.loads(out)


def inodes(workspace: Path) -> dict[str, int]:
    found = (workspace / "ingest").glob("*/documents/*.parquet")
    return {part.name: part.stat().st_ino for part in found}


def test_sources_read_at_once_and_killed_commit_the_same_bytes(
    small_recipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    recipe = small_recipe(tmp_path)
    workspace = tmp_path / "ws"
    expected = ingested(recipe, tmp_path / "alone")
    one, other = start(recipe, ONE), start(recipe, OTHER)
    finished = killed_amid(one, workspace, ONE)
    out, errors = other.communicate(timeout=600)
    assert other.returncode == 0, errors
    unharmed = json.loads(out)
    again = read(recipe, ONE)
    assert again["units"] - again["new"] == finished < again["units"]
    assert Workspace(workspace).manifest("ingest") is None
    before = inodes(workspace)
    assert len(before) == again["units"] + unharmed["units"]
    done = ingested(recipe, workspace)
    assert done.digest == expected.digest and done.to_json() == expected.to_json()
    bad = set(done.facts["bad_inputs"])
    after = inodes(workspace)
    assert {name for name in before if before[name] != after[name]} == {f"{unit}.parquet" for unit in bad}
    assert read(recipe, ONE)["committed"]


def test_a_source_alone_fails_early_and_a_wrong_one_at_once(
    small_recipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    recipe = str(small_recipe(tmp_path))
    wrong = daybreak("run", recipe, "--only", "ingest", "--source", "refindweb")
    assert wrong.returncode == 2 and "did you mean `refinedweb`?" in wrong.stderr
    whole = daybreak("run", recipe, "--source", "refinedweb")
    assert whole.returncode == 2 and "--only ingest" in whole.stderr
    job = [DAYBREAK[0], str(ROOT / "jobs/run_ingest.py"), recipe, "--source", "refinedweb"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    failed = subprocess.run(
        [*job, "ingest.max_bad_inputs=0"], capture_output=True, text=True, env=environment, timeout=600
    )
    assert failed.returncode == 1
    assert "the recipe allows 0" in failed.stderr and "no-footer-dirty.parquet" in failed.stderr
