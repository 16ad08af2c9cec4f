"""C4's line editing: golden lines, the published code's behaviour read anew, other scripts, cut batches."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.errors import RecipeError
from pipelines.quality.lines import Lines


def edit(rule_set: str, *texts: str | None) -> list[dict[str, object]]:
    batch = pa.record_batch({"source": pa.array(["web"] * len(texts)), "text": pa.array(texts, pa.string())})
    return Lines({"web": ("gopher@paper", rule_set)})(batch).drop_columns(["source"]).to_pylist()


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("This line has five words.", True),
        ("This line has five words", False),
        ("Does this line end well?", True),
        ("What a line this is!", True),
        ('He said "this is fine"', True),
        ("This line trails off slowly...", False),
        ("Please enable JavaScript in your browser.", False),
        ("We have a Privacy Policy page here.", False),
        ("This site uses cookies all day.", False),
        ("See our terms of use page.", False),
        ("Cookies are what this cake is.", True),
        ("a " * 10 + "x" * 1001 + " end.", False),
        ("a " * 10 + "x" * 999 + " end.", True),
    ],
)
def test_lines_kept_and_dropped(line: str, kept: bool) -> None:
    row = edit("c4@tfds", line)[0]
    assert row["text"] == (line if kept else "")
    assert row["lines_removed"] == (0 if kept else 1)
    assert row["bytes_removed"] == (0 if kept else len(line))


def test_the_variants_differ_in_words_a_line() -> None:
    page = "Only three words.\nHere are four words.\nHere are now five words.\nJust two."
    assert edit("c4@paper", page)[0]["text"] == "\n".join(page.split("\n")[:3])
    assert edit("c4@tfds", page)[0]["text"] == page.split("\n")[2]
    assert edit("c4@tfds", page)[0]["lines_removed"] == 3


def test_citation_marks_are_cut_out() -> None:
    page = "The city[1] was[edit] founded[citation needed] in 1066.[23]\n[] Its walls stand [a] today [٤]."
    assert edit("c4@tfds", page)[0]["text"] == ("The city was founded in 1066.\n Its walls stand [a] today .")


def test_the_page_is_looked_at_before_editing() -> None:
    row = edit("c4@paper", "function() {\nLorem Ipsum dolor\nA good line stays here.")[0]
    assert row["text"] == "A good line stays here."
    assert (row["page_curly_brace"], row["page_lorem_ipsum"]) == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        "今天天气很好，我们去公园。",
        "これは日本語の文です！",
        "वह कल दिल्ली जाएगा और आएगा।",
        "هل تعرف أين تقع المكتبة؟",
        "ฉันไปตลาดกับแม่เพื่อซื้อผักสดและผลไม้",
        "Er sagte, das sei alles „gut so.”",
    ],
)
def test_lines_of_other_scripts_may_end_in_their_own_marks(line: str) -> None:
    assert edit("c4@tfds", line)[0]["text"] == line


def test_only_sources_that_name_a_c4_set_are_edited() -> None:
    stage = Lines({"web": ("c4@paper",), "book": ("gopher@paper",)})
    text = "no mark here\nA good line stays here."
    batch = pa.record_batch({"source": ["web", "book", "other", None], "text": [text, text, text, None]})
    edited = stage(batch)
    assert edited.column("text").to_pylist() == ["A good line stays here.", text, text, None]
    assert edited.column("lines_removed").to_pylist() == [1, 0, 0, 0]
    assert Lines({"*": ("c4@paper",)})(batch).column("lines_removed").to_pylist() == [1, 1, 1, 0]
    with pytest.raises(RecipeError, match="did you mean 'c4@paper'"):
        Lines({"web": ("c4@papr",)})


def by_the_published_code(text: str, min_words: int) -> str:
    """What clean_page leaves of a page, on lines split at newlines, written from its description."""
    kept = []
    for line in (line.strip() for line in text.split("\n")):
        if max(map(len, line.split()), default=0) > 1000:
            continue
        line = re.sub(r"\[(\d*|edit|citation needed)\]", "", line)
        if not line.endswith((".", "?", "!", '"')) or line.endswith("..."):
            continue
        low = line.lower()
        banned = (
            "javascript",
            "terms of use",
            "privacy policy",
            "cookie policy",
            "uses cookies",
            "use of cookies",
        )
        if len(line.split()) >= min_words and not any(phrase in low for phrase in (*banned, "use cookies")):
            kept.append(line)
    return "\n".join(kept).strip()


PIECES = st.sampled_from(
    ["a ", "Word ", "é", "1", "[1]", "[edit]", "[citation needed]", "[", "]", ".", "...", "?", '"', "😀 ",
     "\n", "\n", " ", "\t", "\u00a0", "\u2028", "JavaScript ", "Cookie Policy", "uses cookies",
     "tErms of use", "x" * 1001]
)  # fmt: skip
PAGES = st.lists(PIECES, max_size=50).map("".join)


@settings(max_examples=300, deadline=None)
@given(PAGES, st.sampled_from([("c4@paper", 3), ("c4@tfds", 5)]))
def test_edits_equal_those_of_the_published_code(text: str, variant: tuple[str, int]) -> None:
    row = edit(variant[0], text)[0]
    assert row["text"] == by_the_published_code(text, variant[1])
    assert row["bytes_removed"] == len(text.encode()) - len(str(row["text"]).encode())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | PAGES | st.text(max_size=40), max_size=6), st.integers(0, 6), st.booleans())
def test_how_a_batch_is_cut_never_changes_a_row(texts: list[str | None], cut: int, large: bool) -> None:
    stage = Lines({"*": ("c4@paper",)})
    text = pa.array(texts, pa.large_string() if large else pa.string())
    batch = pa.record_batch({"source": pa.array(["s"] * len(texts), pa.string()), "text": text})
    whole = stage(batch)
    assert whole.schema.field("text").type == text.type
    parts = stage(batch.slice(0, cut)).to_pylist() + stage(batch.slice(cut)).to_pylist()
    assert whole.to_pylist() == parts
    whole.validate(full=True)


def test_a_giant_line_and_broken_utf8_stay_within_their_bounds() -> None:
    giant = "word " * 1_000_000 + "end."
    assert edit("c4@paper", giant, "x" * 5_000_000 + ".")[0]["text"] == giant
    broken = pa.array([b"one two three \xe4\xbd.", b"\xf0\x9f\n\xe4 a b c."], pa.binary()).view(pa.string())
    batch = pa.record_batch({"source": pa.array(["s", "s"]), "text": broken})
    edited = Lines({"*": ("c4@paper",)})(batch).column("text").view(pa.binary()).to_pylist()
    assert edited == [b"one two three \xe4\xbd.", b"\xe4 a b c."]
