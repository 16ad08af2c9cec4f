"""What the image of Spark starts, started here: daemons, a driver, and an executor as Kubernetes would make it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from daybreak import java
from deploy.check.files import ROOT

pytestmark = pytest.mark.slow

DOCKER = ROOT / "deploy/docker"
DRIVER = """
import sys, time
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("entry").getOrCreate()
context = spark.sparkContext
conf = context.getConf()
with open(sys.argv[1] + ".tmp", "w") as file:
    file.write("\\n".join([
        "spark://CoarseGrainedScheduler@" + conf.get("spark.driver.host") + ":" + conf.get("spark.driver.port"),
        context.applicationId,
        conf.get("spark.executorEnv.SPARK_DRIVER_POD_IP"),
        conf.get("spark.executor.extraJavaOptions"),
    ]))
import os; os.replace(sys.argv[1] + ".tmp", sys.argv[1])
print("SUM", context.parallelize(range(1000), 4).map(lambda n: n * 2).sum(), flush=True)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The image's environment: Spark's home laid out by the script that the Dockerfile runs."""
    home = tmp_path_factory.mktemp("spark") / "home"
    base = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "JAVA_HOME": str(java.home()),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
    }
    for name in ("SPARK_CONF_DIR", "PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
        base.pop(name, None)
    subprocess.run(["bash", str(DOCKER / "spark-home.sh"), str(home)], env=base, check=True)
    return base


@contextmanager
def started(log: Path, environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`entrypoint.sh ARGUMENTS` in a group of its own, which is ended at the end."""
    command = ["bash", str(DOCKER / "entrypoint.sh"), *arguments]
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=log.parent,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(true: Callable[[], bool], log: Path, seconds: float = 240) -> None:
    """Wait, and show the log where it never becomes true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
        time.sleep(0.3)


def healthy(url: str) -> bool:
    answer = subprocess.run(
        [sys.executable, str(DOCKER / "health.py")], env={**os.environ, "HEALTH_URL": url}
    )
    return answer.returncode == 0


def executor_environment(told: list[str], base: dict[str, str]) -> dict[str, str]:
    """What Spark's Kubernetes back end sets in an executor's container (org.apache.spark.deploy.k8s.Constants)."""
    options = {f"SPARK_JAVA_OPT_{number}": option for number, option in enumerate(told[3].split())}
    return base | options | {
        "SPARK_DRIVER_URL": told[0],
        "SPARK_APPLICATION_ID": told[1],
        "SPARK_EXECUTOR_ID": "7",
        "SPARK_EXECUTOR_CORES": "1",
        "SPARK_EXECUTOR_MEMORY": "512m",
        "SPARK_EXECUTOR_POD_IP": "127.0.0.1",
        "SPARK_EXECUTOR_POD_NAME": "entry-exec-7",
        "SPARK_RESOURCE_PROFILE_ID": "0",
    }  # fmt: skip


def test_a_driver_gets_its_work_done_by_an_executor_that_the_entry_point_started(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The cluster has no worker: only the executor of the image can do the work."""
    port, ui = free_port(), free_port()
    program, told = tmp_path / "program.py", tmp_path / "told"
    program.write_text(DRIVER)
    properties = tmp_path / "spark.properties"
    properties.write_text(
        f"spark.master spark://127.0.0.1:{port}\nspark.driver.host 127.0.0.1\nspark.ui.enabled false\n"
        "spark.driver.memory 512m\nspark.log.level WARN\n"
    )
    logs = {name: tmp_path / f"{name}.log" for name in ("master", "driver", "executor")}
    with ExitStack() as stack:
        address = ("--host", "127.0.0.1", "--port", str(port), "--webui-port", str(ui))
        stack.enter_context(started(logs["master"], environment, "master", *address))
        until(lambda: healthy(f"http://127.0.0.1:{ui}/json/"), logs["master"])
        at = environment | {"SPARK_DRIVER_BIND_ADDRESS": "127.0.0.1"}
        submit = ("driver", "--properties-file", str(properties), str(program), str(told))
        driver = stack.enter_context(started(logs["driver"], at, *submit))
        until(told.exists, logs["driver"])
        lines = told.read_text().splitlines()
        assert lines[2] == "127.0.0.1"
        stack.enter_context(started(logs["executor"], executor_environment(lines, environment), "executor"))
        until(lambda: driver.poll() is not None, logs["executor"])
        assert driver.returncode == 0, logs["driver"].read_text()
        assert "SUM 999000" in logs["driver"].read_text()


def test_the_history_server_answers_and_other_words_are_commands(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    events = tmp_path / "events"
    events.mkdir()
    log = tmp_path / "history.log"
    options = f"-Dspark.history.fs.logDirectory=file:{events} -Dspark.history.ui.port={port}"
    with started(log, environment | {"SPARK_HISTORY_OPTS": options}, "history"):
        until(lambda: healthy(f"http://127.0.0.1:{port}/api/v1/applications?limit=1"), log)
    assert not healthy(f"http://127.0.0.1:{port}/")
    entry = ["bash", str(DOCKER / "entrypoint.sh")]
    said = subprocess.run([*entry, "echo", "a b"], env=environment, capture_output=True, text=True)
    assert said.stdout == "a b\n"
    assert subprocess.run(entry, env=environment, capture_output=True).returncode == 2
