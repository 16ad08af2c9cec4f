"""Spark's classes are shared by the JVMs that start in one environment, and nothing else changes for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daybreak import java, sharing
from tests.line.support import ROOT

HOME = Path("/somewhere/java")


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


def made(home: Path) -> Path:
    archive = sharing.place(home)
    archive.parent.mkdir(parents=True)
    archive.touch()
    return archive


def test_without_an_archive_nothing_is_said(prefix: Path) -> None:
    assert sharing.options(HOME) == ""
    assert sharing.variables({}, HOME) == {}


def test_an_archive_stands_in_the_environment_for_one_java(prefix: Path) -> None:
    archive = made(HOME)
    assert archive.is_relative_to(prefix)
    assert f"-XX:SharedArchiveFile={archive} -Xshare:auto" in sharing.options(HOME)
    assert sharing.options(Path("/another/java")) == ""


def test_the_users_own_options_stay(prefix: Path) -> None:
    made(HOME)
    found = sharing.variables({"SPARK_SUBMIT_OPTS": "-Dmine=1"}, HOME)
    assert found["SPARK_SUBMIT_OPTS"].startswith("-Dmine=1 -XX:SharedArchiveFile=")
    assert sharing.variables({"SPARK_SUBMIT_OPTS": "-XX:ArchiveClassesAtExit=x"}, HOME) == {}
    assert sharing.variables({"SPARK_SUBMIT_OPTS": "-Xshare:off"}, HOME) == {}


@pytest.mark.slow
def test_a_session_takes_its_classes_from_the_archive(tmp_path: Path) -> None:
    """Made in an environment of its own, whose sessions then say where each class comes from."""
    home = java.home()
    if home is None or (java.version(home / "bin/java") or 0) > sharing.NEWEST:
        pytest.skip("this Java cannot share Spark's classes")
    (tmp_path / "classes").mkdir()
    here = f"import sys; sys.prefix = {str(tmp_path)!r}; "
    run(here + "from pipelines.spark.sharing import make; assert make()")
    run(
        here + "import os; os.environ['SPARK_SUBMIT_OPTS'] = '-Xlog:class+load:file=classes/%p.log'; "
        "from daybreak.recipe import Recipe; from pipelines.spark.session import start; "
        "recipe = Recipe(name='x', workspace='.', sources={'a': {'format': 'jsonl', 'paths': ['a']}}); "
        "assert start(recipe, 'x').range(7).count() == 7",
        tmp_path,
    )
    [log] = (tmp_path / "classes").iterdir()
    shared = [line for line in log.read_text().splitlines() if "shared objects file" in line]
    assert len(shared) > 8000, "Java's own archive has some two thousand"


def run(code: str, folder: Path = ROOT) -> None:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
