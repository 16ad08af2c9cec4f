"""A real standalone cluster whose machines have the system's Python and what `make dist` packed; ways to hurt it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyspark
import yaml

from daybreak import java, sharing
from pipelines.kernels.compile import cache_folder
from tests.line.support import ROOT

SPARK = Path(pyspark.__file__).parent
PATIENCE = 600
"""Seconds to wait for something that takes a few on a quiet machine."""
TIDY = " ".join(f"-Dspark.worker.cleanup.{key}" for key in ("enabled=true", "interval=30", "appDataTtl=180"))
"""Each application unpacks the environment for each of its executors; left there, one build filled 13 GB.
Not sooner: the folder of a driver in the cluster counts as unused, however long it has to go."""
PREFIX = Path("/usr") if Path("/usr/bin/python3.11").exists() else Path(sys.base_prefix)
PYTHON = PREFIX / "bin/python3.11"


def build_dist() -> Path:
    """What `make dist` writes; the environment is packed anew only where the lock has changed."""
    command = [
        "make",
        "-o",
        ".venv/.installed",
        f"PYTHON={sys.executable}",
        f"WORKER_PYTHON={PREFIX}",
        "dist",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "dist"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Any], why: str, alive: subprocess.Popen[str] | None = None) -> Any:
    """The first answer that is not nothing; fails when patience ends, or the process that it is about."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, why
        assert alive is None or alive.poll() is None, f"{why}: the process ended before"
        time.sleep(0.05)
    return found


