"""Who shares a workspace works side by side; who wants it alone waits for them, and both are told how long."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import WorkspaceError
from daybreak.workspace import Workspace

SPAWN = multiprocessing.get_context("spawn")


def _hold(path: Path, part: str | None, said: Any, go: Any) -> None:
    workspace = Workspace(path)
    with workspace.locked() if part is None else workspace.shared("ingest", [part]):
        said.put("held")
        go.get(timeout=100)


@contextmanager
def holder(path: Path, part: str | None) -> Iterator[Any]:
    """Another process that holds the workspace, or one part of it, until it is told to go."""
    said, go = SPAWN.Queue(), SPAWN.Queue()
    process = SPAWN.Process(target=_hold, args=(path, part, said, go))
    process.start()
    assert said.get(timeout=100) == "held"
    yield go
    go.put("go")
    process.join()


def test_parts_share_a_workspace(tmp_path: Path) -> None:
    with holder(tmp_path, "a"), Workspace(tmp_path).shared("ingest", ["b"], wait=0):
        pass


def test_a_run_is_refused_while_a_part_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace(tmp_path)
    with (
        holder(tmp_path, "a"),
        pytest.raises(WorkspaceError, match=r"another run is using .* \(pid \d+ on .*Waited 1 s"),
        workspace.locked(wait=1),
    ):
        pass
    assert "waiting up to 1 s for the workspace" in capsys.readouterr().err


def test_a_part_is_refused_while_a_run_or_another_on_its_source_goes_on(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    refused = pytest.raises(WorkspaceError, match="another run is using the workspace")
    with holder(tmp_path, None), refused, workspace.shared("ingest", ["a"], wait=0.5):
        pass
    refused = pytest.raises(WorkspaceError, match="another run is using a, a part of ingest in")
    with holder(tmp_path, "a"), refused, workspace.shared("ingest", ["a", "b"], wait=0.5):
        pass


@pytest.mark.parametrize("part", [None, "a"])
def test_who_waits_goes_on_when_the_other_is_done(tmp_path: Path, part: str | None) -> None:
    workspace = Workspace(tmp_path)
    with holder(tmp_path, part) as go:
        go.put("go")
        with workspace.shared("ingest", ["a"]) if part is None else workspace.locked():
            pass


def test_dead_holders_are_not_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for _ in range(2):
        with holder(tmp_path, "a"):
            pass
    with holder(tmp_path, "b"), pytest.raises(WorkspaceError) as refused, workspace.locked(wait=0.3):
        pass
    assert str(refused.value).count("pid ") == 1


def test_joining_parts_remove_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    mine, other = workspace.join("step", "1" * 64), workspace.join("step", "2" * 64)
    mine.write("a", b"1")
    other.write("b", b"2")
    assert workspace.join("step", "1" * 64).names() == ["a"]
    assert other.names() == ["b"]
    assert workspace.resume("step", "1" * 64).names() == ["a"]
    assert other.names() == []
