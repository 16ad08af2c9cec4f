"""corpus_daily in a real Airflow: days, a bad day, a killed scheduler, late input, a day made again, a back-fill.

One Airflow for the file. First wave: three days at once, the third's input late, and the scheduler killed while a
task runs. Second wave: the second day again from nothing, and a back-fill of two more days, the first of them bad.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.dags.airflow_pages import Pages, opened
from tests.dags.airflow_service import Service, running
from tests.dags.daily_place import BAD, FIFTH, FIRST, SECOND, THIRD, Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
DAG = "corpus_daily"
GROUPS = ("read", "clean", "duplicates", "tokens", "publication")
TASKS = (
    *("wait_for_input", "ingest_source", "ingest", "filter", "earlier_days", "dedup", "tokenizer", "encode"),
    *("mixture", "shards", "gates", "publish", "report", "done"),
)
PATIENCE = 1800
KILLED, DEEP = "filter", "BlockManagerMaster: Registered"
"""The task amid which the scheduler is killed, and what its log shows when Spark is at work."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("daily"))
    place.prepare()
    return place


@pytest.fixture(scope="module")
def airflow(place: Place) -> Iterator[Service]:
    recipes = {
        "DAYBREAK_DAILY_RECIPE": str(place.folder / "daily.yaml"),
        "DAYBREAK_TOKENIZER_RECIPE": str(place.folder / "tokenizer.yaml"),
    }
    with running(place.folder / "airflow", recipes) as service:
        for dag in ("corpus_daily", "corpus_build", "tokenizer", "train"):
            service.client.wait_for_dag(dag)
        # Training on an asset has a test of its own; here it would only take time.
        service.client.call("PATCH", "dags/train", {"is_paused": True})
        yield service


@dataclass
class Wave:
    """Runs that were started together: run id by day, final state by day, and what was seen on the way."""

    runs: dict[str, str]
    ended: dict[str, str]
    seen: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def days(airflow: Service, place: Place) -> Wave:
    """The first wave."""
    client, seen = airflow.client, {}
    place.hide(THIRD)
    runs = {day: client.trigger(DAG, f"{day}T00:00:00Z") for day in (FIRST, SECOND, THIRD)}
    client.wait(
        "a late day that waits", lambda: client.states(DAG, runs[THIRD])["wait_for_input"] == "deferred", 300
    )
    client.wait("a task amid its work", lambda: DEEP in client.log(DAG, runs[FIRST], KILLED), PATIENCE)
    airflow.kill("scheduler")
    seen["when killed"] = client.states(DAG, runs[FIRST])
    airflow.begin("scheduler")
    seen["before delivery"] = client.states(DAG, runs[THIRD])["wait_for_input"]
    place.deliver(THIRD)
    return Wave(runs, _ends(airflow, runs), seen)


@pytest.fixture(scope="module")
def again(airflow: Service, place: Place, days: Wave) -> Wave:
    """The second wave."""
    client = airflow.client
    before = place.bytes_of(SECOND)
    shutil.rmtree(place.workspace(SECOND))
    cleared = client.clear(DAG, days.runs[SECOND])
    client.backfill(DAG, f"{BAD}T00:00:00Z", f"{FIFTH}T00:00:00Z")
    filled = client.wait(
        "runs of the back-fill",
        lambda: (r := client.runs(DAG, run_type="backfill")) and len(r) == 2 and r,
        120,
    )
    runs = {SECOND: days.runs[SECOND]} | {run["logical_date"][:10]: run["dag_run_id"] for run in filled}
    return Wave(runs, _ends(airflow, runs), {"before": before, "cleared": cleared})


def _ends(airflow: Service, runs: dict[str, str]) -> dict[str, str]:
    return {day: airflow.client.wait_for_run(DAG, run, PATIENCE) for day, run in runs.items()}


def test_no_dag_file_fails_to_import(airflow: Service) -> None:
    assert airflow.client.import_errors() == []


def test_days_run_to_their_end_though_the_scheduler_was_killed_amid_a_task(
    airflow: Service, days: Wave
) -> None:
    """Its attempt is ended at the next heartbeat, or ends before: then nobody hears of it. Both run it again."""
    assert days.seen["when killed"][KILLED] == "running"
    for day in (FIRST, SECOND, THIRD):
        states = airflow.client.states(DAG, days.runs[day])
        assert days.ended[day] == "success", states
        assert set(states.values()) == {"success"}, states


def test_each_source_is_read_by_a_task_of_its_own(airflow: Service, days: Wave) -> None:
    tasks = [t for t in airflow.client.tasks(DAG, days.runs[FIRST]) if t["task_id"] == "ingest_source"]
    assert [(t["map_index"], t["rendered_map_index"]) for t in tasks] == [(0, "news")]


def test_a_day_without_input_waits_outside_the_workers(airflow: Service, days: Wave) -> None:
    assert days.seen["before delivery"] == "deferred"
    assert days.ended[THIRD] == "success"


def test_days_are_published_without_what_earlier_days_had(days: Wave, place: Place) -> None:
    assert place.dropped(FIRST) == {}
    for day in (FIRST, SECOND, THIRD):
        assert place.published(day) == place.planted(day, "new")
        assert len(place.published(day)) == 48
    for day in (SECOND, THIRD):
        exact, near = place.planted(day, "exact"), place.planted(day, "near")
        assert (len(exact), len(near)) == (8, 6)
        assert place.dropped(day) == {"exact": exact, "near": near}


