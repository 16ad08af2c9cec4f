"""Runs of a recipe with a history and other data sets, as a user starts them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from daybreak.errors import DaybreakError, RecipeError
from daybreak.recipe.model import Recipe
from daybreak.workspace import Workspace
from pipelines.dedup.history.history import History
from pipelines.parts import read_part
from pipelines.runner import Runner

pytestmark = pytest.mark.slow


def prose(seed: int) -> str:
    drawn = random.Random(seed)
    return " ".join(f"word{drawn.randrange(5000)}" for _ in range(120)) + "."


def recipe(folder: Path, day: str, texts: list[str], **dedup: Any) -> Recipe:
    """A recipe of one file of texts, without rules, up to dedup."""
    file = folder / f"{day}.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    history = {"path": str(folder / "history"), "batch": day, "buckets": 2}
    return Recipe.model_validate(
        {
            "name": "small",
            "workspace": str(folder / f"ws-{day}"),
            "min_free_gb": 0,
            "sources": {"made": {"format": "jsonl", "paths": [str(file)], "rules": []}},
            "language": {"min_score": 0},
            "scrub": {},
            "dedup": {"history": history, **dedup},
            "report": None,
            "spark": {"shuffle_partitions": 2},
        }
    )


def run(wanted: Recipe) -> tuple[list[bool], list[tuple[str | None, str | None]]]:
    """Which of ingest, filter, dedup ran, and rule and match of every document, in order."""
    steps = ["ingest", "filter", "dedup"]
    ran = [outcome.ran for outcome in Runner(wanted).run(steps)]
    workspace = Workspace(wanted.workspace)
    manifest = workspace.manifest("dedup")
    assert manifest is not None
    found = [
        (row["rule"], row["detail"])
        for entry in manifest.tables["decisions"]
        for batch in read_part(workspace.data(manifest), entry.path)
        for row in batch.to_pylist()
    ]
    return ran, found


def rules(found: list[tuple[str | None, str | None]]) -> list[str | None]:
    return [rule for rule, _ in found]


def test_two_days_and_an_evaluation_set(spark: SparkSession, tmp_path: Path) -> None:
    a, b, c, held_out = (prose(seed) for seed in range(4))
    (tmp_path / "eval.jsonl").write_text(json.dumps({"text": held_out}) + "\n")
    against = {"held_out": {"path": str(tmp_path / "eval.jsonl"), "format": "jsonl"}}
    one = recipe(tmp_path, "day-1", [a, b, a], against=against)
    assert sorted(map(str, rules(run(one)[1]))) == ["None", "None", "exact"]
    two = recipe(tmp_path, "day-2", [a.upper(), f"{b} end", c, held_out, f"{held_out} end"], against=against)
    ran, found = run(two)
    assert ran == [True, True, True]
    assert rules(found) == ["exact", "near", None, "exact:held_out", "near:held_out"]
    assert all(match for rule, match in found if rule)
    assert [batch.facts for batch in History(tmp_path / "history").state().batches] == [
        {"documents": 3, "kept": 2},
        {"documents": 5, "kept": 1},
    ]
    assert run(two)[0] == [False, False, False]
    assert run(one)[0] == [False, False, False]  # a later day leaves it done
    with pytest.raises(RecipeError, match="was made by other settings"):
        list(Runner(two.model_copy(update={"seed": 5})).run(["dedup"]))
    record = (tmp_path / "history/history.json").read_bytes()
    first = Workspace(one.workspace).manifest("dedup")
    Workspace(one.workspace).store.remove("dedup")
    assert run(one)[0] == [False, False, True]  # made again after day-2: the same
    assert Workspace(one.workspace).manifest("dedup") == first
    assert (tmp_path / "history/history.json").read_bytes() == record
    (tmp_path / "day-1.jsonl").write_text(json.dumps({"text": prose(77)}) + "\n")
    with pytest.raises(DaybreakError, match=r"'day-1' .* comes out other than it was, and 'day-2'"):
        run(one)
    assert (tmp_path / "history/history.json").read_bytes() == record
    with pytest.raises(RecipeError, match="has no such batch"):
        Runner(_elsewhere(two, tmp_path))


def _elsewhere(given: Recipe, folder: Path) -> Recipe:
    assert given.dedup.history is not None
    moved = given.dedup.history.model_copy(update={"path": str(folder / "other")})
    return given.model_copy(update={"dedup": given.dedup.model_copy(update={"history": moved})})


def test_a_finished_workspace_is_a_data_set(spark: SparkSession, tmp_path: Path) -> None:
    a, b = prose(10), prose(11)
    first = recipe(tmp_path, "day-1", [a, b], history=None)
    run(first)
    second = recipe(
        tmp_path, "day-2", [b, prose(12)], history=None, against={"first": {"path": first.workspace}}
    )
    assert rules(run(second)[1]) == ["exact:first", None]
    assert run(second)[0] == [False, False, False]
    with pytest.raises(RecipeError, match="nowhere is no history and no workspace"):
        Runner(recipe(tmp_path, "day-3", [a], against={"x": {"path": str(tmp_path / "nowhere")}}))
