"""deploy/docker/train-nodes.sh, as Volcano's pods and Slurm's tasks run it: two nodes, one workspace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.workspace import Workspace
from tests.line.support import ROOT, daybreak

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "deploy/docker/train-nodes.sh"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def node(rank: int, port: str, recipe: Path) -> subprocess.Popen[str]:
    """One node of two; `daybreak` and `torchrun` are those of this environment."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "NODES": "2",
        "VC_TASK_INDEX": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    return subprocess.Popen(
        ["bash", str(SCRIPT), str(recipe)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_nodes_train_together_and_the_first_commits(
    small_recipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    recipe = small_recipe(tmp_path)
    built = daybreak("run", str(recipe), "train=null", "report=null")
    assert built.returncode == 0, built.stderr
    nodes = [node(rank, port, recipe) for port in [free_port()] for rank in (0, 1)]
    outputs = [process.communicate(timeout=400)[0] for process in nodes]
    assert [process.returncode for process in nodes] == [0, 0], outputs
    assert '"processes": 2' in outputs[0]
    manifest = Workspace(tmp_path / "ws").manifest("train")
    assert manifest is not None
    assert manifest.facts["steps"] == 12
    assert manifest.facts["last_loss"] < manifest.facts["first_loss"]
    assert "nothing to do" in daybreak("train", str(recipe)).stdout


def test_settings_need_shards_and_a_section(small_recipe: Callable[[Path], Path], tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    early = daybreak("train", str(recipe), "--settings")
    assert early.returncode == 1
    assert "train needs tokenizer, which is not up to date" in early.stderr
    without = daybreak("train", str(recipe), "train=null", "--settings")
    assert without.returncode == 2
    assert "has no section `train`" in without.stderr
