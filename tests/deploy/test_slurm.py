"""deploy/slurm/train.sbatch with stand-ins for Slurm's own commands: what it hands to every node."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.check.files import ROOT

SCRIPT = ROOT / "deploy/slurm/train.sbatch"
SRUN = """#!/usr/bin/env bash
printf '%s\\n' "$NODES $PROCESSES_PER_NODE $MASTER_ADDR $MASTER_PORT $DAYBREAK_HOME" "$@"
[[ -z ${SLOW:-} ]] || exec sleep 60
"""
SCONTROL = """#!/usr/bin/env bash
if [[ $1 = requeue ]]; then echo "requeued $2"; else echo node-a; sleep .1; echo node-b; fi
"""


def run(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SLURM_SUBMIT_DIR": str(ROOT),
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_JOB_NODELIST": "node-[a-b]",
        "SLURM_JOB_ID": "1234567",
        **more,
    }
    command = ["bash", str(SCRIPT), *arguments]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_every_node_gets_the_recipe_the_changes_and_where_to_meet(tmp_path: Path) -> None:
    job = run(tmp_path, "conf/recipes/my recipe.yaml", "day=2026-01-02")
    output, error = job.communicate(timeout=60)
    assert (job.returncode, error) == (0, "")
    assert output.splitlines() == [
        f"2 1 node-a 29967 {ROOT}",
        "--kill-on-bad-exit=1",
        "bash",
        f"{ROOT}/deploy/docker/train-nodes.sh",
        "conf/recipes/my recipe.yaml",
        "day=2026-01-02",
    ]


def test_the_end_of_its_time_queues_it_again(tmp_path: Path) -> None:
    job = run(tmp_path, "conf/recipes/sample.yaml", SLOW="1")
    assert job.stdout is not None
    assert job.stdout.readline().startswith("2 1 node-a")
    job.terminate()
    output, _ = job.communicate(timeout=90)
    assert "requeued 1234567" in output
    assert job.returncode == 0


def test_without_a_recipe_it_says_how(tmp_path: Path) -> None:
    job = run(tmp_path)
    _, error = job.communicate(timeout=60)
    assert "usage: sbatch train.sbatch RECIPE" in error
    assert job.returncode == 2
