"""What texts are cut into, in several scripts, and when two passages are the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.passages.pieces import Lines, Pieces
from pipelines.passages.sentences import Spans
from pipelines.passages.substrings import Substrings
from tests.passages.passage_support import loose


def cut(cutter: object, *texts: str | None) -> list[list[str]]:
    """The passages of each text, as the bytes they stand on."""
    found: Pieces = cutter(pa.array(texts, pa.string()))  # type: ignore[operator]
    shown = []
    for d, text in enumerate(texts):
        here = range(found.ends[d], found.ends[d + 1])
        shown.append([(text or "").encode()[found.begins[k] : found.stops[k]].decode() for k in here])
    return shown


def hashes(cutter: object, text: str) -> list[int]:
    found: Pieces = cutter(pa.array([text], pa.string()))  # type: ignore[operator]
    return found.hashes.tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße 12, Köln.", "straße 99 koln"),
        ("Café — ouvert", "CAFÉ ouvert!"),
        ("Не́т, «да»", "нет да"),
        ("٣ كتب", "٧ كُتُب"),
        ("你好，世界。", "你好世界"),
        ("zero\u200bwidth \t two", "zerowidth two"),
    ],
)
def test_loose_forms_are_equal(one: str, other: str) -> None:
    assert hashes(Lines("loose"), one) == hashes(Lines("loose"), other)
    assert hashes(Lines("spaces"), one) != hashes(Lines("spaces"), other)


@pytest.mark.parametrize(
    ("one", "other"), [("के", "का"), ("หมา", "หมี"), ("がく", "かく"), ("각", "가"), ("a+b", "ab")]
)
def test_vowels_and_symbols_still_tell_words_apart(one: str, other: str) -> None:
    assert hashes(Lines("loose"), one) != hashes(Lines("loose"), other)


def test_lines_are_cut_at_line_ends_alone() -> None:
    assert cut(Lines("spaces"), "a b\n\n  c\u2028d\r\n \ne", None, "", "x\n") == [
        ["a b", "  c\u2028d\r", "e"], [], [], ["x"]
    ]  # fmt: skip


def test_what_has_no_form_is_no_passage() -> None:
    assert cut(Lines("loose"), "* * *\n---\nText") == [["Text"]]
    assert cut(Lines("spaces"), "* * *\n   \nText") == [["* * *", "Text"]]


def test_short_ones_are_left_alone() -> None:
    text = "Share\nRead more here\n分享到微博\nแบ่งปันบทความนี้"
    assert cut(Lines("loose", min_words=3), text) == [["Read more here", "分享到微博", "แบ่งปันบทความนี้"]]
    assert cut(Lines("loose", min_chars=6), text) == [["Read more here", "แบ่งปันบทความนี้"]]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two two! “Three?” Four", ["One.", "Two two!", "“Three?”", "Four"]),
        ("v. 1.5 is it e.g. this\nNext", ["v.", "1.5 is it e.g. this", "Next"]),
        ("今天好。「真的？」他说！走", ["今天好。", "「真的？」", "他说！", "走"]),
        ("यह है। वह था॥ अब", ["यह है।", "वह था॥", "अब"]),
        ("هذا؟ نعم۔ لا", ["هذا؟", "نعم۔", "لا"]),
        ("ሰላም። እንዴት፧ ነህ", ["ሰላም።", "እንዴት፧", "ነህ"]),
        ("ประโยคหนึ่ง ประโยคสอง", ["ประโยคหนึ่ง ประโยคสอง"]),
        ("*** A b. (C d.) ...", ["*** A b.", "(C d.) ..."]),
    ],
)
def test_sentences_end_at_marks_of_every_script(text: str, sentences: list[str]) -> None:
    assert cut(Spans("loose"), text) == [sentences]


def test_spans_go_over_lines_and_not_over_texts() -> None:
    assert cut(Spans("loose", 3), "A. B.\n—\nC. D.", "E. F.", "G. H. I.") == [
        ["A. B.\n—\nC.", "B.\n—\nC. D."], [], ["G. H. I."]
    ]  # fmt: skip


def test_substrings_begin_and_end_with_tokens() -> None:
    assert cut(Substrings(3), " a, b! c  d. ", "a b") == [["a, b! c", "b! c  d"], []]
    assert cut(Substrings(3), "我们去x") == [["我们去", "们去x"]]


words = st.lists(st.sampled_from("abc"), max_size=40).map(" ".join)


@given(st.lists(words, max_size=5), st.integers(2, 6))
def test_windows_are_equal_where_their_tokens_are(texts: list[str], n: int) -> None:
    found = Substrings(n)(pa.array(texts, pa.string()))
    tokens = [text.split() for text in texts]
    windows = [tuple(t[k : k + n]) for t in tokens for k in range(len(t) - n + 1)]
    assert len(windows) == len(found.hashes)
    known: dict[int, tuple[str, ...]] = {}
    for value, window in zip(found.hashes.tolist(), windows, strict=True):
        assert known.setdefault(value, window) == window
    assert len(known) == len(set(windows))


@given(st.lists(words, max_size=5), st.integers(4, 8))
def test_anchors_leave_out_only_what_stands_once(texts: list[str], n: int) -> None:
    column = pa.array(texts, pa.string())
    anchors, counts = np.unique(Substrings(n).anchors(column), return_counts=True)
    every = Substrings(n)(column).hashes
    some = Substrings(n, anchors[counts > 1])(column).hashes
    values, times = np.unique(every, return_counts=True)
    assert set(values[times > 1].tolist()) <= set(some.tolist()) <= set(values.tolist())


@given(st.text(st.characters(max_codepoint=0x24F, exclude_categories=("Cs",)), max_size=20), st.booleans())
def test_the_loose_form_is_the_one_of_the_standard_library(text: str, changed: bool) -> None:
    text = text.replace("\n", " ")
    form = loose(text) if changed else text
    mine, theirs = hashes(Lines("loose"), text), hashes(Lines("loose"), form)
    if "ß" not in text and "İ" not in text and "ŉ" not in text and "ǰ" not in text:
        assert mine == theirs


@given(st.lists(st.text(max_size=40), max_size=6))
def test_passages_are_whole_characters_of_any_text(texts: list[str]) -> None:
    for cutter in (Lines("loose"), Spans("spaces"), Spans("loose", 2), Substrings(2)):
        for pieces, text in zip(cut(cutter, *texts), texts, strict=True):
            assert all(piece and piece in text for piece in pieces)
