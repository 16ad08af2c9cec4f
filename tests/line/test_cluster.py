"""spark-submit on a real standalone cluster whose worker has libraries, and of the project only the zip."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pyspark
import pytest

from daybreak import java
from pipelines.package import build_zip
from tests.line.support import ROOT, digests

pytestmark = pytest.mark.slow

BIN = Path(pyspark.__file__).parent / "bin"


def bare_environment() -> dict[str, str]:
    """This environment without what would lead an interpreter to the checkout."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SPARK_HOME")}


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that sees the installed libraries but not the project, which is linked by a .pth file."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    python = folder / "bin/python"
    probe = "import importlib.util as u; print(u.find_spec('pyarrow') is not None, u.find_spec('pipelines') is None)"
    answer = subprocess.run(
        [str(python), "-c", probe],
        capture_output=True, text=True, cwd=folder, check=True, env=bare_environment(),
    )  # fmt: skip
    assert answer.stdout.split() == ["True", "True"]
    return python


@pytest.fixture(scope="module")
def environment(bare_python: Path) -> dict[str, str]:
    return bare_environment() | {
        "JAVA_HOME": str(java.home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(bare_python),
        "PYSPARK_DRIVER_PYTHON": str(bare_python),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 120
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def start(
    name: str, arguments: list[str], folder: Path, environment: dict[str, str], number: int = 0
) -> subprocess.Popen[bytes]:
    with open(folder / f"{name}-{number}.log", "wb") as log:
        command = [str(BIN / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )


@pytest.fixture(scope="module")
def master_url(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[str]:
    """A master and two workers of one core each."""
    folder, port = tmp_path_factory.mktemp("cluster"), free_port()
    url = f"spark://127.0.0.1:{port}"
    master = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    worker = ["--host", "127.0.0.1", "--cores", "1", "--memory", "3g", "--webui-port", "0", url]
    processes = [start("master.Master", master, folder, environment)]
    try:
        wait_for(folder / "master.Master-0.log", "I have been elected leader")
        for number in (1, 2):
            place = ["--work-dir", str(folder / f"work-{number}"), *worker]
            processes.append(start("worker.Worker", place, folder, environment, number))
            wait_for(folder / f"worker.Worker-{number}.log", "Successfully registered with master")
        yield url
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def test_jobs_on_a_cluster_give_the_bytes_of_a_local_run(
    finished: Path,
    small_recipe: Callable[[Path], Path],
    tmp_path: Path,
    master_url: str,
    environment: dict[str, str],
) -> None:
    recipe = small_recipe(tmp_path)
    archive = build_zip(tmp_path / "daybreak.zip")
    for step in ("ingest", "filter", "dedup"):
        job = tmp_path / f"run_{step}.py"
        shutil.copy(ROOT / "jobs" / job.name, job)
        command = [str(BIN / "spark-submit"), "--master", master_url, "--py-files", str(archive)]
        command += ["--executor-memory", "2g", "--driver-memory", "1g", str(job), str(recipe)]
        command += ["dedup.max_driver_documents=0"]  # so few would be deduplicated in the driver's process
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    expected = digests(finished / "ws")
    assert digests(tmp_path / "ws") == {step: expected[step] for step in ("dedup", "filter", "ingest")}


def test_the_zip_is_the_same_every_time(tmp_path: Path) -> None:
    assert build_zip(tmp_path / "a.zip").read_bytes() == build_zip(tmp_path / "b.zip").read_bytes()
