"""Steps as tasks: what their processes are told, and which ends are final."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from daybreak.airflow import operators
from daybreak.airflow.operators import CommandStep, SubmitStep, environment
from daybreak.airflow.request import Request
from daybreak.workspace import Workspace

RECIPE = """
name: told
workspace: {folder}/ws
min_free_gb: 0
sources: {{a: {{format: text, paths: ["{folder}/*.txt"]}}}}
tokenizer: {{vocab_size: 300}}
"""


class Instance(SimpleNamespace):
    """The task instance that a context has, as far as steps look at it."""

    states: dict[str, str]

    def get_task_states(self, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, Any]:
        return {run_ids[0]: {name: state for name, state in self.states.items() if name in task_ids}}


def context(run: str = "r1", task: str = "mixture", **states: str) -> dict[str, Any]:
    return {"ti": Instance(dag_id="corpus_daily", run_id=run, task_id=task, states=states)}


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a.txt").write_text("one")
    file = tmp_path / "told.yaml"
    file.write_text(RECIPE.format(folder=tmp_path))
    return str(file)


def step(recipe: str, name: str, *changes: str, **more: Any) -> CommandStep:
    return CommandStep(task_id=name, step=name, asked=lambda _: Request(recipe, changes), **more)


def test_all_tasks_of_a_run_have_one_trace_and_say_who_they_are() -> None:
    first, second, other = (
        environment(context(*who)) for who in (("r1", "dedup"), ("r1", "shards"), ("r2", "dedup"))
    )
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", first["TRACEPARENT"])
    assert first["TRACEPARENT"] == second["TRACEPARENT"] != other["TRACEPARENT"]
    assert first["DAYBREAK_DAG_ID"] == "corpus_daily"
    assert (first["DAYBREAK_DAG_RUN_ID"], first["DAYBREAK_TASK_ID"]) == ("r1", "dedup")


def test_a_wrong_recipe_is_final_and_another_failure_is_not(recipe: str) -> None:
    with pytest.raises(AirflowFailException):
        step(recipe, "mixture", "nonsense=1").execute(context())
    with pytest.raises(AirflowException, match="exit code 1") as caught:
        step(recipe, "mixture").execute(context())
    assert not isinstance(caught.value, AirflowFailException)
    with pytest.raises(AirflowFailException):
        step(recipe, "mixture", final=(1, 2)).execute(context())


def test_a_change_reaches_the_command_as_one_argument(recipe: str, tmp_path: Path) -> None:
    task = step(recipe, "mixture", f"tokenizer.vocab_size=300 # $(touch {tmp_path}/x); touch {tmp_path}/x")
    with pytest.raises(AirflowException, match="exit code 1"):
        task.execute(context())
    assert not (tmp_path / "x").exists()


def test_it_waits_for_a_workspace_that_is_in_use(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    free = threading.Event()

    def pause(_: float) -> None:
        tries.append(1)
        free.set()
        holder.join()

    def hold() -> None:
        with Workspace(tmp_path / "ws").locked():
            held.set()
            free.wait(timeout=120)

    (tmp_path / "ws").mkdir()
    held = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(timeout=60)
    monkeypatch.setattr(operators.time, "sleep", pause)
    with pytest.raises(AirflowException, match="needs"):
        step(recipe, "mixture").execute(context())
    assert tries == [1]


def test_a_run_without_publication_skips_it(recipe: str) -> None:
    task = CommandStep(task_id="publish", step="publish", asked=lambda _: Request(recipe, (), publish=False))
    with pytest.raises(AirflowSkipException, match="without publication"):
        task.execute(context())


def test_nothing_is_reported_where_the_tables_are_not_there(recipe: str) -> None:
    task = step(recipe, "report", after="shards")
    with pytest.raises(AirflowSkipException, match="shards did not succeed"):
        task.execute(context(shards="upstream_failed"))


def test_training_without_a_section_is_skipped(recipe: str) -> None:
    with pytest.raises(AirflowSkipException, match="no section `train`"):
        step(recipe, "train", needs_section="train").execute(context())


CLUSTERS = """
manager: {manager}
master: {master}
deploy_mode: {mode}
dist: /shared/dist
driver: {{memory: 3g}}
executors: {{cores: 2, memory: 2g, number: 3}}
conf: {{spark.speculation: true}}
"""


def placed(
    recipe: str, monkeypatch: pytest.MonkeyPatch, manager: str, master: str, mode: str, connected: str
) -> list[str]:
    """The command of a task on Spark where DAYBREAK_CLUSTER names a file, and the connection a master."""
    file = Path(recipe).with_name("cluster.yaml")
    file.write_text(CLUSTERS.format(manager=manager, master=master, mode=mode))
    monkeypatch.setenv("DAYBREAK_CLUSTER", str(file))
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps({"conn_type": "spark", "host": connected}))
    task = SubmitStep(
        task_id="dedup", step="dedup", asked=lambda _: Request(recipe, ("seed=3",)), conn_id="spark_default"
    )
    commands: list[list[str]] = []
    monkeypatch.setattr(
        SparkSubmitHook,
        "submit",
        lambda hook, application: commands.append(hook._build_spark_submit_command(application)),
    )
    task.execute(context(task="dedup"))
    return commands[0]


def test_a_cluster_file_makes_the_command_that_submit_makes(
    recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = placed(recipe, monkeypatch, "yarn", "yarn", "cluster", "yarn")
    joined = " ".join(command)
    assert command[-3:] == ["/shared/dist/jobs/run_dedup.py", "told.yaml", "seed=3"]
    for part in (
        "--deploy-mode cluster",
        "--archives /shared/dist/environment.tar.gz#environment",
        "--py-files /shared/dist/daybreak.zip",
        f"--files {recipe}",
        "--conf spark.executor.instances=3",
        "--conf spark.driver.memory=3g",
        "--conf spark.speculation=true",
        "--name daybreak told dedup",
    ):
        assert part in joined


def test_a_connection_to_another_cluster_is_refused(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowFailException, match="spark://b:7077"):
        placed(recipe, monkeypatch, "standalone", "spark://a:7077", "client", "spark://b:7077")


def test_a_standalone_clusters_cluster_mode_is_refused(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowFailException, match="client"):
        placed(recipe, monkeypatch, "standalone", "spark://a:7077", "cluster", "spark://a:7077")


def test_the_application_is_found_in_the_log_as_it_goes_by(recipe: str) -> None:
    task = SubmitStep(task_id="dedup", step="dedup", asked=lambda _: Request(recipe))
    lines = ["one", "Logging events to file:/e/local-1700000000000.zstd", "two"]
    assert list(task._watched(iter(lines))) == lines
    assert task.spark_application == "local-1700000000000"
