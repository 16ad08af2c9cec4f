"""The DAG in a real Airflow: scheduler, API server and DAG processor started here, a run triggered by REST."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daybreak import java
from tests.line.support import ROOT, digests

pytestmark = pytest.mark.slow

USER, PASSWORD = "admin", "for-tests-only"


class Airflow:
    """The REST API of the instance under test."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self._token = ""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            self._root + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def log_in(self) -> None:
        self._token = self.call("POST", "/auth/token", {"username": USER, "password": PASSWORD})[
            "access_token"
        ]

    def wait(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if ready():
                    return
            except (urllib.error.URLError, ConnectionError, KeyError, TimeoutError):
                pass
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
            time.sleep(1.0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(home: Path, port: int, recipe: Path) -> dict[str, str]:
    (home / "passwords.json").write_text(json.dumps({USER: PASSWORD}))
    return os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": "local[2]"}),
        "DAYBREAK_HOME": str(ROOT),
        "DAYBREAK_RECIPE": str(recipe),
        "PYTHONPATH": str(ROOT),
        "JAVA_HOME": str(java.home()),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


@pytest.fixture
def airflow(tmp_path: Path, small_recipe: Callable[[Path], Path]) -> Iterator[Airflow]:
    """Airflow standalone on SQLite with the project's DAG folder and the small recipe."""
    port, home = free_port(), tmp_path / "airflow"
    home.mkdir()
    environment = settings(home, port, small_recipe(tmp_path))
    with open(tmp_path / "airflow.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=environment, stdout=log, stderr=log, start_new_session=True, cwd=tmp_path,
        )  # fmt: skip
    api = Airflow(port)
    try:
        api.wait("the API server", lambda: api.log_in() is None, 180)
        yield api
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_triggered_run_is_green_and_gives_the_bytes_of_the_command_line(
    airflow: Airflow, finished: Path, tmp_path: Path
) -> None:
    dag = "/api/v2/dags/corpus_build"
    airflow.wait("the DAG", lambda: airflow.call("GET", dag)["dag_id"] == "corpus_build", 120)
    assert airflow.call("GET", "/api/v2/importErrors")["total_entries"] == 0
    run = airflow.call("POST", f"{dag}/dagRuns", {"logical_date": None})["dag_run_id"]
    place = f"{dag}/dagRuns/{run}"
    airflow.wait("the run", lambda: airflow.call("GET", place)["state"] in ("success", "failed"), 600)
    tasks = airflow.call("GET", f"{place}/taskInstances")["task_instances"]
    states = {t["task_id"]: t["state"] for t in tasks}
    assert set(states.values()) == {"success"}, states
    assert len(states) == 9
    assert digests(tmp_path / "ws") == digests(finished / "ws")
    assert (tmp_path / "ws/report/index.html").exists()