def bare_environment(folder: Path) -> dict[str, str]:
    """A machine's variables: nothing leads to the checkout or its environment. Machine code is shared, to save time."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "SPARK_HOME": str(SPARK),
        "JAVA_HOME": str(java.home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_OPTS": TIDY,
        "JDK_JAVA_OPTIONS": sharing.options(),
        "NUMBA_CACHE_DIR": str((cache_folder() or folder / "kernels").parent),
    }


@dataclass(frozen=True)
class Machines:
    """A master and its workers."""

    url: str
    folder: Path
    workers: list[subprocess.Popen[bytes]]

    def settings(self, dist: Path) -> Path:
        """conf/spark/standalone.yaml for machines as small as these."""
        content = yaml.safe_load((ROOT / "conf/spark/standalone.yaml").read_text())
        content["dist"] = str(dist)
        content["driver"] = {"cores": 1, "memory": "1g"}
        content["executors"] = {"cores": 1, "memory": "1g", "least": 0, "most": 2}
        content["environment"] = {"python": str(PYTHON)}
        content["conf"] |= {
            "spark.sql.shuffle.partitions": 8,
            "spark.eventLog.compress": False,
            "spark.eventLog.rolling.enabled": False,
        }
        file = self.folder / "cluster.yaml"
        file.write_text(yaml.safe_dump(content))
        return file

    @property
    def events(self) -> Path:
        """The folder of event logs."""
        return self.folder / "events"

    def submit(self, dist: Path, *arguments: str, ui: int) -> subprocess.Popen[str]:
        """`daybreak submit` on these machines."""
        command = [
            sys.executable,
            "-m",
            "daybreak",
            "submit",
            *arguments,
            "--cluster",
            str(self.settings(dist)),
        ]
        command += ["--conf", f"spark.ui.port={ui}"]
        known = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SPARK_HOME")}
        known |= {
            "SPARK_MASTER_URL": self.url,
            "SPARK_EVENTS": f"file://{self.events}",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_HOME": str(SPARK),
        }
        with open(self.folder / "submit.log", "a") as log:
            return subprocess.Popen(command, cwd=ROOT, env=known, stdout=log, stderr=log, text=True)

    def said(self) -> str:
        """The end of what submissions and drivers printed."""
        files = [self.folder / "submit.log", *sorted(self.folder.glob("work-*/driver-*/std*"))]
        return "\n".join(f"{file.name}: {file.read_text()[-3000:]}" for file in files)


@contextmanager
def machines(folder: Path, number: int = 2) -> Iterator[Machines]:
    """A cluster for the time of the body; its processes end with it."""
    environment, port = bare_environment(folder), free_port()
    (folder / "events").mkdir()
    url = f"spark://127.0.0.1:{port}"
    master = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    worker = ["--host", "127.0.0.1", "--cores", "2", "--memory", "3g", "--webui-port", "0", url]
    started = [_start("master.Master", master, folder / "master.log", environment)]
    try:
        _wait_for(folder / "master.log", "I have been elected leader")
        for n in range(number):
            place = ["--work-dir", str(folder / f"work-{n}"), *worker]
            started.append(_start("worker.Worker", place, folder / f"worker-{n}.log", environment))
            _wait_for(folder / f"worker-{n}.log", "Successfully registered with master")
        yield Machines(url, folder, started[1:])
    finally:
        for process in started:
            end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """Kill a process and all that it started."""
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    for each in below:
        each.kill() if each.is_running() else None
    process.kill()
    process.wait(timeout=60)


def _start(
    name: str, arguments: list[str], log: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    command = [str(SPARK / "bin/spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
    with open(log, "wb") as out:
        return subprocess.Popen(command, cwd=log.parent, env=environment, stdout=out, stderr=out)


def _wait_for(log: Path, text: str) -> None:
    until(lambda: text in log.read_text(), f"{log} does not say: {text}")


@dataclass(frozen=True)
class App:
    """A running application, by its REST interface."""

    port: int

    def ask(self, what: str) -> list[dict[str, Any]]:
        """The answer; nothing while there is no application, or it starts or ends."""
        try:
            base = f"http://127.0.0.1:{self.port}/api/v1/applications"
            application = self._get(base)[0]["id"]
            found: list[dict[str, Any]] = self._get(f"{base}/{application}/{what}")
        except (OSError, ValueError, IndexError):
            return []
        return found

    def _get(self, url: str) -> Any:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def busy(self, group: str, description: str, stages: int) -> list[str]:
        """Executors with a task at work, while a job of that kind runs that has finished so many stages."""
        running = [
            job
            for job in self.ask("jobs?status=running")
            if job.get("jobGroup") == group
            and job.get("description", "").startswith(description)
            and job["numCompletedStages"] >= stages
            and job["numActiveTasks"] > 0
        ]
        return (
            [e["id"] for e in self.ask("executors") if e["activeTasks"] > 0 and e["id"] != "driver"]
            if running
            else []
        )

    def freeze(
        self, group: str, description: str, stages: int = 0, among: set[int] | None = None
    ) -> psutil.Process | None:
        """An executor (of those processes) stopped amid a task of such a job: nothing goes on before it is killed."""
        for number in self.busy(group, description, stages):
            process = executor(self.port, number)
            if process is None or (among is not None and process.pid not in among):
                continue
            process.send_signal(signal.SIGSTOP)
            if number in self.busy(group, description, stages):
                return process
            process.send_signal(signal.SIGCONT)
        return None

    def freeze_amid_shuffle(self, group: str) -> psutil.Process | None:
        """An executor that holds shuffle output of a group's running job, stopped, and with a task that waits there."""
        if not any(job.get("jobGroup") == group for job in self.ask("jobs?status=running")):
            return None
        holders = [e["id"] for e in self.ask("executors") if e["id"] != "driver" and e["totalShuffleWrite"]]
        for number in holders:
            if process := executor(self.port, number):
                process.send_signal(signal.SIGSTOP)
                if self._waits_on(number):
                    return process
                process.send_signal(signal.SIGCONT)
        return None

    def _waits_on(self, number: str, seconds: float = 20.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(e["id"] == number and e["activeTasks"] for e in self.ask("executors")):
                return True
            time.sleep(0.1)
        return False


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing of one that has ended meanwhile."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def executor(ui: int, number: str) -> psutil.Process | None:
    """The process of an executor of the application whose page has that port."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        ours = f"-Dspark.ui.port={ui}" in words and "--executor-id" in words
        if ours and words[words.index("--executor-id") + 1] == number:
            return process
    return None


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    """The events of the application of that name."""
    for file in sorted(folder.iterdir()):
        found = [json.loads(line) for line in file.read_text().splitlines()]
        if any(e.get("App Name") == name for e in found):
            return found
    raise AssertionError(f"no application {name!r} in {[f.name for f in folder.iterdir()]}")


def jobs(found: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    """Group and description of each job."""
    started = [e["Properties"] for e in found if e["Event"] == "SparkListenerJobStart"]
    return [(p.get("spark.jobGroup.id"), p.get("spark.job.description")) for p in started]


def copy_of_jobs(dist: Path, target: Path) -> Path:
    """dist/ without the checkout around it."""
    target.mkdir()
    for name in ("daybreak.zip", "driver.jar"):
        shutil.copy(dist / name, target)
    os.link(dist / "environment.tar.gz", target / "environment.tar.gz")
    shutil.copytree(dist / "jobs", target / "jobs")
    return target
