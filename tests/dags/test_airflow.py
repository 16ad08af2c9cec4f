"""The DAG of a whole corpus in a real Airflow, and the training that its asset starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dags.airflow_service import Service, running
from tests.line.support import digests

pytestmark = pytest.mark.slow
STEPS = ["ingest", "filter", "dedup", "tokenizer", "encode", "mixture", "shards"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def airflow(place: Path, small_recipe: Callable[[Path], Path]) -> Iterator[Service]:
    """Airflow with the project's DAG folder and the small recipe."""
    with running(place / "airflow", {"DAYBREAK_RECIPE": str(small_recipe(place))}) as service:
        yield service


@pytest.fixture(scope="module")
def built(airflow: Service) -> str:
    """The id of a run of corpus_build that has ended."""
    client = airflow.client
    client.wait_for_dag("corpus_build")
    client.wait_for_dag("train")
    run = client.trigger("corpus_build")
    client.wait_for_run("corpus_build", run, 850)
    return run


@pytest.fixture(scope="module")
def trained(airflow: Service, built: str) -> dict[str, Any]:
    """The run of train that the corpus started, ended."""
    client = airflow.client
    [run] = client.wait("a run of train", lambda: client.runs("train"), 60)
    client.wait_for_run("train", run["dag_run_id"])
    return client.run("train", run["dag_run_id"])


@pytest.mark.timeout(1200)
def test_a_triggered_run_is_green_and_reads_each_source_in_a_task_of_its_own(
    airflow: Service, built: str
) -> None:
    states = airflow.client.states("corpus_build", built)
    assert set(states.values()) == {"success"}, states
    assert [name for name in STEPS if name not in states] == []
    sources = [t for t in airflow.client.tasks("corpus_build", built) if t["task_id"] == "ingest_source"]
    assert {t["rendered_map_index"] for t in sources} == {
        *("commoncrawl", "wet", "c4", "pile", "openwebtext", "oscar", "refinedweb")
    }


def test_the_corpus_starts_the_training_on_itself(
    airflow: Service, built: str, trained: dict[str, Any], place: Path
) -> None:
    assert trained["state"] == "success", airflow.client.states("train", trained["dag_run_id"])
    assert trained["run_type"] == "asset_triggered"
    [event] = airflow.client.asset_events(source_dag_id="corpus_build", source_run_id=built)
    assert event["extra"]["recipe"] == str(place / "small.yaml")
    assert event["extra"]["workspace"] == str(place / "ws")
    assert event["extra"]["documents"] > 0 and event["extra"]["tokens"] > 0


def test_corpus_and_model_are_the_bytes_of_the_command_line(
    trained: dict[str, Any], finished: Path, place: Path
) -> None:
    assert digests(place / "ws") == digests(finished / "ws")
    assert list((place / "ws/train").glob("*/model/*.safetensors"))


def test_the_training_links_its_report(airflow: Service, trained: dict[str, Any]) -> None:
    link = airflow.client.links("train", trained["dag_run_id"], "report")["Report"]
    assert link and link.startswith(airflow.root)
    page = airflow.client.page(link)
    assert "Final loss" in page
