"""`daybreak dup` on a workspace made by hand: who stayed, why, and what differs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dup_workspace import AFAR, ALONE, EARLIER, EXACT, NEAR, STAYS, write_dup_workspace
from typer.testing import CliRunner

from daybreak.cli.main import app
from daybreak.errors import InputError, WorkspaceError
from pipelines.duplicates.clusters import details, largest
from pipelines.duplicates.tables import tables_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return write_dup_workspace(tmp_path / "ws")


def called(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["dup", *map(str, arguments)], catch_exceptions=True)
    if done.exception is not None:
        raise done.exception
    return done.output


def shown(*arguments: object) -> Any:
    return json.loads(called(*arguments, "--json"))


def test_show_tells_who_stays_and_what_each_document_matched(workspace: Path) -> None:
    view = shown("show", workspace, NEAR)
    assert view["fate"] == "was dropped (near)"
    members = {m["doc_id"]: m for m in view["cluster"]["members"]}
    assert next(iter(members)) == STAYS and members[STAYS]["stays"]
    assert (members[EXACT]["matched"], members[EXACT]["level"]) == (NEAR, "exact")
    assert members[NEAR]["similarity"] == pytest.approx(0.8)
    assert (view["left"]["doc_id"], view["right"]["doc_id"]) == (STAYS, NEAR)


@pytest.mark.parametrize("name", [NEAR[:3], "https://www.example.org/b"])
def test_a_document_is_found_by_its_beginning_and_by_its_url(workspace: Path, name: str) -> None:
    assert shown("show", workspace, name)["doc_id"] == NEAR


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ([], "length"),
        (["timestamp"], "doc_id"),
        (["quality:score", "doc_id"], "quality:score"),
        (["source", "doc_id"], "doc_id"),
    ],
)
def test_the_first_key_of_the_order_that_differs_is_named(tmp_path: Path, order: list[str], key: str) -> None:
    place = write_dup_workspace(tmp_path / "ws", order=order, source_order=["web"])
    view = shown("show", place, NEAR)
    if order == ["timestamp"]:  # the removed one is earlier: on that key the other could not have won
        assert view["reasons"][EXACT]["key"] == "timestamp"
        return
    assert view["reasons"][NEAR]["key"] == key


def test_texts_stand_side_by_side_with_only_what_differs_marked(workspace: Path) -> None:
    hunks = shown("show", workspace, NEAR)["difference"]["hunks"]
    changed = [(p["left"].strip(), p["right"].strip()) for h in hunks for p in h["pieces"] if not p["same"]]
    assert changed == [("nine", "ten")] * 2
    assert "nine" in called("show", workspace, NEAR)


def test_a_document_that_stays_is_held_against_the_one_least_like_it(workspace: Path) -> None:
    assert shown("show", workspace, STAYS)["right"]["doc_id"] == NEAR


def test_a_twin_of_an_earlier_run_is_named_without_its_text(workspace: Path) -> None:
    view = shown("show", workspace, AFAR)
    assert view["left"]["doc_id"] == EARLIER and view["left"]["source"] is None
    assert view["difference"] is None
    assert "not in this workspace" in called("show", workspace, AFAR)


def test_a_document_without_duplicates_says_so(workspace: Path) -> None:
    assert "No duplicate" in called("show", workspace, ALONE)


def test_the_limit_holds_but_the_document_and_its_match_are_listed(workspace: Path) -> None:
    members = shown("show", workspace, NEAR, "--limit", 1)["cluster"]["members"]
    assert [m["doc_id"] for m in members] == [STAYS, NEAR]


def test_the_page_holds_both_sides_and_nothing_runs(workspace: Path, tmp_path: Path) -> None:
    called("show", workspace, NEAR, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert re.search(r"<del>nine\s*</del>", page) and re.search(r"<ins>ten\s*</ins>", page)
    assert "<script" not in page and "default-src &#39;none&#39;" in page


def test_largest_clusters_come_first(workspace: Path) -> None:
    rows = shown("largest", workspace)
    assert [(row["size"], row["doc_id"]) for row in rows] == [(3, STAYS), (2, EARLIER)]
    assert rows[0]["text"].startswith("The ferry") and rows[1]["text"] is None
    assert [c.size for c in largest(tables_of(workspace), 1)] == [3]


def test_pairs_on_both_sides_of_the_threshold(workspace: Path) -> None:
    rows = shown("near-threshold", workspace)
    found = [(row["doc_id"], round(row["similarity"], 2), row["removed"]) for row in rows]
    assert found == [(AFAR, 0.75, True), (NEAR, 0.8, True), (ALONE, 0.74, False)]


def test_a_day_without_near_pairs_asks_for_no_documents(workspace: Path) -> None:
    assert details(tables_of(workspace), []) == {}


def test_control_characters_never_reach_the_terminal(workspace: Path) -> None:
    assert "\x1b[31m" not in called("near-threshold", workspace)


def test_what_cannot_be_found_is_said(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no document"):
        called("show", workspace, "0")
    with pytest.raises(WorkspaceError, match="no finished step dedup"):
        called("largest", tmp_path)
