"""The passes over units: what goes, what stays, at any split of the corpus into units, batches and days."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from daybreak.accounting import Ledger, differences
from daybreak.storage import Store
from pipelines.parts import read_part
from pipelines.passages.pieces import Lines
from pipelines.passages.sentences import Spans
from pipelines.passages.settings import PassageSettings, Unit
from pipelines.passages.substrings import Substrings
from pipelines.reading import KeptUnit
from tests.passages.passage_support import after, blankless, corpus, left, one, passes

Ranges = list[tuple[str, int, int]]
"""Form, begin and end of each passage of a text, in characters."""


def lines_of(text: str) -> Ranges:
    return [(" ".join(m[0].split()), *m.span()) for m in re.finditer(r"[^\n]+", text) if m[0].strip()]


def spans_of(n: int) -> Callable[[str], Ranges]:
    def find(text: str) -> Ranges:
        found = [m.span() for m in re.finditer(r"\w+[.]", text)]
        return [
            (" ".join(text[a:b] for a, b in found[k : k + n]), found[k][0], found[k + n - 1][1])
            for k in range(len(found) - n + 1)
        ]

    return find


def runs_of(n: int) -> Callable[[str], Ranges]:
    def find(text: str) -> Ranges:
        found = [m.span() for m in re.finditer(r"\w+", text)]
        return [
            (" ".join(text[a:b] for a, b in found[k : k + n]), found[k][0], found[k + n - 1][1])
            for k in range(len(found) - n + 1)
        ]

    return find


PLAIN: dict[str, tuple[object, Callable[[str], Ranges]]] = {
    "lines": (Lines("spaces"), lines_of),
    "sentences": (Spans("spaces", 1), spans_of(1)),
    "spans": (Spans("spaces", 3), spans_of(3)),
    "substrings": (Substrings(4), runs_of(4)),
}


def expected(texts: list[str], find: Callable[[str], Ranges], copies: int, inside: bool) -> list[str]:
    """Texts in the declared order without their later copies, and without white space."""
    counts: Counter[str] = Counter()
    kept = []
    for text in texts:
        counts = Counter() if inside else counts
        goes, stays = set(), {}
        for form, begin, end in find(text):
            if begin < stays.get(form, 0):
                continue
            if counts[form] < copies:
                counts[form] += 1
                stays[form] = end
            else:
                goes.update(range(begin, end))
        kept.append(blankless("".join(c for k, c in enumerate(text) if k not in goes)))
    return kept


documents = st.lists(
    st.lists(st.sampled_from(["A.", "B.", "C.", "Dd.", "\n", "A.", "X.\n"]), max_size=14).map(" ".join),
    max_size=7,
)


def in_order(texts: list[str], ids: list[str]) -> list[int]:
    return sorted(range(len(texts)), key=lambda k: (-len(texts[k].encode()), ids[k]))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(("copies", "inside"), [(1, False), (2, False), (1, True)])
@given(texts=documents, seed=st.integers(0, 99))
@effort(max_examples=20)
def test_the_first_copies_stay(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    copies: int,
    inside: bool,
    texts: list[str],
    seed: int,
) -> None:
    cutter, find = PLAIN[name]
    draw = random.Random(seed)
    ids = [f"{n:03}" for n in draw.sample(range(100), len(texts))]
    order = in_order(texts, ids)
    wanted = expected([texts[k] for k in order], find, copies, inside)
    units: list[list[int]] = [[] for _ in range(draw.choice((1, 2, 4)))]
    for k in range(len(texts)):
        draw.choice(units).append(k)
    store = Store.at(tmp_path_factory.mktemp("passages"))
    made = corpus(store, [[texts[k] for k in u] for u in units], [[ids[k] for k in u] for u in units])
    passes(store, made, one(cutter, copies, inside), seed)
    found = left(made, store)
    for k, text in zip(order, wanted, strict=True):
        lost = text != blankless(texts[k])
        assert blankless(found.get(ids[k], "")) == text
        assert (ids[k] in found) == (not lost or text != "")


@pytest.mark.parametrize("name", PLAIN)
@given(texts=documents, seed=st.integers(0, 99))
@effort(max_examples=15)
def test_day_by_day_is_all_at_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, texts: list[str], seed: int
) -> None:
    cutter, find = PLAIN[name]
    draw = random.Random(seed)
    ids = [f"{n:03}" for n in range(len(texts))]
    days = [sorted(k for k in range(len(texts)) if draw.random() < 0.5 or day) for day in (0, 1)]
    days[1] = [k for k in days[1] if k not in days[0]]
    order = [k for day in days for k in sorted(day, key=lambda k: (-len(texts[k].encode()), ids[k]))]
    wanted = dict(
        zip((ids[k] for k in order), expected([texts[k] for k in order], find, 1, False), strict=True)
    )
    seen: set[tuple[int, int]] = set()
    for day in days:
        store = Store.at(tmp_path_factory.mktemp("day"))
        made = corpus(store, [[texts[k] for k in day]], [[ids[k] for k in day]])
        passes(store, made, one(cutter), seed, seen)
        found = left(made, store)
        assert {ids[k]: blankless(found.get(ids[k], "")) for k in day} == {
            ids[k]: wanted[ids[k]] for k in day
        }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.at(tmp_path)


EVERY = PassageSettings(
    {
        "paragraphs": Unit(Lines("loose"), False, 1),
        "spans": Unit(Spans("loose", 3), False, 1),
        "substrings": Unit(Substrings(10), False, 1),
    },
    max_removed_share=0.8,
    min_left_chars=12,
)
NOTICE = "All rights reserved. No part may be copied. Ask the owner first."


def test_the_books_balance_and_documents_that_lose_much_go(store: Store) -> None:
    first = f"A river is long and quiet. It rises in the hills.\n\n{NOTICE}\n\nBoats go there."
    second = f"Bread is baked from flour.\n\n{NOTICE.upper()}\n\nIt is eaten warm."
    units = corpus(store, [[first, NOTICE], [second, f"Ho!\n{NOTICE}"], []])
    results = passes(store, units, EVERY)
    assert left(units, store) == {
        "u000-0000": first,
        "u001-0000": "Bread is baked from flour.\n\nIt is eaten warm.",
    }
    counts = Ledger([c for r in results for c in r.counts]).counts()
    assert differences(counts) == []
    by = {(c.outcome, c.rule): (c.documents, c.bytes) for c in counts}
    assert by["in", None][0] == 4 and by["edited", None] == (0, len(NOTICE) + 2)
    assert by["dropped", "passages.removed_share"] == (2, 2 * len(NOTICE) + 4)
    assert results[0].facts["passages"]["paragraphs"] == (4, 1)


def test_why_a_document_went_is_written_down(store: Store) -> None:
    units = corpus(store, [[f"{NOTICE} {NOTICE.lower()} end of it all", NOTICE]])
    passes(store, units, EVERY)
    (row,) = [r for b in after(units[0], store).read(["doc_id"]) for r in b.to_pylist()]
    rows = [r for b in read_part(store, "decisions/u000.parquet") for r in b.to_pylist()]
    assert row["doc_id"] == "u000-0000"
    assert [
        (r["verdict"], r["rule"], r["value"], r["threshold"], r["failed"], r["detail"]) for r in rows
    ] == [
        ("keep", None, None, None, [], None),
        (
            "drop",
            "passages.removed_share",
            pytest.approx(52 / 53),
            0.8,
            ["passages.removed_share", "passages.left_chars"],
            "substrings",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("A\nX\nB", "A\nB"),
        ("A\n\nX\n\nB", "A\n\nB"),
        ("X\n\nB", "B"),
        ("A\n\nX\n", "A"),
        ("A\n\nX\n\nX2\n\nB", "A\n\nB"),
        ("A\r\n  X \r\nB", "A\r\nB"),
        ("你好\nX\n再见", "你好\n再见"),
    ],
)
def test_no_hole_is_left_where_lines_went(store: Store, text: str, rest: str) -> None:
    known = "X\nX2\n" + "." * 99 + "long first"
    units = corpus(store, [[known, text]])
    passes(store, units, one(Lines("spaces")))
    assert left(units, store)["u000-0001"] == rest


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Go on. Seen it. Now then.", "Go on. Now then."),
        ("Go on. Seen it.\nNow then.", "Go on.\nNow then."),
        ("Go on.\nSeen it.\nNow then.", "Go on.\nNow then."),
        ("前。Seen it. 后。", "前。 后。"),
    ],
)
def test_no_hole_is_left_where_sentences_went(store: Store, text: str, rest: str) -> None:
    units = corpus(store, [["Seen it. " + "And much more of other things " * 3, text]])
    passes(store, units, one(Spans("loose")))
    assert left(units, store)["u000-0001"] == rest


def test_a_text_that_repeats_itself_keeps_one_copy(store: Store) -> None:
    units = corpus(store, [["ha " * 500 + "end", "na na na na hey " * 100]])
    passes(store, units, one(Substrings(50)))
    first, second = left(units, store).values()
    assert 50 <= first.count("ha") <= 100 and first.endswith("end")
    assert 50 <= len(second.split()) <= 60
    assert " ".join(["na na na na hey"] * 10) in second


def test_copies_are_not_looked_for_across_documents_when_asked(store: Store) -> None:
    units = corpus(store, [["a b\nc d\na b"], ["a b\nc d"]])
    passes(store, units, one(Lines("spaces"), inside=True))
    assert list(left(units, store).values()) == ["a b\nc d", "a b\nc d"]


def test_two_hundred_thousand_equal_lines(store: Store) -> None:
    units = corpus(store, [["the same line\n" * 100_000], ["the same line\n" * 100_000, "other"]])
    (first, second) = passes(store, units, one(Lines("loose")))
    assert sorted(left(units, store).values()) == ["other", "the same line\n"]
    assert first.facts["passages"]["unit"] == (100_000, 99_999)
    assert second.facts["passages"]["unit"] == (100_001, 100_000)


def test_a_document_of_ten_megabytes(store: Store) -> None:
    draw = random.Random(3)
    vocabulary = ["".join(draw.choices("abcdefgh", k=6)) for _ in range(5000)]
    lines = [" ".join(draw.choices(vocabulary, k=12)) + "." for _ in range(60_000)]
    again = "\n".join([*lines, *lines])
    assert len(again) > 10_000_000
    units = corpus(store, [[again], ["\n".join(lines[:10])]])
    passes(store, units, EVERY)
    assert left(units, store) == {"u000-0000": "\n".join(lines)}


def test_empty_and_tiny_documents_stay(store: Store) -> None:
    units = corpus(store, [["", " \n", "word", "."], [""], ["word?"]])
    passes(store, units, EVERY)
    assert list(left(units, store).values()) == ["", " \n", ".", "", "word?"]


def test_cuts_of_two_steps_compose(store: Store, tmp_path: Path) -> None:
    """The second step's offsets refer to what the first one left, and its decisions narrow both tables."""
    texts = [
        "one\nshared\ntwo\nlate",
        "shared longer than one of the others\nshared\nlate",
        "late\nshared",
        "a",
    ]
    (unit,) = corpus(store, [texts])
    passes(store, [unit], PassageSettings({"lines": Unit(Lines("spaces"), False, 1)}, 0.99, 1))
    middle: KeptUnit = after(unit, store)
    again = Store.at(tmp_path / "again")
    passes(again, [middle], PassageSettings({"sentences": Unit(Substrings(2), True, 1)}, 0.99, 1))
    last = after(middle, again)
    batches = list(last.read(["doc_id", "text"], rows=2))
    shown = {
        i: t for b in batches for i, t in zip(b["doc_id"].to_pylist(), b["text"].to_pylist(), strict=True)
    }
    assert shown == {"u000-0000": "one\ntwo", "u000-0001": texts[1], "u000-0003": "a"}
    sizes = [n for b in last.read_signals(["n_bytes"], rows=2) for n in b["n_bytes"].to_pylist()]
    assert sizes == [len(t) for t in shown.values()]
