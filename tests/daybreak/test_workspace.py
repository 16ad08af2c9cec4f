"""Commits are whole or absent, one run holds a workspace, and damage is said, not guessed around."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import WorkspaceError
from daybreak.manifest import FileEntry, Manifest, fingerprint
from daybreak.workspace import MARKERS, Workspace


def commit(workspace: Workspace, content: str = "hello", mark: str = "a") -> Manifest:
    attempt = workspace.begin("step")
    attempt.make("table")
    attempt.write("table/part.txt", content.encode())
    entry = FileEntry("table/part.txt", 1, len(content), attempt.sha256("table/part.txt"))
    print_ = fingerprint("step", "code", {"mark": mark}, {})
    manifest = Manifest("step", print_, "code", {"mark": mark}, {}, {"table": [entry]})
    workspace.commit(manifest, attempt)
    return manifest


def test_a_committed_step_reads_back(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    manifest = commit(workspace)
    assert workspace.manifest("step") == manifest
    assert workspace.data(manifest).read("table/part.txt") == b"hello"


def test_a_new_commit_replaces_the_old_data(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    old, new = commit(workspace, mark="a"), commit(workspace, "other", mark="b")
    assert old.folder != new.folder
    assert workspace.store.names("step") == sorted(["manifest.json", new.folder])


def test_what_a_dead_task_left_is_not_committed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    attempt = workspace.begin("step")
    attempt.make("table")
    attempt.write("table/part.txt", b"whole")
    attempt.write("table/part.txt.0a1b.tmp", b"ha")
    entry = FileEntry("table/part.txt", 1, 5, attempt.sha256("table/part.txt"))
    manifest = Manifest("step", fingerprint("step", "", {}, {}), "", {}, {}, {"table": [entry]})
    workspace.commit(manifest, attempt)
    assert workspace.data(manifest).names("table") == ["part.txt"]


def test_what_a_killed_attempt_left_is_removed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.begin("step").write("half", b"x")
    assert workspace.manifest("step") is None
    workspace.begin("step")
    assert len(workspace.store.names("step")) == 1


def test_equal_content_has_an_equal_digest_whatever_made_it(tmp_path: Path) -> None:
    first, second = commit(Workspace(tmp_path / "1"), mark="a"), commit(Workspace(tmp_path / "2"), mark="b")
    assert first.fingerprint != second.fingerprint
    assert first.digest == second.digest


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content | {"tables": {}},
        lambda content: content | {"format": 99},
        lambda content: {k: v for k, v in content.items() if k != "inputs"},
    ],
)
def test_a_damaged_manifest_is_refused(
    tmp_path: Path, damage: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    workspace = Workspace(tmp_path)
    commit(workspace)
    file = tmp_path / "step/manifest.json"
    file.write_text(json.dumps(damage(json.loads(file.read_text()))))
    with pytest.raises(WorkspaceError, match=r"manifest\.json cannot be read"):
        workspace.manifest("step")


def _try_lock(path: Path, answer: Any) -> None:
    try:
        with Workspace(path).locked():
            answer.put("locked")
    except WorkspaceError as error:
        answer.put(str(error))


def test_a_second_process_is_refused_while_one_runs(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answer = spawn.Queue()
    with Workspace(tmp_path).locked():
        other = spawn.Process(target=_try_lock, args=(tmp_path, answer))
        other.start()
        assert "another run is using the workspace" in answer.get(timeout=30)
        other.join()
    again = spawn.Process(target=_try_lock, args=(tmp_path, answer))
    again.start()
    assert answer.get(timeout=30) == "locked"
    again.join()


def test_a_workspace_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot write to the workspace"):
        Workspace(tmp_path / "file").prepare()


def test_too_little_disk_is_refused_before_work(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="GB free on the disk"):
        Workspace(tmp_path).prepare(free_bytes=1 << 60)


def test_a_step_that_resumes_finds_its_folder_even_where_its_commit_was_cut_short(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    wanted, other = fingerprint("step", "code", {}, {}), fingerprint("step", "code", {"other": 1}, {})
    workspace.resume("step", other).write("left", b"of other settings")
    for place in (workspace.resume("step", wanted), workspace.resume("step", wanted)):
        place.make(MARKERS)
        place.write(f"{MARKERS}/a.json", b"finished")
    assert workspace.store.names("step") == [f"in-progress-{wanted[:16]}"]
    workspace.store.move(f"step/in-progress-{wanted[:16]}", f"step/{wanted[:16]}")
    again = workspace.resume("step", wanted)
    assert again.read(MARKERS, "a.json") == b"finished"
    workspace.commit(Manifest("step", wanted, "code", {}, {}, {}), again)
    assert workspace.store.names("step") == sorted(["manifest.json", wanted[:16]])
    assert workspace.store.names("step", wanted[:16]) == []