def test_published_days_are_told_to_those_that_follow(airflow: Service, days: Wave, place: Place) -> None:
    events = airflow.client.asset_events(source_dag_id=DAG)
    told = {event["source_run_id"]: event["extra"] for event in events}
    for day in (FIRST, SECOND, THIRD):
        manifest = json.loads((place.edition(day) / "manifest.json").read_text())
        extra = told[days.runs[day]]
        assert extra["changes"] == [f"day={day}"]
        assert extra["workspace"] == str(place.workspace(day))
        assert (extra["documents"], extra["tokens"]) == (manifest["documents"], manifest["tokens"])


def test_all_tasks_of_a_run_share_a_trace(days: Wave, place: Place) -> None:
    traces = {day: _traces(place.workspace(day)) for day in (FIRST, SECOND)}
    assert {day: len(found) for day, found in traces.items()} == {FIRST: 1, SECOND: 1}
    assert traces[FIRST] != traces[SECOND]


def _traces(workspace: Path) -> set[str]:
    lines = map(json.loads, (workspace / "run.log.jsonl").read_text().splitlines())
    return {line["trace_id"] for line in lines}


def test_a_day_cleared_and_made_again_from_nothing_is_the_same_bytes(again: Wave, place: Place) -> None:
    assert {"ingest_source", "ingest", "dedup", "publish", "report"} <= set(again.seen["cleared"])
    assert again.ended[SECOND] == "success"
    assert len(again.seen["before"]) > 20
    assert place.bytes_of(SECOND) == again.seen["before"]


def test_a_back_fill_runs_the_days_of_its_range(again: Wave, place: Place) -> None:
    """The one behind the bad day, too: it is compared with what was published."""
    assert {day: again.ended[day] for day in (BAD, FIFTH)} == {BAD: "failed", FIFTH: "success"}
    assert place.published(FIFTH) == place.planted(FIFTH, "new")
    assert place.dropped(FIFTH) == {
        "exact": place.planted(FIFTH, "exact"),
        "near": place.planted(FIFTH, "near"),
    }


def test_a_bad_day_publishes_nothing_and_says_why(airflow: Service, again: Wave, place: Place) -> None:
    assert again.ended[BAD] == "failed"
    states = airflow.client.states(DAG, again.runs[BAD])
    assert (states["shards"], states["gates"], states["publish"]) == ("success", "failed", "upstream_failed")
    assert not place.edition(BAD).exists()
    log = airflow.client.log(DAG, again.runs[BAD], "gates")
    assert "removal" in log and "nothing is published" in log
    [gates] = [t for t in airflow.client.tasks(DAG, again.runs[BAD]) if t["task_id"] == "gates"]
    assert gates["try_number"] == 1
    told = {event["source_run_id"] for event in airflow.client.asset_events(source_dag_id=DAG)}
    assert again.runs[FIFTH] in told and again.runs[BAD] not in told


def test_a_bad_day_raises_an_alert(airflow: Service, again: Wave) -> None:
    lines = (airflow.home / "alerts.jsonl").read_text().splitlines()
    alerts = [alert for line in lines if (alert := json.loads(line))["task"] == "gates"]
    assert [alert["run"] for alert in alerts] == [again.runs[BAD]]
    assert "removal: 0.871 is above its max 0.600" in alerts[0]["reason"]


def test_the_report_of_a_stopped_day_answers_behind_its_link(airflow: Service, again: Wave) -> None:
    link = airflow.client.links(DAG, again.runs[BAD], "report")["Report"]
    assert link and "is above its max" in airflow.client.page(link)


# Pages, as a person sees them after the waves


@pytest.fixture(scope="module")
def pages(
    airflow: Service, again: Wave, browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pages]:
    with opened(airflow, browser, tmp_path_factory.mktemp("screens")) as pages:
        yield pages


def test_the_graph_shows_groups_tasks_and_how_many_sources(pages: Pages, again: Wave) -> None:
    page = pages.open(f"dags/{DAG}/runs/{again.runs[SECOND]}", "graph")
    for group in GROUPS:
        page.get_by_test_id(f"rf__node-{group}").wait_for()
    pages.picture("graph-closed")
    pages.expand()
    for task in TASKS:
        page.get_by_test_id(f"rf__node-{task}").wait_for()
    assert "[1]" in page.get_by_test_id("rf__node-ingest_source").inner_text()
    assert pages.complaints() == []
    pages.picture("graph")


def test_the_grid_shows_every_day_and_its_tasks(pages: Pages, again: Wave) -> None:
    page = pages.open(f"dags/{DAG}")
    pages.expand()
    for task in TASKS:
        page.get_by_test_id(f"task-{task}").first.wait_for()
    assert pages.complaints() == []
    pages.picture("grid")


def test_the_log_of_a_tripped_gate_names_it(pages: Pages, again: Wave) -> None:
    page = pages.open(f"dags/{DAG}/runs/{again.runs[BAD]}/tasks/gates")
    page.get_by_text("nothing is published").first.wait_for()
    assert page.get_by_text("removal").count() >= 1
    assert pages.complaints() == []
    pages.picture("log-of-gates")


def test_the_form_of_a_run_asks_for_recipe_day_and_changes(pages: Pages) -> None:
    page = pages.open(f"dags/{DAG}")
    page.get_by_test_id("trigger-dag-button").first.click()
    form = page.get_by_role("dialog").filter(has_text="Run Parameters")
    form.get_by_test_id("trigger-dag-submit").wait_for()
    shown = form.inner_text()
    for label in ("Logical Date", "Backfill", "Recipe", "Day", "Changes to the recipe", "Publish"):
        assert label in shown
    assert "daily.yaml" in " ".join([shown, *(box.input_value() for box in form.locator("input").all())])
    assert pages.complaints() == []
    pages.picture("form")
