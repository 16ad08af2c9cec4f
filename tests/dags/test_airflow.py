"""The DAG of a whole corpus in a real Airflow, triggered by REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dags.airflow_service import Service, running
from tests.line.support import digests

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def airflow(place: Path, small_recipe: Callable[[Path], Path]) -> Iterator[Service]:
    """Airflow with the project's DAG folder and the small recipe."""
    with running(place / "airflow", {"DAYBREAK_RECIPE": str(small_recipe(place))}) as service:
        yield service


def test_a_triggered_run_is_green_and_gives_the_bytes_of_the_command_line(
    airflow: Service, finished: Path, place: Path
) -> None:
    client = airflow.client
    client.wait_for_dag("corpus_build")
    run = client.trigger("corpus_build")
    assert client.wait_for_run("corpus_build", run) == "success", client.states("corpus_build", run)
    assert len(client.tasks("corpus_build", run)) == 9
    assert digests(place / "ws") == digests(finished / "ws")
    assert (place / "ws/report/index.html").exists()
