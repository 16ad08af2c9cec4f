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

from daybreak.airflow.look import Look, look_for
from daybreak.airflow.trigger import InputTrigger
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
