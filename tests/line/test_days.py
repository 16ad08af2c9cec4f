"""Days by the real command line, with the recipes that ship: history, gates, publication, late and repeated days.

The days are run in this order: first, second, bad (third), fifth, fourth (late), second again from nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import DAYBREAK, ROOT

from daybreak.manifest import Manifest
from daybreak.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # the first test waits for eight runs

FIRST, SECOND, BAD, FOURTH, FIFTH = (f"2026-01-0{number}" for number in range(1, 6))
RECIPES = ROOT / "conf/recipes"
QUICK = ["spark.driver_memory=1g", "min_free_gb=0.2", "gates.earlier.least=2", "gates.earlier.max_score=6"]
STEPS = (
    "ingest",
    "filter",
    "dedup",
    "tokenizer",
    "encode",
    "mixture",
    "shards",
    "gates",
    "publish",
    "report",
)
Run = subprocess.CompletedProcess[str]


@dataclass
class Story:
    """What the runs left below `home`, the folder that relative paths of the recipes stand in."""

    home: Path

    def command(self, *arguments: str) -> Run:
        """One call of the command line."""
        environment = {**os.environ, "DAYBREAK_HOME": str(self.home), "COLUMNS": "200"}
        command = [*DAYBREAK, *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)

    def run(self, day: str, *arguments: str) -> Run:
        """The daily recipe for one day."""
        return self.command("run", str(RECIPES / "daily.yaml"), f"day={day}", *QUICK, *arguments)

    def workspace(self, day: str) -> Workspace:
        """The workspace of a day."""
        return Workspace(self.home / "work/daily" / day)

    def manifests(self, day: str) -> dict[str, Manifest | None]:
        """Manifests of all steps of a day."""
        return {step: self.workspace(day).manifest(step) for step in STEPS}

    def edition(self, day: str) -> Path:
        """Where a day is published."""
        return self.home / "work/daily/published" / day

    def verdict(self, day: str) -> dict[str, Any]:
        """gates.json of a day."""
        verdict: dict[str, Any] = json.loads(self.workspace(day).store.read("gates.json"))
        return verdict

    def pages(self, day: str, *kinds: str) -> dict[str, str | None]:
        """Pages of these kinds that the sample has on a day: by address, the one that it is a copy of."""
        listed = json.loads((self.home / "work/sample-days/days.json").read_text())
        return {page["url"]: page["of"] for page in listed[day]["pages"] if page["kind"] in kinds}

    def table(self, day: str, step: str, table: str, columns: list[str]) -> pa.Table:
        """Columns of a table of a day."""
        manifest = self.workspace(day).manifest(step)
        assert manifest is not None
        store = self.workspace(day).data(manifest)
        return pa.concat_tables(
            pq.read_table(store.path(e.path), columns=columns) for e in manifest.tables[table]
        )

    def dropped(self, day: str, step: str) -> dict[str, str]:
        """What a step dropped on a day: rule by address."""
        urls = dict(
            zip(*self.table(day, "ingest", "documents", ["doc_id", "url"]).to_pydict().values(), strict=True)
        )
        rows = self.table(day, step, "decisions", ["doc_id", "rule", "verdict"]).to_pylist()
        return {urls[row["doc_id"]]: row["rule"] for row in rows if row["verdict"] == "drop"}


@dataclass
class Told(Story):
    """The story, and what single runs said."""

    bad: Run
    refused: Run
    page: Run
    late: Run
    before: dict[str, Any]
    again: Run


def ran(run: Run) -> Run:
    assert run.returncode == 0, run.stdout + run.stderr
    return run


def snapshot(story: Story) -> dict[str, Any]:
    """All of the second day that a run of it from nothing is to leave as it is."""
    edition, history = story.edition(SECOND), story.home / "work/daily/history"
    return {
        "manifests": story.manifests(SECOND),
        "verdict": story.verdict(SECOND),
        "edition": {str(file): file.read_bytes() for file in sorted(edition.rglob("*")) if file.is_file()},
        "inode": edition.stat().st_ino,
        "history": (history / "history.json").read_bytes(),
    }


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    story = Story(tmp_path_factory.mktemp("days"))
    days = ["--days", f"{FIRST}:5", "--bad-day", BAD]
    ran(story.command("sample", str(story.home / "work/sample-days"), *days))
    tokenizer = [str(RECIPES / "tokenizer.yaml"), *QUICK[:2], "--until", "tokenizer"]
    ran(story.command("run", *tokenizer))
    ran(story.run(FIRST))
    ran(story.run(SECOND))
    bad = story.run(BAD)
    refused, page = story.run(BAD, "--only", "publish"), story.run(BAD, "--only", "report")
    ran(story.run(FIFTH))
    late = ran(story.run(FOURTH))
    before = snapshot(story)
    shutil.rmtree(story.home / "work/daily" / SECOND)
    again = ran(story.run(SECOND))
    return Told(story.home, bad, refused, page, late, before, again)


def test_later_days_drop_the_copies_that_the_sample_planted_and_nothing_else(told: Told) -> None:
    assert told.dropped(FIRST, "dedup") == {}
    expected = {
        **dict.fromkeys(told.pages(SECOND, "exact"), "exact"),
        **dict.fromkeys(told.pages(SECOND, "near"), "near"),
    }
    assert Counter(expected.values()) == {"exact": 8, "near": 6}
    assert told.dropped(SECOND, "dedup") == expected
    assert told.dropped(FIRST, "filter") == told.dropped(SECOND, "filter") == {}


def test_an_edition_opens_as_a_data_set_and_tells_where_its_documents_come_from(told: Told) -> None:
    for day in (FIRST, SECOND):
        edition = told.edition(day)
        shards = datasets.load_from_disk(str(edition / "shards"))
        manifest = json.loads((edition / "manifest.json").read_text())
        listed = pq.read_table(edition / "documents/documents.parquet")
        assert shards["doc_id"][:] == listed["doc_id"].to_pylist()
        assert manifest["documents"] == len(listed) == 48
        assert (
            manifest["tokens"]
            == sum(len(ids) for ids in shards["input_ids"])
            == sum(listed["n_tokens"].to_pylist())
        )
        assert set(listed["url"].to_pylist()) == set(told.pages(day, "new"))
        assert str(told.home) not in (edition / "manifest.json").read_text()
    doc_id = listed["doc_id"][7].as_py()
    asked = ran(told.command("editions", str(told.edition(SECOND).parent), "--document", doc_id, "--json"))
    assert [(row["edition"], row["doc_id"]) for row in json.loads(asked.stdout)] == [(SECOND, doc_id)]


def test_a_bad_day_trips_gates_and_publishes_nothing(told: Told) -> None:
    assert told.bad.returncode == 1
    assert "gates stopped this run; nothing is published" in told.bad.stderr
    assert "removal: 0." in told.bad.stderr
    assert "is above its max 0.600" in told.bad.stderr
    assert f"batch '{BAD}' of the history" in told.bad.stderr
    assert "waits: no other run is compared with it" in told.bad.stderr
    batches = json.loads((told.home / "work/daily/history/history.json").read_text())["batches"]
    assert [batch["name"] for batch in batches if batch["pending"]] == [BAD]
    assert {batch["name"] for batch in batches} == {FIRST, SECOND, BAD, FOURTH, FIFTH}
    assert not told.edition(BAD).exists()
    assert told.workspace(BAD).manifest("gates") is None
    assert {"removal", "documents"} <= set(told.verdict(BAD)["failed"])
    assert told.refused.returncode == 1
    assert "publish needs gates, which is not up to date" in told.refused.stderr
    printed = told.command("gates", str(told.home / "work/daily" / BAD))
    assert printed.returncode == 1
    assert f"daily {BAD}: stopped by removal" in printed.stdout


def test_the_page_of_a_stopped_day_shows_its_gates(told: Told) -> None:
    ran(told.page)
    page = told.workspace(BAD).store.read("report/index.html").decode()
    assert "<strong>failed</strong>" in page
    assert "is above its max 0.600" in page


def test_days_are_compared_with_published_days_before_them(told: Told) -> None:
    past = {
        day: {gate["name"]: gate["past"] for gate in told.verdict(day)["gates"]} for day in (FIFTH, FOURTH)
    }
    for day in (FIFTH, FOURTH):
        assert [edition for edition, _ in past[day]["tokens"]] == [FIRST, SECOND]
        assert told.verdict(day)["passed"]
    one = {gate["name"]: gate for gate in told.verdict(SECOND)["gates"]}["tokens"]
    assert one["why"] == ["not judged against earlier editions: 1 of them, needs 2"]


def test_a_late_day_publishes_nothing_that_another_day_has(told: Told) -> None:
    """What the fifth day copied of the fourth stays there; every article is published once."""
    assert f"batch {FOURTH} is late: it is compared with {FIFTH} as well" in told.late.stderr
    copied = {of for of in told.pages(FIFTH, "exact", "near").values() if of in told.pages(FOURTH, "new")}
    assert copied
    gone = set(told.dropped(FOURTH, "dedup"))
    assert gone == set(told.pages(FOURTH, "exact", "near")) | copied
    listing = ran(told.command("editions", str(told.edition(FIRST).parent), "--json"))
    editions = {edition["name"]: edition["documents"] for edition in json.loads(listing.stdout)}
    assert editions == {FIRST: 48, SECOND: 48, FOURTH: 48 - len(copied), FIFTH: 48 + len(copied)}


def test_a_day_run_again_from_nothing_leaves_the_same_bytes(told: Told) -> None:
    assert "already there" in told.again.stderr
    after = snapshot(told)
    for step in STEPS[:-1]:  # the report tells the time
        assert after["manifests"][step] == told.before["manifests"][step], step
    for key in ("verdict", "edition", "inode", "history"):
        assert after[key] == told.before[key], key
    idle = ran(told.run(SECOND))
    assert "nothing to do, everything is done" in idle.stdout


def test_an_edition_taken_away_is_published_again(told: Told) -> None:
    shutil.rmtree(told.edition(FIRST))
    ran(told.run(FIRST))
    assert json.loads((told.edition(FIRST) / "manifest.json").read_text())["documents"] == 48


def test_a_stopped_day_let_through_later_is_compared_with_the_days_published_meanwhile(told: Told) -> None:
    let_through = ran(told.run(BAD, "gates=null"))
    assert f"batch {BAD} is late: it is compared with {FIFTH}, {FOURTH} as well" in let_through.stderr
    assert told.edition(BAD).exists()
    record = (told.home / "work/daily/history/history.json").read_bytes()
    assert [(batch["name"], batch["pending"]) for batch in json.loads(record)["batches"]][-1] == (BAD, False)
    # the fifth day's gates have one edition more to look at, which changes nothing of what it published
    assert f"edition {FIFTH} already there" in ran(told.run(FIFTH)).stderr
    assert (told.home / "work/daily/history/history.json").read_bytes() == record
