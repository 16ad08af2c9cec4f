"""`daybreak airflow`: a whole Airflow on this machine, for trying the DAGs: SQLite, local executor, local Spark."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import time
from pathlib import Path

from daybreak import java
from daybreak.airflow.home import home
from daybreak.cli.airflow_api import Api
from daybreak.cli.airflow_processes import Process, Start, running
from daybreak.cli.airflow_spark import history_server, write_settings
from daybreak.errors import DaybreakError

USER = "admin"
PASSWORDS = "passwords.json"
START_SECONDS = 300
SPARK_SLOTS = 2


def serve(place: Path, port: int, slots: int = SPARK_SLOTS) -> int:
    """Start everything, print address, user and password, and stay until Ctrl-C or SIGTERM; then end all of it."""
    place = place.absolute()
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    password, log = password_of(place / PASSWORDS), place / "airflow.log"
    environment = settings(place, port) | write_settings(place, port + 1)
    with running(environment, log) as start:
        parts = _start_all(start, Api(f"http://127.0.0.1:{port}"), password, slots, log)
        print(f"Airflow  http://127.0.0.1:{port}\nuser     {USER}")
        print(f"password {password}   (kept in {place / PASSWORDS})")
        print(f"Spark    {environment['DAYBREAK_SPARK_HISTORY']}\nlog      {log}\nCtrl-C ends it", flush=True)
        while not (ended := [name for name, process in parts.items() if process.poll() is not None]):
            time.sleep(1.0)
        raise DaybreakError(f"{', '.join(ended)} ended by itself; its log is {log}")
    return 0


def _start_all(start: Start, api: Api, password: str, slots: int, log: Path) -> dict[str, Process]:
    """Start the API server before the scheduler: a task that cannot reach it fails.

    (`airflow standalone` starts all at once, and loses the first task of a schedule that is due.)
    """
    airflow = [sys.executable, "-m", "airflow"]
    if start([*airflow, "db", "migrate"]).wait():
        raise DaybreakError(f"Airflow's database could not be made; its log is {log}")
    parts = {"api-server": start([*airflow, "api-server"]), "Spark's history server": start(history_server())}
    _until_ready(parts["api-server"], api, password, log)
    api.make_pool("spark", slots, "Steps on Spark at once")
    return parts | {name: start([*airflow, name]) for name in ("scheduler", "dag-processor", "triggerer")}


def settings(place: Path, port: int) -> dict[str, str]:
    """The environment of all processes. What the user set already is left alone, but for what holds it together."""
    root = home()
    own = {
        "AIRFLOW_HOME": str(place),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(place / PASSWORDS),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "DAYBREAK_HOME": str(root),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    # By default a process waits five seconds for its turn to write: too few for the API on a machine at full load.
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{place.absolute()}/airflow.db?timeout=60"}
    return {**DEFAULTS, **database, "JAVA_HOME": str(java.home() or ""), **os.environ, **own}


DEFAULTS = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": "local[2]"}),
    "PYSPARK_PYTHON": sys.executable,
    "PYSPARK_DRIVER_PYTHON": sys.executable,
}
"""Few processes, and DAG files looked at twice a minute; DAGs are on, for none but the daily one has a schedule."""


def password_of(file: Path) -> str:
    """The password of the user, made once; the file is its owner's alone from the beginning."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump({USER: secrets.token_urlsafe(15)}, out)
    file.chmod(0o600)
    return str(json.loads(file.read_text())[USER])


def _until_ready(process: Process, api: Api, password: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not api.log_in(USER, password):
        if process.poll() is not None or time.monotonic() > deadline:
            raise DaybreakError(f"Airflow did not start; its log is {log}")
        time.sleep(1.0)
