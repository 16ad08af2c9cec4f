"""Runs of a recipe day by day, with a history, leave what one run over all days leaves."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from daybreak.errors import RecipeError
from daybreak.progress import Progress
from daybreak.recipe.model import Recipe
from pipelines.reading import kept_units
from pipelines.runner import Runner
from pipelines.step import Context

STEPS = ["ingest", "filter", "dedup", "passages"]
DAYS = ("2026-01-01", "2026-01-02")
UNITS: dict[str, Any] = {"paragraphs": {}, "spans": {"normal": "spaces"}, "substrings": {"tokens": 20}}


def corpus(seed: int) -> dict[str, list[str]]:
    """Pages by day, of paragraphs and long runs that come again on the same day and on later ones."""
    drawn = random.Random(seed)
    sentences = [" ".join(f"w{drawn.randrange(9999)}" for _ in range(9)) + "." for _ in range(40)]
    paragraphs = [" ".join(drawn.choices(sentences, k=3)) for _ in range(30)]

    def page() -> str:
        alone = " ".join(f"own{drawn.randrange(10**9)}" for _ in range(60))
        return "\n".join([*drawn.choices(paragraphs, k=3), alone, " ".join(drawn.choices(sentences, k=4))])

    return {day: [page() for _ in range(8)] for day in DAYS}


def recipe(folder: Path, name: str, pages: dict[str, list[str]], **dedup: Any) -> Recipe:
    """A recipe over the pages, without rules; earlier days come first in its order."""
    file = folder / f"{name}.jsonl"
    rows = [{"text": text, "timestamp": f"{day}T00:00:00Z"} for day, texts in pages.items() for text in texts]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Recipe.model_validate(
        {
            "name": name,
            "workspace": str(folder / f"ws-{name}"),
            "min_free_gb": 0,
            "sources": {"made": {"format": "jsonl", "paths": [str(file)], "rules": []}},
            "language": {"min_score": 0},
            "scrub": {},
            "dedup": {"near": None, "order": ["date", "length"], **dedup},
            "passages": UNITS,
            "report": None,
            "spark": {"shuffle_partitions": 2},
        }
    )


def left(wanted: Recipe) -> list[str]:
    """Texts that the run leaves, sorted."""
    runner = Runner(wanted)
    list(runner.run(STEPS))
    workspace = runner.workspace
    context = Context(
        wanted, workspace, runner.manifests(), workspace.store, Progress(), lambda: pytest.fail("no Spark")
    )
    units = kept_units(context, "filter", "dedup", "passages")
    return sorted(t for u in units for b in u.read(["text"]) for t in b.column("text").to_pylist())


@pytest.mark.slow
def test_day_by_day_is_all_at_once(spark: SparkSession, tmp_path: Path) -> None:
    pages = corpus(7)
    whole = left(recipe(tmp_path, "whole", pages))
    history = {"path": str(tmp_path / "history"), "buckets": 2}
    days = [
        recipe(tmp_path, day, {day: texts}, history={**history, "batch": day}) for day, texts in pages.items()
    ]
    found = [left(day) for day in days]
    assert sum(map(len, whole)) < sum(len(text) for texts in pages.values() for text in texts)
    assert sorted(text for texts in found for text in texts) == whole
    assert not any(outcome.ran for outcome in Runner(days[-1]).run(STEPS))


def test_what_a_history_cannot_tell_is_refused(tmp_path: Path) -> None:
    history = {"path": str(tmp_path / "history"), "batch": "one"}
    wanted = recipe(tmp_path, "copies", {}, history=history)
    wanted = wanted.model_copy(
        update={"passages": wanted.passages.model_copy(update={"lines": {"copies": 2}})}
    )
    wanted = Recipe.model_validate(wanted.model_dump())
    with pytest.raises(RecipeError, match=r"lines\.copies: 2 cannot go with a history"):
        Runner(wanted)
