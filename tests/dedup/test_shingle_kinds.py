"""Shingles of words, of characters, and of either by script."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from dedup_reference import tokens
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.kernels import mix64
from pipelines.dedup.shingles import shingle_sets, shingle_windows, token_hashes

TEXTS = st.text("aBc déÉ,.-_7 \n的是不カきขี\u0301\u0e31\u00ad中हЖж", max_size=80)


def size(text: str, ngram: int, by: str) -> int:
    return int(shingle_windows(pa.array([text]), ngram, by)[0][1])


@given(TEXTS, st.integers(1, 8))
def test_a_window_is_the_polynomial_of_its_tokens(text: str, ngram: int) -> None:
    _, words = token_hashes(pa.array([text]))
    expected = []
    for j in range(len(words) - ngram + 1):
        value = 0
        for word in words[j : j + ngram]:
            value = (value * 0x9E3779B97F4A7C15 + int(word)) % 2**64
        expected.append(int(mix64(np.uint64(value))))
    assert shingle_windows(pa.array([text]), ngram)[1].tolist() == expected


@pytest.mark.parametrize(
    ("text", "characters"),
    [("abc", 3), ("a bc", 4), (" a -- b ", 3), ("今天，天", 4), ("so\u00adft", 4), ("!!", 0), ("", 0)],
)
def test_characters_are_letters_and_one_blank_between_words(text: str, characters: int) -> None:
    assert size(text, 1, "characters") == characters
    assert size(text, 3, "characters") == max(0, characters - 2)


def test_characters_look_over_the_borders_of_words_but_not_at_case_or_marks() -> None:
    one, same, other = shingle_sets(
        pa.array(["Some text, here.", "some TEXT here", "sometext here"]), 4, "characters"
    )
    assert one == same
    assert one != other


@given(TEXTS.filter(lambda text: all(not t > "\u0e00" for t in "".join(tokens(text)))), st.integers(1, 6))
def test_auto_is_words_where_words_have_spaces(text: str, ngram: int) -> None:
    one = pa.array([text])
    assert shingle_sets(one, ngram, "auto").equals(shingle_sets(one, ngram))
    mixed = pa.array([text, "的是不"])
    assert shingle_sets(mixed, ngram, "auto")[0].as_py() == shingle_sets(one, ngram)[0].as_py()


def test_auto_takes_two_characters_of_a_script_without_spaces_for_a_word() -> None:
    assert size("一二三四五六七八九十", 5, "auto") == 1
    assert size("一二三四五六七八九", 5, "auto") == 0
    assert size("一二三四五六 one two", 5, "auto") == 1
    assert size("one two three four 五六", 5, "auto") == 1


@given(st.lists(TEXTS, min_size=1, max_size=8), st.sampled_from(["words", "auto", "characters"]))
def test_a_text_has_the_same_shingles_in_any_batch(texts: list[str], by: str) -> None:
    whole = shingle_sets(pa.array(texts), 3, by).to_pylist()
    assert whole == [shingle_sets(pa.array([text]), 3, by)[0].as_py() for text in texts]
