"""spark-submit on a real standalone cluster whose machines have Python without packages, and what `make dist` sends."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from daybreak.workspace import Workspace
from pipelines.shipping.package import build_zip
from tests.line.cluster import (
    PYTHON,
    SPARK,
    App,
    Machines,
    build_dist,
    copy_of_jobs,
    end,
    events,
    free_port,
    jobs,
    machines,
    until,
    words_of,
)
from tests.line.support import digests

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

CHANGES = ("dedup.max_driver_documents=0",)  # so few would be deduplicated in the driver's process
SPARKLESS = {"tokenizer", "mixture", "train", "report"}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of dist/ away from the checkout."""
    return copy_of_jobs(build_dist(), tmp_path_factory.mktemp("shared") / "dist")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Machines]:
    with machines(tmp_path) as found:
        yield found


def lost_in(found: list[dict[str, Any]]) -> list[str]:
    """Reasons of tasks that ended because their executor went."""
    ended = [e["Task End Reason"] for e in found if e["Event"] == "SparkListenerTaskEnd"]
    return [
        r["Reason"] for r in ended if r["Reason"] in ("ExecutorLostFailure", "FetchFailed", "Resubmitted")
    ]


def told_of(workspace: Path, steps: set[str]) -> None:
    """Drivers in the packed environment write lineage like any other, and warn of nothing."""
    lines = map(json.loads, (workspace / "lineage.jsonl").read_text().splitlines())
    done = {e["job"]["name"].removeprefix("small.") for e in lines if e["eventType"] == "COMPLETE"}
    assert steps <= done
    assert '"event": "warning"' not in (workspace / "run.log.jsonl").read_text()


def named_like_the_pipeline(cluster: Machines, steps: set[str]) -> None:
    """Every job of every step's application stands under the step, and says what it does."""
    for step in steps:
        told = jobs(events(cluster.events, f"daybreak small {step}"))
        assert told, step
        assert {group for group, _ in told} == {step}
        assert [d for _, d in told if not str(d).startswith(f"{step}: ")] == []


def test_client_mode_with_an_executor_killed_amid_a_shuffle(
    finished: Path, small_recipe: Callable[[Path], Path], tmp_path: Path, dist: Path, cluster: Machines
) -> None:
    recipe, ui = small_recipe(tmp_path), free_port()
    running = cluster.submit(dist, "all", str(recipe), *CHANGES, ui=ui)
    try:
        frozen = until(
            lambda: App(ui).freeze_amid_shuffle("dedup"), f"no shuffle seen: {cluster.said()}", running
        )
        frozen.kill()
        assert running.wait(timeout=1200) == 0, cluster.said()
    finally:
        end(running)
    assert lost_in(events(cluster.events, "daybreak small dedup"))
    assert digests(tmp_path / "ws") == digests(finished / "ws")
    named_like_the_pipeline(cluster, set(digests(tmp_path / "ws")) - SPARKLESS)
    told_of(tmp_path / "ws", set(digests(tmp_path / "ws")))
    [(_, told)] = jobs(events(cluster.events, "daybreak small ingest"))
    assert re.fullmatch(r"ingest: read \d+ units", str(told))


def test_cluster_mode_with_a_machine_lost_amid_a_stage(
    finished: Path, small_recipe: Callable[[Path], Path], tmp_path: Path, dist: Path, cluster: Machines
) -> None:
    recipe, ui = small_recipe(tmp_path), free_port()
    arguments = ["all", str(recipe), *CHANGES, "train=null", "--deploy-mode", "cluster"]
    running = cluster.submit(dist, *arguments, ui=ui)
    try:
        # the driver's machine must live: standalone drivers are not moved
        def amid() -> tuple[psutil.Process, subprocess.Popen[bytes]] | None:
            for worker in cluster.workers:
                below = {p.pid for p in psutil.Process(worker.pid).children(recursive=True)}
                drivers = [
                    p
                    for p in psutil.Process(worker.pid).children()
                    if "DriverWrapper" in " ".join(words_of(p))
                ]
                if drivers:
                    continue
                frozen = App(ui).freeze("ingest", "ingest: read", among=below)
                if frozen:
                    return frozen, worker
            return None

        frozen, worker = until(amid, f"no stage seen: {cluster.said()}", running)
        worker.kill()
        frozen.kill()
        assert running.wait(timeout=1200) == 0, cluster.said()
    finally:
        end(running)
    assert "ExecutorLostFailure" in lost_in(events(cluster.events, "daybreak small ingest"))
    expected = {step: digest for step, digest in digests(finished / "ws").items() if step != "train"}
    assert digests(tmp_path / "ws") == expected
    assert Workspace(tmp_path / "ws").manifest("report") is not None
    named_like_the_pipeline(cluster, set(expected) - SPARKLESS)
    told_of(tmp_path / "ws", set(expected))


def test_a_driver_that_fails_in_the_cluster_is_told_of(
    small_recipe: Callable[[Path], Path], tmp_path: Path, dist: Path, cluster: Machines
) -> None:
    recipe = small_recipe(tmp_path)
    running = cluster.submit(dist, "filter", str(recipe), "--deploy-mode", "cluster", ui=free_port())
    assert running.wait(timeout=600) == 1, cluster.said()
    said = cluster.said()
    assert "filter is not done" in said
    assert "filter needs ingest, which is not up to date" in said


def test_spark_itself_refuses_python_in_a_standalone_clusters_cluster_mode(tmp_path: Path) -> None:
    """Why PythonRunner is submitted as a program of its own; when this fails, that detour can go."""
    (tmp_path / "job.py").write_text("")
    command = [
        str(SPARK / "bin/spark-submit"),
        "--master",
        "spark://127.0.0.1:1",
        "--deploy-mode",
        "cluster",
        "job.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode != 0
    assert "not supported for python applications on standalone clusters" in done.stderr


def test_packed_environment_runs_kernels_from_the_zip_without_a_home(dist: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "xzf", str(dist / "environment.tar.gz"), "-C", str(tmp_path)], check=True)
    probe = (
        "import importlib.util as u, json, sys; "
        "from pipelines.kernels.compile import cache_folder, kernel; "
        "from pipelines.registry import STEPS; import pipelines.report.page; "
        "absent = [n for n in ('airflow', 'pytest', 'torch', 'pyspark') if u.find_spec(n)]; "
        "print(json.dumps([absent, str(cache_folder()), sys.modules['pipelines'].__file__, sys.base_prefix]))"
    )
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/dev/null",
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(dist / "daybreak.zip"),
    }
    done = subprocess.run(
        [str(tmp_path / "bin/python"), "-c", probe],
        cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    absent, cache, module, base = json.loads(done.stdout)
    assert absent == []
    assert cache == str(tmp_path / f"daybreak-{os.getuid()}/daybreak-kernels")
    assert module.startswith(str(dist / "daybreak.zip"))
    assert base == str(PYTHON.parents[1])


def test_a_machines_own_python_has_nothing_of_ours() -> None:
    names = ("pyarrow", "numba", "pipelines", "daybreak")
    probe = f"import importlib.util as u; print([n for n in {names} if u.find_spec(n)])"
    done = subprocess.run([str(PYTHON), "-I", "-c", probe], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_zip_is_the_same_every_time(tmp_path: Path) -> None:
    assert build_zip(tmp_path / "a.zip").read_bytes() == build_zip(tmp_path / "b.zip").read_bytes()
