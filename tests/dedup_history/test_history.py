"""Day by day is all at once, and the history on disk survives what happens to it. Without Spark."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from history_rule import SETTINGS, Document, Plain, Verdict, run_day
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.errors import DaybreakError, RecipeError, WorkspaceError
from pipelines.dedup.history.compact import compact
from pipelines.dedup.history.history import History
from pipelines.dedup.history.members import known, members_of, rows_of, sizes

SHINGLES = st.frozensets(st.integers(0, 7), min_size=2, max_size=6)
MADE = st.tuples(
    st.sampled_from([None, "u1", "u2", "u3"]),
    st.sampled_from(["e1", "e2", "e3", "e4", "e5", "e6"]),
    SHINGLES,
    st.lists(st.integers(-2, 2), max_size=3, unique=True),
)


def documents(made: list[tuple[Any, ...]]) -> list[Document]:
    """Documents whose text decides shingles and buckets, as it does in truth."""
    first: dict[str, tuple[frozenset[int], tuple[int, ...]]] = {}
    found = []
    for place, (url, exact, shingles, buckets) in enumerate(made):
        text = first.setdefault(exact, (shingles, tuple(buckets)))
        found.append(Document(f"d{place:02d}", url, exact, *text))
    return found


def at_once(docs: list[Document]) -> dict[str, Verdict]:
    rule = Plain()
    return {doc.doc_id: rule.judge(doc) for doc in docs}


def by_day(history: History, docs: list[Document], cuts: list[int], compact_after: int) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for day, (start, stop) in enumerate(pairwise([0, *sorted(cuts), len(docs)])):
        found |= run_day(history, f"day-{day}", docs[start:stop])
        if day == compact_after:
            compact(history)
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(MADE, min_size=1, max_size=14), st.lists(st.integers(0, 14), max_size=3), st.integers(0, 3))
def test_day_by_day_is_all_at_once_at_every_level(
    made: list[tuple[Any, ...]], cuts: list[int], compact_after: int
) -> None:
    docs = documents(made)
    with tempfile.TemporaryDirectory() as folder:
        found = by_day(History(folder), docs, [min(cut, len(docs)) for cut in cuts], compact_after)
    assert found == at_once(docs)


def days(history: History) -> list[list[Document]]:
    """Three days: d1 comes again as a near copy, as an exact copy of that, and by its URL."""
    base = frozenset(range(10))
    near = frozenset(range(9)) | {99}
    made = [
        [Document("d1", "u1", "e1", base, (1, 2)), Document("d2", "u2", "e2", frozenset({50, 51}), (9,))],
        [Document("d3", "u3", "e3", near, (2, 3)), Document("d4", "u1", "e4", frozenset({70}), (8,))],
        [Document("d5", "u5", "e3", near, (2, 3)), Document("d6", "u3", "e6", frozenset({80}), (7,))],
    ]
    for number, day in enumerate(made):
        run_day(history, f"2026-01-0{number + 1}", day)
    return made


def test_a_copy_of_what_was_dropped_meets_it_on_a_later_day(tmp_path: Path) -> None:
    history = History(tmp_path)
    made = days(history)
    found = at_once([doc for day in made for doc in day])
    assert found["d5"] == Verdict("exact", "d3", "d1")
    assert found["d6"] == Verdict("url", "d3", "d1")
    rows = members_of(history.view(), ["d3"]).to_pylist()
    assert [(r["cluster_id"], r["doc_id"], r["level"], r["batch"]) for r in rows] == [
        ("d1", "d3", "near", 2),
        ("d1", "d4", "url", 2),
        ("d1", "d5", "exact", 3),
        ("d1", "d6", "url", 3),
    ]


def test_cluster_sizes_grow_over_days(tmp_path: Path) -> None:
    history = History(tmp_path)
    days(history)
    assert [row for table in sizes(history.view()) for row in table.to_pylist()] == [
        {"cluster_id": "d1", "size": 5}
    ]


def everything(history: History) -> dict[str, list[dict[str, Any]]]:
    view = history.view()
    return {
        name: sorted((row for table in rows_of(view, name) for row in table.to_pylist()), key=repr)
        for name in ("exact", "urls", "bands", "sets", "members")
    }


def test_compaction_keeps_content_digest_and_open_readers(tmp_path: Path) -> None:
    history = History(tmp_path)
    days(history)
    before, digest, reader = everything(history), history.state().digest, history.view()
    with history.held():
        compact(history)
    assert len(history.state().folders()) == 1
    assert everything(history) == before
    assert history.state().digest == digest
    assert sum(rows.num_rows for rows in rows_of(reader, "sets")) == 2  # files of before still stand
    with history.held():
        pass
    assert len(list((tmp_path / "batches").iterdir())) == 4  # the old ones stand until the next change
    run_day(history, "2026-01-04", [])
    with history.held():
        assert len(list((tmp_path / "batches").iterdir())) == 2  # the compacted one and the new one


def test_after_a_takedown_nothing_is_matched_with_it(tmp_path: Path) -> None:
    history = History(tmp_path)
    made = days(history)
    assert known(history.view(), ["d1", "d3", "ghost"]) == ["d1", "d3"]
    with history.held():
        history.remove(["d1"])
    copies = [doc._replace(doc_id=f"{doc.doc_id}-again") for day in made[:2] for doc in day]
    found = run_day(history, "2026-01-04", copies)
    assert found["d1-again"].rule is None
    assert found["d2-again"] == Verdict("url", "d2", "d2")
    assert found["d3-again"] == Verdict("near", "d1-again", "d1-again")
    assert known(history.view(), ["d1", "d3"]) == []
    with history.held():
        compact(history)
    assert known(history.view(), ["d1", "d1-again"]) == ["d1-again"]
    assert "'d1'" not in repr(everything(history))


def test_a_removed_document_may_come_again_and_stays(tmp_path: Path) -> None:
    history = History(tmp_path)
    first = Document("d1", None, "e1", frozenset({1, 2}), (1,))
    run_day(history, "a", [first])
    history.remove(["d1"])
    assert run_day(history, "b", [first])["d1"].rule is None
    assert run_day(history, "c", [first._replace(doc_id="d2")])["d2"] == Verdict("exact", "d1", "d1")


def test_the_last_batch_again_replaces_it(tmp_path: Path) -> None:
    history = History(tmp_path)
    made = days(history)
    digest = history.state().digest
    run_day(history, "2026-01-03", made[2])
    assert history.state().digest == digest
    run_day(history, "2026-01-03", made[2][:1])
    assert history.state().digest != digest


def test_an_older_batch_comes_out_as_it_was_and_nothing_is_written(tmp_path: Path) -> None:
    history = History(tmp_path)
    made = days(history)
    record, folders = (tmp_path / "history.json").read_bytes(), sorted((tmp_path / "batches").iterdir())
    again = run_day(history, "2026-01-02", made[1])
    assert [again[doc.doc_id].rule for doc in made[1]] == ["near", "url"]  # by day one, not by itself
    assert (tmp_path / "history.json").read_bytes() == record
    assert sorted((tmp_path / "batches").iterdir()) == folders


def test_an_older_batch_that_comes_out_another_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    history = History(tmp_path)
    made = days(history)
    record, folders = (tmp_path / "history.json").read_bytes(), sorted((tmp_path / "batches").iterdir())
    with pytest.raises(DaybreakError, match=r"'2026-01-02' .* and '2026-01-03' was compared with it"):
        run_day(history, "2026-01-02", made[1][:1])
    assert (tmp_path / "history.json").read_bytes() == record
    assert sorted((tmp_path / "batches").iterdir()) == folders


def test_a_compacted_batch_cannot_be_made_again(tmp_path: Path) -> None:
    history = History(tmp_path)
    days(history)
    with history.held():
        compact(history)
    with pytest.raises(RecipeError, match=r"'2026-01-02' .* was compacted"):
        history.check("2026-01-02", SETTINGS)


def test_a_late_day_is_compared_with_all_that_is_there(tmp_path: Path) -> None:
    history = History(tmp_path)
    made = days(history)
    late = run_day(history, "2025-12-31", [doc._replace(doc_id=f"{doc.doc_id}-late") for doc in made[0]])
    assert {verdict.rule for verdict in late.values()} <= {"url", "exact", "near"}
    assert [batch.name for batch in history.state().batches][-1] == "2025-12-31"


def test_a_run_waits_for_another_ones_history_and_gives_up_with_its_holder(tmp_path: Path) -> None:
    history, heard = History(tmp_path), []
    holding = threading.Event()

    def hold() -> None:
        with history.held():
            holding.set()
            while not heard:
                time.sleep(0.01)

    other = threading.Thread(target=hold)
    other.start()
    holding.wait()
    with History(tmp_path).held(60, heard.append):
        assert f"pid {os.getpid()}" in heard[0]
    other.join()
    with (
        history.held(),
        pytest.raises(WorkspaceError, match=r"another run is using the history .* Waited 0\.1 s"),
        History(tmp_path).held(0.1),
    ):
        pass


def test_what_stood_before_a_batch_does_not_change_afterwards(tmp_path: Path) -> None:
    history = History(tmp_path)
    empty = history.state().digest
    days(history)
    before = [history.state().before(number).digest for number in (1, 2, 3)]
    assert before[0] == empty
    run_day(history, "2026-01-04", [])
    history.remove(["d1"])
    with history.held():
        compact(history)
    assert [history.state().before(number).digest for number in (1, 2, 3)] == before
    with pytest.raises(RecipeError, match="compacted"):
        history.check("2026-01-04", SETTINGS)


def test_other_settings_are_refused_by_name_once_there_is_something_to_compare(tmp_path: Path) -> None:
    history = History(tmp_path)
    run_day(history, "a", [])
    history.check("a", {**SETTINGS, "ngram": 7})  # the only batch is made again: nothing to compare with
    with pytest.raises(RecipeError, match="ngram is 1 there, 7 here"):
        history.check("b", {**SETTINGS, "ngram": 7})


def test_a_damaged_state_is_said(tmp_path: Path) -> None:
    history = History(tmp_path)
    run_day(history, "a", [])
    content = json.loads((tmp_path / "history.json").read_text())
    (tmp_path / "history.json").write_text(json.dumps(content | {"format": 99}))
    with pytest.raises(WorkspaceError, match=r"history\.json cannot be read: history format 99"):
        history.state()


def _die_in_append(place: Path) -> None:
    history = History(place)
    with history.held():
        _, folder = history.begin("2026-01-04")
        folder.make("exact")
        folder.write("exact/half.parquet", b"PAR1")
        os.kill(os.getpid(), signal.SIGKILL)


def test_killed_in_the_middle_of_an_append_leaves_the_history_as_it_was(tmp_path: Path) -> None:
    history = History(tmp_path)
    days(history)
    before, state = everything(history), history.state()
    process = multiprocessing.get_context("spawn").Process(target=_die_in_append, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    (half,) = tmp_path.glob("batches/*/exact/half.parquet")
    assert history.state() == state
    assert everything(history) == before
    with history.held():
        assert not half.exists()
        run_day(history, "2026-01-04", [])
    assert [batch.number for batch in history.state().batches] == [1, 2, 3, 4]


def _try(place: Path, answer: Any) -> None:
    try:
        with History(place).held():
            answer.put("held")
    except WorkspaceError as error:
        answer.put(str(error))


def test_a_second_run_on_one_history_is_refused(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answer = spawn.Queue()
    with History(tmp_path).held():
        other = spawn.Process(target=_try, args=(tmp_path, answer))
        other.start()
        assert "another run is using the history" in answer.get(timeout=60)
        other.join()
