"""Which texts count as the same."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.normal import exact_hash, normalise

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def hashes(*texts: str | None) -> list[str | None]:
    return exact_hash(pa.array(texts, pa.string())).to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello  World", "hello world"),
        ("\n\t Ends are trimmed\u00a0\u3000", "ends are trimmed"),
        ("a\r\n\r\nb\u2028c", "a b c"),
        ("ÀÉÎ STRASSE ΑΒΓ ДОМ", "àéî strasse αβγ дом"),
        ("e\u0301", "é"),
        ("\u1112\u1161\u11ab", "한"),
        ("soft\u00adhyphen\ufeff zero\u200bwidth", "softhyphen zerowidth"),
        ("İ", "i"),
        ("Ⱥ", "ⱥ"),
        ("Punctuation, stays!", "punctuation, stays!"),
        ("𝒳 😀 𐐀", "𝒳 😀 𐐨"),
        ("", ""),
        (" \u200b ", ""),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normalise(pa.array([text])).to_pylist() == [expected]


def test_hash_is_xxh3_of_the_normal_form_and_null_stays_null() -> None:
    assert hashes("  A  B ", None, "") == [
        xxhash.xxh3_128_hexdigest(b"a b"),
        None,
        xxhash.xxh3_128_hexdigest(b""),
    ]


def test_different_texts_differ() -> None:
    assert len(set(hashes("a+b", "a-b", "ab", "a b", "a.b", "的", "得"))) == 7


@given(TEXTS)
def test_canonically_equal_texts_have_one_hash(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert len(set(hashes(text, composed, decomposed))) == 1


@given(st.lists(st.none() | TEXTS, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_slices_hash_as_the_whole(texts: list[str | None], start: int, size: int) -> None:
    whole = pa.array(texts, pa.string())
    assert exact_hash(whole.slice(start, size)).to_pylist() == exact_hash(whole).to_pylist()[start:][:size]
    assert exact_hash(whole.cast(pa.large_string())).equals(exact_hash(whole))


@given(TEXTS)
def test_case_and_spacing_of_plain_text_do_not_matter(text: str) -> None:
    words = "".join(char for char in text if char.isascii() and char.isalnum())
    assert len(set(hashes(f"{words} x", f"\n{words.upper()}\t X  "))) == 1


def test_truncated_utf8_is_survived() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.array([0, 2, 4], pa.int32()).buffers()[1], pa.py_buffer(b"a\xf0b\xe4")]
    )
    assert len(set(exact_hash(broken).to_pylist())) == 2
