"""What the DAG files declare, and that they parse without Spark, torch or any part of the project but two."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.dags.support import LOADED, PROBE, environment, python, write_recipe

READ = ["wait_for_input", "ingest_source", "ingest"]
STEPS = ["filter", "dedup", "passages", "decontaminate", "tokenizer", "encode", "mixture", "shards"]
PUBLICATION = ["gates", "publish"]
SPARK = {"ingest_source", "ingest", "filter", "dedup", "passages", "decontaminate", "encode", "shards"}


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("parse")
    found: dict[str, Any] = python(PROBE, environment(folder, write_recipe(folder)))
    return found


@pytest.fixture(scope="module")
def daily(parsed: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = parsed["dags"]["corpus_daily"]["tasks"]
    return found


def test_parsing_imports_the_recipe_the_airflow_room_and_nothing_heavy(parsed: dict[str, Any]) -> None:
    allowed = (
        "daybreak.recipe",
        "daybreak.airflow",
        "daybreak.cluster",
        "daybreak.secrets",
        "daybreak.errors",
        "daybreak.accounting",
        "daybreak.java",
        "daybreak.sharing",
    )
    assert [m for m in parsed["ours"] if m != "daybreak" and not m.startswith(allowed)] == []
    assert parsed["heavy"] == []


def test_there_are_four_dags_with_docs_on_each_task(parsed: dict[str, Any]) -> None:
    assert sorted(parsed["dags"]) == ["corpus_build", "corpus_daily", "tokenizer", "train"]
    for name, dag in parsed["dags"].items():
        assert len(dag["doc"]) > 100
        assert [task for task, t in dag["tasks"].items() if not t["doc"]] == [], name


def test_a_day_goes_through_all_steps_in_groups(daily: dict[str, Any]) -> None:
    order = [*READ, "filter", "earlier_days", *STEPS[1:], *PUBLICATION]
    for before, after in pairwise(order):
        assert before in daily[after]["upstream"], f"{before} before {after}"
    groups = {name: t["group"] for name, t in daily.items()}
    assert {groups[n] for n in READ} == {"read"}
    assert groups["filter"] == "clean"
    assert {groups[n] for n in ("dedup", "passages", "decontaminate", "earlier_days")} == {"duplicates"}
    assert {groups[n] for n in ("tokenizer", "encode", "mixture", "shards")} == {"tokens"}
    assert {groups[n] for n in PUBLICATION} == {"publication"}


def test_sources_are_mapped_and_steps_on_spark_have_the_pool(daily: dict[str, Any]) -> None:
    assert [n for n, t in daily.items() if t["mapped"]] == ["ingest_source"]
    assert {n for n, t in daily.items() if t["pool"] == "spark"} == SPARK
    assert {n for n, t in daily.items() if t["kind"] == "SubmitStep"} == SPARK


def test_every_task_is_retried_with_growing_waits_and_its_failure_told(daily: dict[str, Any]) -> None:
    for name, task in daily.items():
        assert (task["retries"], task["backoff"], task["alert"]) == (3, 2.0, True), name


def test_a_failed_step_fails_the_run_though_the_report_is_written(daily: dict[str, Any]) -> None:
    assert daily["report"]["rule"] == "all_done"
    assert daily["report"]["upstream"] == ["publish"]
    assert daily["done"]["rule"] == "none_failed"
    assert daily["done"]["upstream"] == ["publish", "report"]
    assert {t["rule"] for n, t in daily.items() if n not in ("report", "done")} == {"all_success"}


def test_days_follow_the_recipes_schedule(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["corpus_daily"]
    assert dag["timetable"] == "CronDataIntervalTimetable"
    assert (dag["start"][:10], dag["end"][:10], dag["catchup"], dag["active"]) == (
        "2026-01-01", "2026-01-03", True, 1,
    )  # fmt: skip
    assert dag["params"] == ["changes", "day", "publish", "recipe"]


def test_publication_ends_in_the_asset_that_training_waits_for(parsed: dict[str, Any]) -> None:
    dags = parsed["dags"]
    assert {n: t["outlets"] for n, t in dags["corpus_daily"]["tasks"].items() if t["outlets"]} == {
        "publish": ["corpus_whole"]
    }
    assert dags["train"]["timetable"] == "AssetTriggeredTimetable"
    assert dags["train"]["tasks"]["report"]["upstream"] == ["train"]
    assert dags["tokenizer"]["tasks"]["tokenizer"]["outlets"] == ["tokenizer_whole"]
    assert "encode" not in dags["tokenizer"]["tasks"]


def test_a_wrong_recipe_is_an_import_error_that_names_the_key(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "name: whole\nworkspace: {folder}\nsources: {{}}\nfilters: 1\n")
    with pytest.raises(AssertionError, match="filters: unknown key"):
        python(PROBE, environment(tmp_path, recipe))


def test_airflow_loads_and_stores_them_with_their_links(tmp_path: Path) -> None:
    loaded = python(LOADED, environment(tmp_path, write_recipe(tmp_path)))
    assert loaded["errors"] == {}
    links = loaded["links"]["corpus_daily"]
    assert links["dedup"] == {"Report": "_link_ReportLink", "Spark UI": "_link_SparkLink"}
    assert links["ingest_source"] == links["dedup"]
    assert links["gates"] == {"Report": "_link_ReportLink"}
