"""Runs of the step, as a recipe asks for it: one process and Spark write the same bytes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from test_near_stage import mixed

from daybreak.recipe.model import Recipe
from daybreak.workspace import Workspace
from pipelines.runner import Runner

pytestmark = pytest.mark.slow


def recipe(folder: Path) -> Recipe:
    """A recipe of two files of families, copies and a chain, some under one URL, without rules, up to dedup."""
    texts = mixed().values()
    rows = [{"text": text, "url": f"http://example.org/{i % 150}"} for i, text in enumerate(texts)]
    for unit in range(2):
        lines = (json.dumps(row) + "\n" for row in rows[unit::2])
        (folder / f"{unit}.jsonl").write_text("".join(lines))
    return Recipe.model_validate(
        {
            "name": "paths",
            "workspace": str(folder / "ws"),
            "min_free_gb": 0,
            "sources": {"made": {"format": "jsonl", "paths": [str(folder / "*.jsonl")], "rules": []}},
            "language": {"min_score": 0},
            "scrub": {},
            "dedup": {"url": True, "certificate": {"pairs": 6}},
            "report": None,
            "spark": {"shuffle_partitions": 2},
        }
    )


def written(wanted: Recipe) -> tuple[list[tuple[str, int, str]], Any]:
    """Path, rows and SHA-256 of every file of dedup, made anew, and its facts."""
    shutil.rmtree(Path(wanted.workspace) / "dedup", ignore_errors=True)
    list(Runner(wanted).run(["dedup"]))
    manifest = Workspace(wanted.workspace).manifest("dedup")
    assert manifest is not None
    return [(e.path, e.rows, e.sha256) for files in manifest.tables.values() for e in files], manifest.facts


def test_one_process_and_spark_write_the_same_bytes(spark: SparkSession, tmp_path: Path) -> None:
    wanted = recipe(tmp_path)
    list(Runner(wanted).run(["ingest", "filter"]))
    files, facts = written(wanted)
    assert {path.split("/")[0] for path, _, _ in files} == {"decisions", "clusters"}
    assert sum(rows for path, rows, _ in files if path.startswith("clusters")) > 80
    assert facts["certificate"]["overall"]["found"] > 30
    in_spark = wanted.dedup.model_copy(update={"max_driver_documents": 0})
    assert written(wanted.model_copy(update={"dedup": in_spark})) == (files, facts)
    states = {step.step: step.state for step in Runner(wanted).plan()}
    assert states["dedup"] == "done"  # how duplicates are found is no setting of the result
