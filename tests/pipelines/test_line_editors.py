"""RefinedWeb's line editing, and what each editor would leave of a page that another one edits, or none."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.quality.families.edits import SIGNALS
from pipelines.quality.lines import EDITORS, Lines
from pipelines.quality.rules import LINE_RULES

NAMES = [signal.name for signal in SIGNALS]


def run(rules: tuple[str, ...], *texts: str | None) -> list[dict[str, object]]:
    batch = pa.record_batch({"source": pa.array(["web"] * len(texts)), "text": pa.array(texts, pa.string())})
    return Lines({"web": rules})(batch).drop_columns(["source"]).to_pylist()


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("A line of ordinary words.", "A line of ordinary words."),
        ("BUY NOW or never", "BUY NOW or never"),  # 6 of 16 characters
        ("ABC def", "ABC def"),
        ("ABCDe fgh", "ABCDe fgh"),  # 4 of 9
        ("ABCDE fgh", ""),  # 5 of 9
        ("12345", ""),
        ("12 345", "12 345"),  # a space is no digit
        ("3 likes", ""),
        ("1 comment", ""),
        ("★ 1,204 Views ★", ""),
        ("2.5k shares", ""),
        ("3 likes this", "3 likes this"),
        ("3 lines", "3 lines"),
        ("likes 3", "likes 3"),
        ("Home", ""),
        ("漢字", "漢字"),
        ("漢", ""),
        ("Sign-in to see more", "to see more"),
        ("Please sign-in here", "Please sign-in here"),
        ("sign-in", ""),
        ("The story goes on. Read more...", "The story goes on."),
        ("The story goes on. READ MORE…", "The story goes on."),
        ("Read more...", ""),
        ("You may read more", "You may read more"),
        ("You have 2 items in cart today", "You have 2 today"),
        ("items in cart items in cart", ""),
        ("one two three four five six seven 8 items in cart", "one two three four five six seven 8 items in cart"),
        ("one two three four five six seven items in cart", "one two three four five six seven"),
        ("Sign-in items in cart now read more...", "now"),
    ],
)  # fmt: skip
def test_refinedweb_lines(line: str, left: str) -> None:
    page = f"A first line stands here.\n{line}\nA last line stands here."
    row = run(("refinedweb",), page)[0]
    kept = ["A first line stands here.", *([left] if left else []), "A last line stands here."]
    assert row["text"] == "\n".join(kept)
    assert row["lines_removed"] == (0 if left else 1)


def test_paragraphs_and_indents_stay_and_the_page_is_stripped() -> None:
    page = "\n \n  Home\n  A first line.\n\n    An indented line.  \n\u3000\nBACK TO TOP\n\n"
    row = run(("refinedweb",), page)[0]
    assert row["text"] == "A first line.\n\n    An indented line."
    assert row["bytes_removed"] == len(page.encode()) - len(str(row["text"]).encode())


def test_removed_words_are_counted_against_the_page() -> None:
    page = "\n".join(
        ["four words stand here"] * 9 + ["Home", "Read more... it goes", "two words, read more..."]
    )
    row = run((), page)[0]
    assert row["text"] == page
    assert row["refinedweb_removed_word_ratio"] == pytest.approx((1 + 2) / (36 + 1 + 4 + 4))


CODE = """function() { return 1; }
He said { and it was no code at all.
They tell us to enable { javascript for this page.
Our privacy policy has { as its only brace today.
Lorem ipsum dolor sit amet, they all said.
Lorem ipsum.
Three words only.
Home
One two three four five. Six seven eight nine ten!"""


def test_what_each_editor_would_leave_is_measured_whatever_is_done() -> None:
    rows = [run(rules, CODE)[0] for rules in ((), ("c4@paper",), ("c4@tfds",), ("refinedweb",))]
    signals = [{name: row[name] for name in NAMES} for row in rows]
    assert all(row == signals[0] for row in signals)
    assert signals[0] | {"refinedweb_removed_word_ratio": 0} == {
        "page_curly_brace": 4, "page_lorem_ipsum": 2, "c4_paper_sentences": 5, "c4_tfds_sentences": 4,
        "c4_tfds_curly_brace": 2, "c4_tfds_lorem_ipsum": 1, "refinedweb_removed_word_ratio": 0, "mc4_long_lines": 0,
    }  # fmt: skip
    assert len({str(row["text"]) for row in rows}) == 4


def test_the_first_set_that_edits_decides() -> None:
    page = "Only three words.\nHome"
    assert run(("gopher@paper", "refinedweb", "c4@tfds"), page)[0]["text"] == "Only three words."
    assert run(("c4@tfds", "refinedweb"), page)[0]["text"] == ""
    assert set(EDITORS) == set(LINE_RULES)


@pytest.mark.parametrize(("size", "lines"), [(199, 0), (200, 1)])
def test_long_lines_for_mc4(size: int, lines: int) -> None:
    assert run((), "x" * size + "\nshort\n" + "漢" * (size - 100))[0]["mc4_long_lines"] == lines
    assert run((), " " * size)[0]["mc4_long_lines"] == lines


COUNTED = "bookmark|comment|download|downvote|follower|like|quote|repost|retweet|share|upvote|view"
COUNTER = re.compile(rf"[\W_]*\d[\d,.]*[kmb]?\s+(?:{COUNTED})s?[\W_]*", re.I)


def by_hand(text: str) -> tuple[str, float]:
    """RefinedWeb's editing in plain Python for scripts with spaces: (text, share of words removed)."""
    kept, lost = [], 0
    for raw in text.split("\n"):
        line = raw.strip()
        words = len(line.split())
        if not line:
            kept.append("")
            continue
        left = "" if _discarded(line, words) else line
        if left and words <= 10:
            cut = _cut(line)
            left = cut if cut != line else raw.rstrip()
        lost += words - len(left.split())
        if left:
            kept.append(raw.rstrip() if left == line else left)
    page = "\n".join(kept).strip()
    total = len(text.split())
    return page, float(np.float32(lost / total)) if total else 0.0


def _discarded(line: str, words: int) -> bool:
    upper = sum(c.isupper() for c in line)
    return upper * 2 > len(line) or line.isdecimal() or bool(COUNTER.fullmatch(line)) or words < 2


def _cut(line: str) -> str:
    line = re.sub(r"\s?items in cart", "", line, flags=re.I).strip()
    line = re.sub(r"\s?read more(\.\.\.|…)$", "", line, flags=re.I)
    return re.sub(r"^sign-in\s*", "", line, flags=re.I).strip()


PIECES = st.sampled_from(
    ["a ", "Word ", "ABC ", "x\n", "1", "12 ", "3 likes", "1.5K Views\n", "sign-in ", "Sign-in", " read more...",
     "Read more…\n", " items in cart", "Items In Cart ", "\n", "\n\n", " ", "  ", "\t", "★", "é", "one two three four "]
)  # fmt: skip
PAGES = st.lists(PIECES, max_size=30).map("".join)


@settings(max_examples=400, deadline=None)
@example("a  items in cartItems In Cart a ")
@given(PAGES)
def test_refinedweb_agrees_with_a_plain_reading(text: str) -> None:
    row = run(("refinedweb",), text)[0]
    page, ratio = by_hand(text)
    assert (row["text"], row["refinedweb_removed_word_ratio"]) == (page, ratio)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.none() | PAGES | st.text(max_size=40), max_size=6),
    st.integers(0, 6),
    st.sampled_from(EDITORS),
)
def test_how_a_batch_is_cut_never_changes_a_row(texts: list[str | None], cut: int, editor: str) -> None:
    rows = run((editor,), *texts)
    assert rows == run((editor,), *texts[:cut]) + run((editor,), *texts[cut:])
    assert rows[::-1] == run((editor,), *texts[::-1])
