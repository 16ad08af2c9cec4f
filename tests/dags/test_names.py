"""Files started by path have their folder first on sys.path: none may hide a package of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"daybreak", "pipelines", "tokenizer", "trainer", "jobs", "dags", "conf"}


@pytest.mark.parametrize("folder", ["jobs", "dags"])
def test_no_file_bears_a_packages_name(folder: str) -> None:
    names = {file.stem for file in (ROOT / folder).glob("*.py")}
    assert names & PACKAGES == set()
    assert all(name.startswith("run_") for name in names - {"__init__", "launch"}) or folder == "dags"


def test_every_spark_step_has_a_job() -> None:
    from pipelines.registry import STEPS

    assert {f"run_{step.name}" for step in STEPS} == {f.stem for f in (ROOT / "jobs").glob("run_*.py")}
