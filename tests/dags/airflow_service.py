"""A real Airflow for tests: its four components as processes of their own, on SQLite, with the LocalExecutor.

Each component leads a process group, so a test can kill the scheduler alone and start it again. Whatever of
ours is left at the end, tasks and their JVMs included, is found by its AIRFLOW_HOME and ended by process id.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from daybreak import java
from tests.dags.airflow_client import Client
from tests.line.support import ROOT

USER, PASSWORD = "admin", "for-tests-only"
# Without a server of logs: the API server reads the files, and no fixed port is taken.
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
START_SECONDS = 240


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(home: Path, port: int) -> dict[str, str]:
    """What the components need: own home and port, few workers, short intervals."""
    (home / "passwords.json").write_text(json.dumps({USER: PASSWORD}))
    airflow = {
        "CORE__DAGS_FOLDER": ROOT / "dags",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__PARALLELISM": 3,
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": home / "passwords.json",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "API__PORT": port,
        "API__HOST": "127.0.0.1",
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__SECRET_KEY": secrets.token_hex(16),
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": 1,
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 10,
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": 30,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 60,
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    return {f"AIRFLOW__{key}": str(value) for key, value in airflow.items()} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": "local[2]"}),
        "DAYBREAK_HOME": str(ROOT),
        "PYTHONPATH": str(ROOT),
        "JAVA_HOME": str(java.home()),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


class Service:
    """The components of one Airflow below `home`."""

    def __init__(self, home: Path, more: Mapping[str, str]) -> None:
        home.mkdir(parents=True)
        self.home, self.port = home, free_port()
        self.environment = {**os.environ, **settings(home, self.port), **more}
        self.client = Client(f"http://127.0.0.1:{self.port}", USER, PASSWORD)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Make the database, start every component, and wait until all are healthy."""
        self._airflow(["db", "migrate"], "migrate").wait(timeout=START_SECONDS)
        for name in COMPONENTS:
            self.start_component(name)
        self.client.wait("the API server", self.client.log_in, START_SECONDS)
        self.client.wait("healthy components", self._healthy, START_SECONDS)

    def start_component(self, name: str) -> None:
        """Start one component, which must not be running."""
        self._processes[name] = self._airflow(COMPONENTS[name], name)

    def kill_component(self, name: str) -> None:
        """SIGKILL to the process of one component: its children live on, as after the kernel's memory killer."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End the components, then everything else that was started under this home."""
        for process in self._processes.values():
            process.terminate()
        psutil.wait_procs([psutil.Process(p.pid) for p in self._processes.values() if p.poll() is None], 10)
        while left := list(self._ours()):
            for one in left:
                one.kill()
            psutil.wait_procs(left, timeout=10)
        for process in self._processes.values():
            process.wait(timeout=30)

    def log(self, component: str) -> str:
        """What a component wrote to its standard output and error."""
        return (self.home / f"{component}.log").read_text(errors="replace")

    def _airflow(self, arguments: list[str], name: str) -> subprocess.Popen[bytes]:
        with open(self.home / f"{name}.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "airflow", *arguments],
                env=self.environment, stdout=log, stderr=log, cwd=self.home, start_new_session=True,
            )  # fmt: skip

    def _healthy(self) -> bool:
        parts = self.client.get("monitor/health")
        return all(parts[p]["status"] == "healthy" for p in ("scheduler", "dag_processor", "triggerer"))

    def _ours(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                if process.environ().get("AIRFLOW_HOME") == str(self.home):
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue


@contextmanager
def running(home: Path, more: Mapping[str, str]) -> Iterator[Service]:
    """A started Airflow with `more` in its environment; ended whatever happens."""
    service = Service(home, more)
    try:
        service.start()
        yield service
    finally:
        service.stop()
