"""What a run may ask for: forms and events are checked, and end as an argv."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import ParamsDict
from airflow.sdk.exceptions import AirflowFailException

from daybreak.airflow.request import Request, by_date, by_event, by_form, form

RECIPE = """
name: asked
workspace: {folder}/ws
sources: {{a: {{format: text, paths: ["{folder}/a.txt"]}}}}
dedup: {{history: {{path: "{folder}/history", batch: one}}}}
"""
INJECTIONS = [
    "quality.rules=[$(id)]",
    "name=${oc.env:HOME}",
    "--only=train",
    "a=b\nc=d",
    "=x",
    "no equals",
    "{{ 7 * 7 }}=1",
]


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = tmp_path / "asked.yaml"
    file.write_text(RECIPE.format(folder=tmp_path))
    for variable in ("DAYBREAK_RECIPE", "DAYBREAK_DAILY_RECIPE"):
        monkeypatch.setenv(variable, str(file))
    monkeypatch.setenv("DAYBREAK_HOME", str(tmp_path))
    return str(file)


def context(recipe: str, date: datetime | None = None, **params: Any) -> dict[str, Any]:
    return {"params": {"recipe": recipe, **params}, "logical_date": date}


def test_the_day_is_the_utc_date_of_the_logical_date(recipe: str) -> None:
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    assert by_date(context(recipe, midnight)) == Request(recipe, ("day=2026-01-02",))
    east = midnight.astimezone(timezone(timedelta(hours=-8)))
    assert by_date(context(recipe, east)).day == "2026-01-02"


def test_a_day_of_the_form_wins_and_none_at_all_is_refused(recipe: str) -> None:
    date = datetime(2026, 1, 2, tzinfo=UTC)
    assert by_date(context(recipe, date, day="2026-01-05")).day == "2026-01-05"
    with pytest.raises(AirflowFailException, match="no logical date"):
        by_date(context(recipe))


def test_changes_follow_the_recipe_as_they_were_written(recipe: str) -> None:
    asked = by_form(context(recipe, changes=["language.min_score=0.7", "quality.rules=[c4@paper]"]))
    assert asked == Request(recipe, ("language.min_score=0.7", "quality.rules=[c4@paper]"))


@pytest.mark.parametrize("change", INJECTIONS, ids=range(len(INJECTIONS)))
def test_what_is_no_change_is_refused_by_the_form_and_by_the_task(recipe: str, change: str) -> None:
    with pytest.raises(Exception, match="does not match"):
        ParamsDict({"changes": form(recipe)["changes"]})["changes"] = [change]
    with pytest.raises(AirflowFailException, match="is refused"):
        by_form(context(recipe, changes=[change]))


def test_a_change_is_one_argument_whatever_a_shell_would_make_of_it(recipe: str) -> None:
    change = "language.keep=[eng]  # $(id); `touch x` && 'y'".replace("$", "")
    assert by_form(context(recipe, changes=[change])).changes == (change,)


@pytest.mark.parametrize(
    "change",
    ["workspace=/elsewhere", "dedup.history.path=/x", "dedup={history: {path: /x}}", "dedup.history=null"],
)
def test_where_a_run_writes_cannot_be_changed(recipe: str, change: str) -> None:
    with pytest.raises(AirflowFailException, match=r"is refused|the recipe's alone"):
        by_form(context(recipe, changes=[change]))


def test_only_recipes_of_this_instance_run(recipe: str, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(Path(recipe).read_text())
    with pytest.raises(AirflowFailException, match="none of this instance's"):
        by_form(context(str(other)))


def test_training_takes_the_newest_event(recipe: str) -> None:
    def event(day: str, hour: int) -> SimpleNamespace:
        extra = {"recipe": recipe, "changes": ["seed=3"]} | ({"day": day})
        return SimpleNamespace(timestamp=datetime(2026, 1, 9, hour, tzinfo=UTC), extra=extra)

    newest = event("2026-01-02", 5)
    newest.extra["changes"] = ["seed=4"]
    events = {"corpus": [event("2026-01-01", 4), newest, event("2026-01-03", 3)]}
    assert by_event({"triggering_asset_events": events, "params": {}}) == Request(recipe, ("seed=4",))
    assert by_event({"triggering_asset_events": {}, **context(recipe)}) == Request(recipe)


def test_an_event_is_checked_as_a_form_is(recipe: str) -> None:
    bad = SimpleNamespace(
        timestamp=datetime(2026, 1, 9, tzinfo=UTC),
        extra={"recipe": recipe, "changes": ["workspace=/elsewhere"]},
    )
    with pytest.raises(AirflowFailException, match="is refused"):
        by_event({"triggering_asset_events": {"corpus": [bad]}, "params": {}})
