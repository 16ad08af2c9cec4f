"""`daybreak airflow`: its password, its settings, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from daybreak.cli.airflow import password_of, settings
from daybreak.cli.airflow_processes import MARK
from daybreak.cli.airflow_spark import write_settings
from tests.dags.support import ROOT

SERVED = """
import sys, time
from pathlib import Path
from daybreak.cli.airflow_processes import running
child = "trap '' TERM; setsid sh -c 'trap : TERM; sleep 300; sleep 300' & echo $! > child; sleep 300"
with running({"PATH": "/usr/bin:/bin"}, Path("log").absolute(), patience=1) as start:
    start(["sh", "-c", child])
    print("ready", flush=True)
    time.sleep(300)
"""


def test_the_password_is_made_once_and_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    password = password_of(file)
    assert len(password) >= 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password_of(file) == password
    assert password_of(tmp_path / "other.json") != password


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    environment = settings(tmp_path, 18080) | write_settings(tmp_path, 18081)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:18080/execution/"
    assert environment["SPARK_LOCAL_IP"] == "127.0.0.1"
    defaults = (tmp_path / "spark/spark-defaults.conf").read_text()
    assert "spark.history.ui.port 18081" in defaults
    assert f"spark.eventLog.dir file://{tmp_path}/spark-events" in defaults


def test_what_the_user_set_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", "spark://cluster:7077")
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "9")
    environment = settings(tmp_path, 18080)
    assert environment["AIRFLOW_CONN_SPARK_DEFAULT"] == "spark://cluster:7077"
    assert environment["AIRFLOW__CORE__PARALLELISM"] == "9"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_it_not_even_what_left_its_group(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVED], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 60
    # its number may be written while it becomes another program, with no environment for a moment
    while (mark := _mark_of_child(tmp_path / "child")) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(timeout=60) == 0
    left = [p for p in psutil.process_iter() if _mark(p) == mark]
    assert left == []


def _mark_of_child(file: Path) -> str | None:
    text = file.read_text() if file.exists() else ""
    return _mark(psutil.Process(int(text))) if text.endswith("\n") else None


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None
