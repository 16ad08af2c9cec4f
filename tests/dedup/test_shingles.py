"""Shingle sets against a plain-Python reading of the same rule."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from dedup_reference import jaccard as slow_jaccard
from dedup_reference import shingles, tokens
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.normal import normalise
from pipelines.dedup.shingles import shingle_sets, token_hashes
from pipelines.dedup.verify import jaccard

ALPHABET = "aBc déÉ,.-_7 \n的是不カきกขी\u0301\u0e31\u00ad中हनЖж"
TEXTS = st.text(ALPHABET, max_size=80)


def count(text: str) -> int:
    return int(token_hashes(pa.array([text]))[0][1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The quick-brown fox_jumps 3.5 times", 8),
        ("今天天气很好", 6),
        ("今天hello天气", 5),
        ("カタカナ・ひらがな", 8),
        ("한국어 문장", 2),
        ("ภาษาไทย", 7),
        ("น้ำ", 2),
        ("हिन्दी में", 2),
        ("كتاب جديد", 2),
        ("don't", 2),
        ("so\u00adft", 1),
        ("😀 !!! 😀", 0),
        ("", 0),
    ],
)
def test_tokens_of_many_scripts(text: str, expected: int) -> None:
    assert count(text) == expected


@given(TEXTS)
def test_tokens_agree_with_plain_python(text: str) -> None:
    offsets, values = token_hashes(pa.array([text]))
    words = tokens(text)
    assert offsets.tolist() == [0, len(words)]
    assert len(set(values.tolist())) == len(set(words))


@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_sets_and_jaccard_agree_with_plain_python(texts: list[str]) -> None:
    ours = shingle_sets(pa.array(texts), 2)
    slow = [shingles(text, 2) for text in texts]
    assert [len(found) for found in ours] == [len(found) for found in slow]
    pairs = [slow_jaccard(a, b) for a, b in pairwise(slow)]
    assert jaccard(ours[:-1], ours[1:]).tolist() == pytest.approx(pairs)


def test_sets_are_ascending_and_unique() -> None:
    found = shingle_sets(pa.array(["a b c d e f " * 20]))[0].values.to_numpy()
    assert len(found) == 6
    assert (found[:-1] < found[1:]).all()


def test_a_text_shorter_than_a_shingle_has_none() -> None:
    assert [
        len(found) for found in shingle_sets(pa.array(["one two three four", None, "", "a b c d e"]))
    ] == [
        0,
        0,
        0,
        1,
    ]


@given(TEXTS)
def test_normalising_first_changes_nothing(text: str) -> None:
    given_text = pa.array([text])
    assert shingle_sets(given_text, 2).equals(shingle_sets(normalise(given_text), 2))


def test_jaccard_of_empty_sets_is_zero() -> None:
    empty = pa.array([[], [1, 2]], pa.list_(pa.int64()))
    other = pa.array([[], [2, 3]], pa.list_(pa.int64()))
    assert jaccard(empty, other).tolist() == pytest.approx([0, 1 / 3])
