"""Editions are there whole or not at all, whenever the process that publishes them dies."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import WorkspaceError
from daybreak.manifest import FileEntry
from pipelines.editions import moving
from pipelines.editions.edition import Edition, before, editions, read_edition
from pipelines.editions.moving import publish, stands

FILES = ("shards/data-00000-of-00001.arrow", "shards/state.json", "model/tokenizer.model")


def made(
    folder: Path, content: str, name: str = "2026-01-02", **values: float
) -> tuple[Edition, dict[str, Path]]:
    """An edition and where its files stand."""
    entries, sources = [], {}
    for path in FILES:
        data = f"{path}: {content}".encode() * 1000
        source = folder / content / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(data)
        entries.append(FileEntry(path, 1, len(data), hashlib.sha256(data).hexdigest()))
        sources[path] = source
    edition = Edition(
        name, "daily", name, "s" * 64, "t" * 64, "uint16", 3, 9, {"shards": "d"}, values, tuple(entries)
    )
    return edition, sources


def test_the_same_is_left_alone_and_another_one_replaces(tmp_path: Path) -> None:
    place = tmp_path / "published"
    one, other = made(tmp_path, "one"), made(tmp_path, "other")
    assert publish(place, *one) == "published"
    inode = (place / "2026-01-02").stat().st_ino
    assert publish(place, *one) == "already there"
    assert (place / "2026-01-02").stat().st_ino == inode
    assert publish(place, *other) == "replaced"
    assert stands(place / "2026-01-02", other[0])
    (place / "2026-01-02" / FILES[0]).unlink()  # a damaged edition is mended
    assert publish(place, *other) == "replaced"
    assert stands(place / "2026-01-02", other[0])
    assert sorted(entry.name for entry in place.iterdir()) == [".lock", "2026-01-02"]


def test_values_alone_make_another_edition_of_the_same_digest(tmp_path: Path) -> None:
    place = tmp_path / "published"
    one, changed = made(tmp_path, "one", tokens=9), made(tmp_path, "one", tokens=10)
    assert one[0].digest == changed[0].digest
    publish(place, *one)
    assert publish(place, *changed) == "replaced"
    found = read_edition(place / "2026-01-02")
    assert found is not None
    assert found.values == {"tokens": 10}


def test_a_file_that_changed_since_is_not_published(tmp_path: Path) -> None:
    edition, sources = made(tmp_path, "one")
    sources[FILES[1]].write_text("spoilt")
    with pytest.raises(WorkspaceError, match=r"state\.json is not what its manifest says"):
        publish(tmp_path / "published", edition, sources)
    assert list(editions(tmp_path / "published")) == []


def test_earlier_editions_are_those_of_earlier_days_of_the_recipe(tmp_path: Path) -> None:
    place = tmp_path / "published"
    for day in ("2026-01-03", "2026-01-01", "2026-01-02"):  # whenever they were published
        publish(place, *made(tmp_path, day, name=day))
    assert [e.name for e in before(place, "daily", "2026-01-03")] == ["2026-01-01", "2026-01-02"]
    assert before(place, "other", "2026-01-03") == []
    assert before(tmp_path / "nowhere", "daily", "2026-01-03") == []


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    place = tmp_path / "published"
    publish(place, *made(tmp_path, "one"))
    file = place / "2026-01-02/manifest.json"
    content = json.loads(file.read_text())
    content["files"][0]["sha256"] = "0" * 64
    file.write_text(json.dumps(content))
    with pytest.raises(WorkspaceError, match=r"manifest\.json cannot be read"):
        list(editions(place))


def killed_at(folder: Path, call: int, how: str) -> int:
    """Publish `other` in a child that kills itself before the nth call that changes the disk; its exit status."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = call

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return called

    exchange = moving._exchanged if how == "exchange" else lambda one, other: False
    moving._exchanged = dying(exchange)
    for name in ("fsync", "rename", "unlink", "rmdir"):
        setattr(os, name, dying(getattr(os, name)))
    try:
        publish(folder / "published", *made(folder, "other"))
        os._exit(0)
    except BaseException:
        os._exit(1)


@pytest.mark.parametrize("how", ["exchange", "aside"])
@pytest.mark.parametrize("there", [True, False])
def test_a_kill_at_any_moment_leaves_a_whole_edition_or_none(tmp_path: Path, there: bool, how: str) -> None:
    one, other = made(tmp_path, "one"), made(tmp_path, "other")
    place, target = tmp_path / "published", tmp_path / "published/2026-01-02"
    calls = 0
    while True:
        calls += 1
        if there:
            publish(place, *one)
        done = killed_at(tmp_path, calls, how)
        whole = [edition for edition, _ in (one, other) if stands(target, edition)]
        if done == 0:
            break
        assert done == -signal.SIGKILL
        assert target.exists() == bool(whole)  # nothing half under its name
        if there and how == "exchange":
            assert whole
        publish(place, *other)
        assert stands(target, other[0])
        assert sorted(os.listdir(place)) == [".lock", "2026-01-02"]
        shutil.rmtree(target)
    assert whole == [other[0]]
    assert calls > 5
