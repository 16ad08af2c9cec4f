"""Waiting for input: the trigger looks for local files itself, and asks the command line for all others."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from daybreak.airflow.look import Look, look_for
from daybreak.airflow.order import ORDER, steps_of
from daybreak.airflow.request import Request
from daybreak.airflow.trigger import InputTrigger
from daybreak.airflow.waiting import WaitForInput
from daybreak.recipe import load_recipe
from tests.dags.support import ROOT

RECIPE = """
name: waiting
workspace: {folder}/ws
sources:
  a: {{format: jsonl, paths: ["{folder}/in/a-*.jsonl", "{folder}/in/b.jsonl"]}}
"""


def fired(trigger: InputTrigger) -> list[str]:
    """What the trigger missed when it fired, after a way through its serialized form as to a triggerer."""
    place, arguments = trigger.serialize()
    module, name = place.rsplit(".", 1)
    again = getattr(importlib.import_module(module), name)(**arguments)

    async def first() -> list[str]:
        events = [event.payload async for event in again.run()]
        assert len(events) == 1
        missing: list[str] = events[0]["missing"]
        return missing

    return asyncio.run(first())


def test_it_fires_when_the_last_file_has_come(tmp_path: Path) -> None:
    file = tmp_path / "late.jsonl"
    look = Look((str(tmp_path / "*.jsonl"),))
    writer = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(1); open({str(file)!r}, 'w')"])
    assert fired(InputTrigger(look.plain(), every_seconds=0.1, until=time.time() + 120)) == []
    assert file.exists()
    assert writer.wait() == 0


def test_at_the_end_of_its_time_it_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a-1.jsonl").touch()
    patterns = (str(tmp_path / "a-*.jsonl"), str(tmp_path / "b.jsonl"))
    missing = fired(InputTrigger(Look(patterns).plain(), every_seconds=0.1, until=time.time() + 0.3))
    assert missing == [f"nothing at {tmp_path}/b.jsonl"]


def test_a_file_that_still_grows_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.touch()
    look = Look((str(file),), quiet_seconds=3600)
    assert look.missing() == [f"still being written: {file} (changed in the last 3600 s)"]
    os.utime(file, (time.time() - 7200,) * 2)
    assert look.missing() == []


def test_an_empty_folder_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    assert Look((str(tmp_path / "day"),)).missing() == [f"nothing at {tmp_path}/day"]


@pytest.mark.parametrize("there", [True, False])
def test_other_places_are_asked_for_by_the_command_line(tmp_path: Path, there: bool) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a-1.jsonl", "b.jsonl") if there else ("a-1.jsonl",):
        (tmp_path / "in" / name).write_text('{"text": "x"}\n')
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE.format(folder=tmp_path).replace(f'"{tmp_path}/in/b', f'"file://{tmp_path}/in/b'))
    look = look_for(load_recipe(recipe), str(recipe), ())
    assert look.command[-1] == str(recipe)
    missing = look.missing()
    assert missing == [] if there else any("b.jsonl" in line for line in missing)


def test_the_trigger_imports_nothing_heavy() -> None:
    code = (
        "import sys, daybreak.airflow.trigger; "
        "print([m for m in ('pyspark', 'pyarrow', 'torch', 'numpy', 'pipelines') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr


def test_a_marker_stands_for_all_input(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        RECIPE.format(folder=tmp_path) + f"schedule: {{wait: {{marker: {tmp_path}/_SUCCESS}}}}\n"
    )
    look = look_for(load_recipe(recipe), str(recipe), ())
    assert look.missing() == [f"nothing at {tmp_path}/_SUCCESS"]
    (tmp_path / "_SUCCESS").touch()
    assert look.missing() == []


def waiting(
    folder: Path, more: str = "", steps: tuple[str, ...] = ORDER, until: str | None = None
) -> WaitForInput:
    recipe = folder / "r.yaml"
    recipe.write_text(RECIPE.format(folder=folder) + more)
    return WaitForInput(
        task_id="wait_for_input", asked=lambda _: Request(str(recipe)), steps=steps, until=until
    )


def test_it_gives_the_sources_of_the_recipe_or_fails_with_what_is_missing(tmp_path: Path) -> None:
    task = waiting(tmp_path)
    with pytest.raises(
        AirflowFailException, match=r"input of waiting is missing:\n  nothing at .*/a-\*\.jsonl"
    ):
        task.execute({})
    (tmp_path / "in").mkdir()
    for name in ("a-1.jsonl", "b.jsonl"):
        (tmp_path / "in" / name).touch()
    assert task.execute({}) == ["a"]


def test_a_recipe_with_a_schedule_waits_and_then_fails_or_is_skipped(tmp_path: Path) -> None:
    task = waiting(tmp_path, "schedule: {wait: {minutes: 5, every_seconds: 2}}\n")
    with pytest.raises(TaskDeferred) as deferred:
        task.execute({})
    assert isinstance(deferred.value.trigger, InputTrigger)
    assert deferred.value.method_name == "resume"
    with pytest.raises(AirflowFailException, match="after 5 minutes:\n  nothing at x"):
        task.resume({}, {"missing": ["nothing at x"]})
    assert task.resume({}, {"missing": []}) == ["a"]
    soft = waiting(tmp_path, "schedule: {wait: {soft_fail: true}}\n")
    with pytest.raises(AirflowSkipException):
        soft.resume({}, {"missing": ["nothing at x"]})


def test_a_recipe_with_more_steps_than_the_dag_is_refused(tmp_path: Path) -> None:
    more = "tokenizer: {vocab_size: 300}\npassages: {}\n"
    with pytest.raises(AirflowFailException, match="has the steps passages, which this DAG lacks"):
        waiting(tmp_path, more, tuple(step for step in ORDER if step != "passages")).execute({})
    up_to = waiting(tmp_path, more, ("ingest", "filter", "dedup", "passages", "tokenizer"), until="tokenizer")
    with pytest.raises(AirflowFailException, match="input of waiting is missing"):
        up_to.execute({})


def test_the_order_is_that_of_the_steps(tmp_path: Path) -> None:
    from pipelines.registry import STEPS
    from tests.dags.support import write_recipe

    assert [s.name for s in STEPS if s.name != "train"] == list(ORDER)
    whole = load_recipe(write_recipe(tmp_path), ["day=2026-01-01"])
    waiting(tmp_path)
    for recipe in (whole, load_recipe(tmp_path / "r.yaml"), load_recipe(ROOT / "conf/recipes/sample.yaml")):
        assert steps_of(recipe) == [s.name for s in STEPS if s.wanted(recipe) and s.name != "train"]
