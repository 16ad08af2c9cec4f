"""Batches of runs that are not published yet: no other run is compared with them."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from history_rule import Document, Verdict, run_day
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from daybreak.cli.dup import app
from daybreak.errors import DaybreakError, InputError
from pipelines.dedup.history.compact import compact
from pipelines.dedup.history.history import History


def page(doc_id: str, text: str = "e1") -> Document:
    return Document(doc_id, None, text, frozenset({1, 2}) if text == "e1" else frozenset({8, 9}), ())


def admit(history: History, name: str) -> None:
    with history.held():
        history.admit(name)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Monday was stopped, Tuesday has a copy of its page."""
    history = History(tmp_path / "history")
    run_day(history, "monday", [page("m1")], pending=True)
    return history


def test_a_stopped_days_documents_take_nothing_from_later_days(history: History) -> None:
    assert run_day(history, "tuesday", [page("t1")], pending=True)["t1"].rule is None
    admit(history, "tuesday")
    assert run_day(history, "wednesday", [page("w1")])["w1"] == Verdict("exact", "t1", "t1")


def test_an_admitted_days_do(history: History) -> None:
    admit(history, "monday")
    admit(history, "monday")
    assert run_day(history, "tuesday", [page("t1")])["t1"] == Verdict("exact", "m1", "m1")


def test_a_stopped_day_run_again_later_is_compared_with_the_days_published_meanwhile(
    history: History,
) -> None:
    run_day(history, "tuesday", [page("t1")], pending=True)
    admit(history, "tuesday")
    with pytest.raises(DaybreakError, match="has changed since batch 'monday' was compared with it"):
        admit(history, "monday")
    again = run_day(history, "monday", [page("m1"), page("m2", "e2")], pending=True)
    assert (again["m1"], again["m2"].rule) == (Verdict("exact", "t1", "t1"), None)
    admit(history, "monday")
    assert [(b.number, b.name, b.pending) for b in history.state().batches] == [
        (2, "tuesday", False),
        (3, "monday", False),
    ]


def test_of_two_days_at_one_time_the_second_is_not_published_unseen(history: History) -> None:
    run_day(history, "tuesday", [page("t1")], pending=True)
    admit(history, "monday")
    with pytest.raises(DaybreakError, match="has changed since batch 'tuesday'"):
        admit(history, "tuesday")
    assert run_day(history, "tuesday", [page("t1")], pending=True)["t1"].rule == "exact"
    admit(history, "tuesday")


def test_what_a_batch_was_compared_with_stays_its_past(history: History) -> None:
    admit(history, "monday")
    run_day(history, "tuesday", [page("t1")], pending=True)
    admit(history, "tuesday")
    record = (Path(str(history)) / "history.json").read_bytes()
    for name, doc in (("monday", page("m1")), ("tuesday", page("t1"))):
        run_day(history, name, [doc], pending=True)
        assert (Path(str(history)) / "history.json").read_bytes() == record, "made again, it stays admitted"


def test_a_waiting_batch_made_again_is_the_same(history: History) -> None:
    record = (Path(str(history)) / "history.json").read_bytes()
    run_day(history, "monday", [page("m1")], pending=True)
    assert (Path(str(history)) / "history.json").read_bytes() == record
    run_day(history, "monday", [page("m1")])  # by a recipe that publishes nothing
    assert [batch.pending for batch in history.state().batches] == [False]


def test_a_waiting_batch_is_shown_not_compacted_and_can_be_taken_out(history: History) -> None:
    place = str(history)
    shown = CliRunner().invoke(app, ["history", "show", place]).output
    assert "not published yet: no run is compared with it" in shown
    with history.held(), pytest.raises(InputError, match="batch 'monday' is not published yet"):
        compact(history)
    passages = History(f"{place}/passages")
    run_day(passages, "monday", [page("m1")], pending=True)
    done = CliRunner().invoke(app, ["history", "remove", place, "--batch", "monday", "--json"])
    assert json.loads(done.output) == {"withdrawn": "monday"}
    assert history.state().batches == passages.state().batches == ()
    with pytest.raises(DaybreakError, match="has no batch 'monday'"):
        admit(history, "monday")


DAYS = st.dictionaries(st.sampled_from("abcd"), st.frozensets(st.integers(1, 5), min_size=1), min_size=1)
DEEDS = st.lists(st.tuples(st.sampled_from(["run", "admit"]), st.sampled_from("abcd")), max_size=16)


@settings(max_examples=150, deadline=None)
@given(DAYS, DEEDS)
def test_no_text_is_published_twice_and_none_is_lost(
    days: dict[str, frozenset[int]], deeds: list[tuple[str, str]]
) -> None:
    """Whatever the order in which days run and are published; a day that is refused publishes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        history, made, published = History(folder), {}, {}
        for deed, day in deeds:
            docs = [
                Document(f"{day}{n}", None, f"e{n}", frozenset({n}), ()) for n in sorted(days.get(day, ()))
            ]
            if deed == "run" and day not in published:
                found = run_day(history, day, docs, pending=True)
                made[day] = [doc.exact for doc in docs if found[doc.doc_id].rule is None]
            elif deed == "admit" and day in made and day not in published:
                try:
                    admit(history, day)
                except DaybreakError:
                    continue
                published[day] = made[day]
        counted = Counter(text for texts in published.values() for text in texts)
        assert set(counted.values()) <= {1}
        assert set(counted) == {f"e{n}" for day in published for n in days.get(day, ())}
