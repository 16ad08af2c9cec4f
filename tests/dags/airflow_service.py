"""A real Airflow for tests: its components as `daybreak airflow` starts them, each of which a test can kill."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from daybreak.cli.airflow import USER, password_of, settings
from daybreak.cli.airflow_processes import Process, Start
from daybreak.cli.airflow_processes import running as processes
from tests.dags.airflow_client import Client

# Without servers of logs: the API server reads the files, and no fixed port is taken.
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
START_SECONDS = 300
# Three tasks at once; what a dead scheduler left is looked for every ten seconds.
QUICK = {
    "AIRFLOW__CORE__PARALLELISM": "3",
    "AIRFLOW__CORE__FERNET_KEY": "",
    "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of these tests alone, of more than 64 letters, kept by no one",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": "local[2]"}),
    "SPARK_LOCAL_IP": "127.0.0.1",
}


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """The components of one Airflow. `home` is its AIRFLOW_HOME; `client` asks its API as the one user."""

    def __init__(self, home: Path, port: int, password: str, start: Start) -> None:
        self.home, self.root = home, f"http://127.0.0.1:{port}"
        self.user, self.password = USER, password
        self.client = Client(self.root, USER, password)
        self._start = start
        self._parts: dict[str, Process] = {}

    def start(self) -> None:
        """Make the database, start every component, and wait until all are healthy."""
        assert self._start([sys.executable, "-m", "airflow", "db", "migrate"]).wait(START_SECONDS) == 0
        self.begin("api-server")
        self.client.wait("the API server", self.client.log_in, START_SECONDS)
        for name in ("scheduler", "dag-processor", "triggerer"):
            self.begin(name)
        self.client.wait("healthy components", self._healthy, START_SECONDS)

    def begin(self, name: str) -> None:
        """Start one component, which is not running."""
        self._parts[name] = self._start([sys.executable, "-m", "airflow", *COMPONENTS[name]])

    def kill(self, name: str) -> None:
        """SIGKILL to the process of one component: its children live on, as after the kernel's memory killer."""
        process = self._parts.pop(name)
        process.kill()
        process.wait()

    def log(self) -> str:
        """What all components wrote to their standard output and error."""
        return (self.home / "airflow.log").read_text(errors="replace")

    def _healthy(self) -> bool:
        parts = self.client.get("monitor/health")
        return all(parts[p]["status"] == "healthy" for p in ("scheduler", "dag_processor", "triggerer"))


@contextmanager
def running(home: Path, more: Mapping[str, str]) -> Iterator[Service]:
    """A started Airflow with `more` in its environment; it and all that it started end whatever happens."""
    home.mkdir(parents=True)
    port, password = free_port(), password_of(home / "passwords.json")
    environment = settings(home, port) | QUICK | more
    with processes(environment, home / "airflow.log") as start:
        service = Service(home, port, password, start)
        service.start()
        yield service
