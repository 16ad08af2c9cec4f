"""`daybreak dup history` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from history_rule import Document, run_day
from typer.testing import CliRunner

from daybreak.cli.dup import app
from daybreak.errors import InputError
from pipelines.dedup.history.history import History

FIRST = Document("d1", "u1", "e1", frozenset({1, 2, 3}), (1, 2))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    history = History(tmp_path / "history")
    run_day(history, "monday", [FIRST, FIRST._replace(doc_id="d2", url=None)])
    run_day(history, "tuesday", [FIRST._replace(doc_id="d3", url=None)])
    return tmp_path / "history"


def call(*arguments: str) -> dict:
    done = CliRunner().invoke(app, ["history", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_show_tells_batches_clusters_and_settings(place: Path) -> None:
    found = call("show", str(place))
    assert [(b["number"], b["name"], b["facts"]) for b in found["batches"]] == [
        (1, "monday", {"documents": 2}),
        (2, "tuesday", {"documents": 1}),
    ]
    assert found["clusters"] == {"number": 1, "documents": 3}
    assert found["settings"]["hubs"] == 2
    assert found["tables"]["members"]["rows"] == 2
    text = CliRunner().invoke(app, ["history", "show", str(place)]).output
    assert "1 clusters of 3 documents" in text


def test_remove_names_the_members_by_batch_and_what_it_does_not_know(place: Path, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("d1\nghost\n")
    found = call("remove", str(place), "--file", str(tmp_path / "ids"))
    assert found["removed"] == ["d1"]
    assert found["unknown"] == ["ghost"]
    assert [(row["batch"], row["doc_id"]) for row in found["members"]] == [
        ("monday", "d2"),
        ("tuesday", "d3"),
    ]
    assert call("show", str(place))["removed"] == 1
    assert call("compact", str(place))["after"]["rows"] == 0


def test_nothing_is_made_where_there_is_no_history(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="knows none of these documents"):
        call("remove", str(place), "ghost")
    for command in (["show"], ["compact"], ["remove", "d1"]):
        with pytest.raises(InputError, match="no history at"):
            call(command[0], str(tmp_path / "none"), *command[1:])
    assert not (tmp_path / "none").exists()


def test_a_batch_is_taken_down_with_what_it_was_the_first_to_have(place: Path) -> None:
    other = Document("d4", "u4", "e4", frozenset({7, 8, 9}), (5, 6))
    copy = FIRST._replace(doc_id="d5", url=None)
    run_day(History(place), "wednesday", [other, copy])
    found = call("remove", str(place), "--batch", "wednesday")
    assert found["removed"] == ["d4"]  # d5 is monday's d1 again
    again = run_day(History(place), "thursday", [other._replace(doc_id="d6"), copy._replace(doc_id="d7")])
    assert (again["d6"].rule, again["d7"].rule) == (None, "exact")
    with pytest.raises(InputError, match="has no batch 'friday'"):
        call("remove", str(place), "--batch", "friday")
    call("compact", str(place))
    with pytest.raises(InputError, match="was compacted with others"):
        call("remove", str(place), "--batch", "monday")
