"""Forecasts grow as their laws say, follow earlier runs, and tell what they do not know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from daybreak.errors import InputError
from daybreak.recipe import Recipe
from pipelines.ingest.inputs import Input
from pipelines.registry import STEPS
from pipelines.size.cluster import machines, merged
from pipelines.size.forecast import Forecast, bytes_a_token, forecast
from pipelines.size.history import History, read_history
from pipelines.size.survey import Sample, SourceSurvey, surveyed

SAMPLE = Sample(
    files=4,
    stored_bytes=1_000_000,
    cpu_seconds=2.0,
    ingest={"in": 1100, "in_bytes": 5_000_000, "out": 1000, "out_bytes": 4_000_000},
    filter={"in": 1000, "in_bytes": 4_000_000, "out": 500, "out_bytes": 3_000_000},
    tables={"ingest.documents": (1000, 1_400_000, 40_000), "filter.decisions": (1000, 60_000, 10_000)},
    spread=(3.0, 5.0),
)
HUGE = SourceSurvey(files=1000, stored_bytes=10**12, units=4000, unknown_sizes=0, sample=SAMPLE)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    sources = {"web": {"format": "jsonl", "paths": ["x"]}}
    return Recipe.model_validate(
        {"name": "s", "workspace": str(tmp_path), "sources": sources, "tokenizer": {"vocab_size": 32000}}
    )


def said(recipe: Recipe, source: SourceSurvey = HUGE, history: History | None = None) -> Forecast:
    steps = [step.name for step in STEPS if step.wanted(recipe)]
    return forecast(recipe, {"web": source}, history or History(), steps)


def test_amounts_and_tables_follow_the_sample(recipe: Recipe) -> None:
    found = {step.step: step for step in said(recipe).steps}
    assert found["ingest"].documents.value == pytest.approx(1e9)
    assert found["filter"].text.value == pytest.approx(3e12)
    assert found["ingest"].cpu.value == pytest.approx(2e6)
    assert found["ingest"].disk["documents"].value == pytest.approx(1.36e12 + 4000 * 10_000)
    assert found["ingest"].text.low < 4e12 < found["ingest"].text.high
    assert found["shards"].disk["shards"].value == pytest.approx(2 * found["shards"].tokens, rel=0.1)


def test_files_whose_size_no_listing_tells_count_as_those_looked_into(recipe: Recipe) -> None:
    items = [Input("web", f"{n}.gz", f"https://x/{n}.gz", 0, 0) for n in range(100)]
    found = surveyed(recipe, items, replace(SAMPLE, files=2, file_bytes=2 * 10**9))
    assert (found.stored_bytes, found.unknown_sizes) == (100 * 10**9, 100)
    assert found.units == 100 * 4
    assert any("sizes are not known" in note for note in said(recipe, found).notes)


def test_one_file_of_many_leaves_doubt(recipe: Recipe) -> None:
    alone = said(recipe, replace(HUGE, sample=replace(SAMPLE, files=1, spread=(4.0, 4.0)))).steps[0]
    assert alone.text.low < 0.8 * alone.text.value and alone.text.high > 1.2 * alone.text.value
    assert any("one file, which tells no spread" in reason for reason in alone.why)


def test_twice_the_input_is_twice_the_cost(recipe: Recipe) -> None:
    one = said(recipe)
    other = said(recipe, replace(HUGE, stored_bytes=2 * HUGE.stored_bytes, units=2 * HUGE.units))
    for small, large in zip(one.steps, other.steps, strict=True):
        assert large.cpu.value == pytest.approx(2 * small.cpu.value, rel=0.01)
        assert large.shuffle.value == pytest.approx(2 * small.shuffle.value, rel=0.01)


def test_dedup_is_sized_for_the_engine_that_it_will_use(recipe: Recipe) -> None:
    small = said(recipe, replace(HUGE, stored_bytes=10**7, units=4))
    assert [step.law for step in small.steps if step.step == "dedup"] == ["dedup"]
    (large,) = [step for step in said(recipe).steps if step.step == "dedup"]
    assert large.law == "dedup in Spark" and large.shuffle.value > 0
    assert large.driver < 1e9


def test_cores_are_found_for_the_hours_and_impossible_hours_are_told(recipe: Recipe) -> None:
    found = said(recipe)
    day, week = machines(found, recipe, hours=24), machines(found, recipe, hours=168)
    assert day.cores > week.cores > 1
    assert day.hours.value <= 24 and week.hours.value <= 168
    assert not day.notes
    assert "hours are not enough" in machines(found, recipe, hours=0.01).notes[0]


def test_memory_decides_the_cores_of_an_executor(recipe: Recipe) -> None:
    found = said(recipe)
    small, large = machines(found, recipe, 64, 5e9), machines(found, recipe, 64, 32e9)
    assert small.executor_cores < large.executor_cores
    assert small.memory <= 5e9 and large.memory <= 32e9
    assert small.executors * small.executor_cores >= 64
    assert "GB are little" in machines(found, recipe, 64, 1e9).notes[0]


def test_a_file_of_conf_spark_gets_the_sizes(recipe: Recipe) -> None:
    base = {"manager": "yarn", "master": "yarn", "executors": {"least": 1, "most": 9}, "conf": {"spark.a": 1}}
    content = merged(base, machines(said(recipe), recipe, 8))
    assert content["executors"] == {
        "cores": 4,
        "memory": "1920m",
        "overhead": content["executors"]["overhead"],
        "number": 2,
    }
    assert content["conf"] == {
        "spark.a": 1,
        "spark.sql.shuffle.partitions": content["conf"]["spark.sql.shuffle.partitions"],
    }
    assert content["master"] == "yarn" and yaml.safe_load(yaml.safe_dump(content)) == content


def line(step: str, **more: Any) -> dict[str, Any]:
    flow = {
        "stored_bytes": 0,
        "in": 1000,
        "in_bytes": 10**8,
        "out": 500,
        "out_bytes": 5 * 10**7,
        "out_tokens": 0,
    }
    known = {"format": 1, "step": step, "fingerprint": "f", "resumed_units": 0, "settings": {"cores": 2}}
    cost = {"processes": {"cpu_seconds": 42.0}, "spark": {"stages": 1, "shuffle_write_bytes": 0}}
    return {**known, **cost, "sources": {"web": flow}, "tables": {}, **more}


def metrics(folder: Path, *content: dict[str, Any] | str) -> str:
    folder.mkdir(exist_ok=True)
    text = [one if isinstance(one, str) else json.dumps(one) for one in content]
    (folder / "metrics.jsonl").write_text("\n".join(text) + "\n")
    return str(folder)


def test_earlier_runs_replace_the_rates(recipe: Recipe, tmp_path: Path) -> None:
    place = metrics(tmp_path / "a", line("ingest"), line("dedup", spark={"stages": 0}), '{"format": 1, "st')
    history = read_history([place], needed=True)
    assert history.cpu["ingest"].factor == pytest.approx(42 / (7 + 2 * 7 + 0.1 * 100))
    assert history.share("dedup", "web") == history.share("dedup", "another") == (0.5, 0.5)
    plain, known = said(recipe), said(recipe, history=history)
    kept = [next(s.documents.value for s in f.steps if s.step == "dedup") for f in (plain, known)]
    assert kept[1] == pytest.approx(kept[0] * 0.5 / 0.8)
    assert any("no earlier run" in note for note in plain.notes)
    assert not any("no earlier run" in note for note in known.notes)


def test_parts_read_before_count_with_their_step_and_resumed_runs_do_not(tmp_path: Path) -> None:
    part = line("ingest", part=["web"])
    whole = read_history([metrics(tmp_path / "a", part, line("ingest", resumed_units=7))], True)
    assert whole.cpu["ingest"].measured == 84.0
    killed = read_history([metrics(tmp_path / "b", line("ingest", resumed_units=7))], True)
    assert "ingest" not in killed.cpu and killed.share("ingest", "web") == (0.5, 0.5)


def test_a_workspace_without_metrics_is_an_error_only_where_it_was_named(tmp_path: Path) -> None:
    assert read_history([str(tmp_path)], needed=False).places == []
    with pytest.raises(InputError, match=r"has no metrics\.jsonl"):
        read_history([str(tmp_path)], needed=True)


def test_bytes_a_token_grow_with_the_vocabulary() -> None:
    found = [bytes_a_token(size) for size in (300, 1200, 5000, 8000, 12_000, 16_000, 250_000)]
    assert found == sorted(found) and found[0] < found[3] < found[-1]
