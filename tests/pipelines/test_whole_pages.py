"""Pages read many characters at a time: what stands at a block's edge or at the data's end counts the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.arrow import text_view
from pipelines.kernels.codepoints import class_table
from pipelines.kernels.page import Page, load, room_for
from pipelines.kernels.words import count_spaced, count_words
from pipelines.quality.line_gates import BRACE, CITATION, LOREM, PATTERN, PHRASE, find_gates, gates_for
from pipelines.quality.signals import Measure

RUNS = st.lists(
    st.sampled_from(["a", "é", "7", ".", " ", "\n", "a" * 63, "é" * 64, " " * 65, "\u2003"]), max_size=30
)
TEXT = RUNS.map("".join)


def page_of(text: str) -> Page:
    view = text_view(pa.array([text]))
    return load(view.data, 0, view.stops[0], class_table(), room_for(view))


@settings(deadline=None)
@given(TEXT)
def test_words_and_lines_are_those_of_split(text: str) -> None:
    page = page_of(text)
    words = [text[b:e] for b, e in zip(page.word_begin, page.word_end, strict=True)]
    lines = [text[b:e] for b, e in zip(page.line_begin, page.line_end, strict=True)]
    bare = [text[b:e] for b, e in zip(page.text_begin, page.text_end, strict=True)]
    assert words == text.split()
    assert lines == text.split("\n")
    assert bare == [line.strip() for line in lines]


@settings(deadline=None)
@given(TEXT)
def test_words_with_a_letter_are_counted_by_masks_as_one_by_one(text: str) -> None:
    page = page_of(text)
    characters = sum(map(len, text.split()))
    counted = count_spaced(page.classes, page.points.size, page.word_begin.size, characters)
    assert counted == count_words(page.classes, 0, page.points.size)


@pytest.mark.parametrize("tail", ["", "b", "x" * 40])
def test_a_word_at_the_end_of_the_data_is_the_same_word(tail: str) -> None:
    """Every word repeats, so every n-gram does, wherever the page stands in its batch."""
    text = " ".join(["one two three four five sixteen-letter-w eight888 ends"] * 2)

    def measured(texts: list[str]) -> dict[str, Any]:
        batch = Measure(families=())(pa.record_batch({"text": pa.array(texts, pa.string())}))
        return batch.slice(0, 1).drop_columns(["text"]).to_pylist()[0]

    alone = measured([text])
    assert alone["duplicate_8gram_char_ratio"] == 1.0
    assert measured([text, tail]) == alone


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("JavaScript", PHRASE), ("Lorem Ipsum", PHRASE | LOREM), ("terms of use", PHRASE), ("Privacy policy", PHRASE),
        ("COO\u212aIE policy", PHRASE), ("use of cookies", PHRASE), ("Sign-In", PATTERN), ("items in cart", PATTERN),
        ("read more", PATTERN), ("[1]", CITATION), ("{", BRACE), ("plain words", 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["", "x", "é " * 20])
def test_a_gate_opens_wherever_an_editor_may_find_something(text: str, kind: int, around: str) -> None:
    view = text_view(pa.array([around + text + around]))
    gates = gates_for(view)
    count = find_gates(view.data, 0, view.stops[0], gates)
    assert np.bitwise_or.reduce(gates.kinds[:count], initial=0) == kind
    assert all(0 <= place < view.stops[0] for place in gates.places[:count])
