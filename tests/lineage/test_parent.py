"""The parent facet names the scheduler's task as Airflow's provider does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.lineage.parent import parent_facet

TASK = {
    "DAYBREAK_DAG_ID": "corpus_daily",
    "DAYBREAK_TASK_ID": "filter",
    "DAYBREAK_DAG_RUN_ID": "scheduled__2026-01-03T00:00:00+00:00",
    "AIRFLOW_CTX_LOGICAL_DATE": "2026-01-02T00:00:00+00:00",
    "AIRFLOW_CTX_TRY_NUMBER": "2",
}
PROVIDER = """
import datetime, json
from airflow.providers.openlineage.utils.utils import build_dag_run_ol_run_id, build_task_instance_ol_run_id
date = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
task = build_task_instance_ol_run_id(
    dag_id="corpus_daily", task_id="filter", try_number=2, logical_date=date, map_index=-1)
run = build_dag_run_ol_run_id(dag_id="corpus_daily", logical_date=date, clear_number=0)
print(json.dumps([task, run]))
"""


@pytest.mark.slow
def test_run_ids_are_those_that_the_provider_computes(tmp_path: Path) -> None:
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__OPENLINEAGE__NAMESPACE": "here"}
    told = subprocess.run(
        [sys.executable, "-c", PROVIDER],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    task, run = json.loads(told.stdout.splitlines()[-1])
    facet = parent_facet({**TASK, "AIRFLOW__OPENLINEAGE__NAMESPACE": "here"}, {})
    assert facet is not None and facet.root is not None
    assert (facet.run.runId, facet.job.namespace, facet.job.name) == (task, "here", "corpus_daily.filter")
    assert (facet.root.run.runId, facet.root.job.name) == (run, "corpus_daily")


def test_a_run_without_logical_date_is_named_by_the_time_in_its_id() -> None:
    dated = parent_facet(TASK, {})
    without = {k: v for k, v in TASK.items() if k != "AIRFLOW_CTX_LOGICAL_DATE"}
    triggered = {**without, "DAYBREAK_DAG_RUN_ID": "asset_triggered__2026-01-02T00:00:00+00:00_aBcD1234"}
    assert parent_facet(triggered, {}) == dated is not None


def test_ids_that_the_scheduler_states_win_over_computed_ones_and_sparks_over_both() -> None:
    number = "019b7e0a-0000-7000-8000-000000000001"
    stated = {**TASK, "OPENLINEAGE_PARENT_ID": f"ns/with/slash/corpus_daily.filter/{number}"}
    facet = parent_facet(stated, {})
    assert facet is not None and (facet.job.namespace, facet.run.runId) == ("ns/with/slash", number)
    other = "019b7e0a-0000-7000-8000-000000000002"
    spark = {
        "spark.openlineage.parentJobNamespace": "default",
        "spark.openlineage.parentJobName": "corpus_daily.filter",
        "spark.openlineage.parentRunId": other,
    }
    facet = parent_facet(stated, spark)
    assert facet is not None and facet.run.runId == other


@pytest.mark.parametrize("missing", ["DAYBREAK_DAG_ID", "DAYBREAK_TASK_ID"])
def test_without_a_scheduler_there_is_no_parent(missing: str) -> None:
    assert parent_facet({k: v for k, v in TASK.items() if k != missing}, {}) is None
    assert (
        parent_facet({"DAYBREAK_DAG_ID": "a", "DAYBREAK_TASK_ID": "b", "DAYBREAK_DAG_RUN_ID": "by hand"}, {})
        is None
    )
