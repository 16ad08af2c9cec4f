"""Observers of a run hear of each step's start, and of its end, however it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.manifest import Manifest
from daybreak.recipe import load_recipe
from pipelines.observe import Observer, StepRun
from pipelines.observe.spark_metrics import METRICS, SparkMetrics
from pipelines.runner import Runner

RECIPE = """
name: heard
workspace: {workspace}
min_free_gb: 0
sources: {{mine: {{format: jsonl, paths: ["{shard}"]}}}}
spark: {{partitions: 1}}
report: null
"""


class Ear(Observer):
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def begin(self, run: StepRun) -> None:
        self.heard.append(f"begin {run.step.name}")

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        self.heard.append(f"commit {manifest.step}")

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        self.heard.append(f"fail {run.step.name} {type(error).__name__}")

    def skip(self, run: StepRun, manifest: Manifest) -> None:
        self.heard.append(f"skip {manifest.step}")


def runner(folder: Path, text: str) -> tuple[Runner, Ear]:
    shard, recipe, ear = folder / "a.jsonl", folder / "r.yaml", Ear()
    shard.write_text(text)
    recipe.write_text(RECIPE.format(workspace=folder / "ws", shard=shard))
    return Runner(load_recipe(recipe), observers=[ear]), ear


def test_a_failed_step_is_heard_of_and_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, ear = runner(tmp_path, '{"text": "a"}\n')
    broken = RuntimeError("planted")

    def fail(*_: object) -> None:
        raise broken

    monkeypatch.setattr(type(run.steps()[0]), "run", fail)
    with pytest.raises(RuntimeError, match="planted"):
        list(run.run(["ingest"]))
    assert ear.heard == ["begin ingest", "fail ingest RuntimeError"]


def test_steps_are_heard_of_once_and_then_as_skipped(tmp_path: Path) -> None:
    run, ear = runner(tmp_path, '{"text": "one line of text"}\n')
    list(run.run(["ingest"]))
    list(run.run(["ingest"]))
    assert ear.heard == ["begin ingest", "commit ingest", "skip ingest"]


def test_metrics_that_cannot_be_written_end_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = runner(tmp_path, '{"text": "one line of text"}\n')
    (tmp_path / "ws" / METRICS).mkdir(parents=True)
    measured = Runner(run.recipe, observers=[SparkMetrics()])
    assert [outcome.ran for outcome in measured.run(["ingest"])] == [True]
    assert "metrics: IsADirectoryError" in capsys.readouterr().err
