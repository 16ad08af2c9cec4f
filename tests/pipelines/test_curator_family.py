"""NeMo Curator's counts: a reading in plain Python of its definitions, golden texts, odd texts."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.quality.families.curator import SIGNALS
from pipelines.quality.families.curator_lines import POLICY
from pipelines.quality.signals import Measure

NAMES = [signal.name for signal in SIGNALS]
ELLIPSES = ("...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more")
EIGHT = {"the", "be", "to", "of", "and", "that", "have", "with"}


def measure(*texts: str | None) -> list[dict[str, Any]]:
    batch = Measure()(pa.record_batch({"text": pa.array(texts, pa.string())}))
    return batch.select(NAMES).to_pylist()


def share(part: float, whole: float, nothing: float) -> float:
    return float(np.float32(part / whole)) if whole else nothing


def top(text: str, words: list[str], n: int) -> float:
    """The first of the most frequent n-grams, taken out of the text as a string."""
    if len(words) < n:
        return 1.0
    grams = list(zip(*(words[k:] for k in range(n)), strict=False))
    counts = Counter(grams)
    best = " ".join(next(gram for gram in grams if counts[gram] == max(counts.values())))
    return share(len(text) - len(text.replace(best, "")), len(text), 1.0)


def duplicate(text: str, words: list[str], n: int) -> float:
    """Words and spaces of n-grams seen before; `covered` words at the head of a gram are counted already."""
    if len(words) < n:
        return 1.0
    seen: set[tuple[str, ...]] = set()
    total = covered = 0
    for at in range(len(words) - n + 1):
        gram = tuple(words[at : at + n])
        if gram in seen:
            total += sum(map(len, gram[covered:])) + min(n - covered, n - 1)
            covered = n
        seen.add(gram)
        covered = max(covered - 1, 0)
    return share(total, len(text), 1.0)


def plain(text: str) -> dict[str, float]:
    words, n = text.split(), len(text)
    lines = [line for line in text.split("\n") if line.strip()]
    paragraphs = text.split("\n\n")
    low = [paragraph.lower() for paragraph in paragraphs]
    hashes = [len(re.findall("#+", word)) / len(word) > 0.5 for word in words]
    url = r"https?://(?:[A-Za-z0-9$\-_@.&+/:=?#~]|[!*\(\),]|(?:%[0-9A-Fa-f]{2}))+"
    values = {
        "nc_non_alnum_ratio": share(len(re.sub(r"[a-zA-Z0-9\n?!,.]", "", text)), n, 1.0),
        "nc_symbol_word_ratio": share(
            sum(h or w in ELLIPSES for h, w in zip(hashes, words, strict=True)), len(words), 1.0
        ),
        "nc_digit_ratio": share(sum(map(str.isdecimal, text)), n, 1.0),
        "nc_url_ratio": share(sum(map(len, re.findall(url, text))), n, 1.0),
        "nc_white_space_ratio": share(sum(text.count(c) for c in "\t\n\r\b "), n, 1.0),
        "nc_parenthesis_ratio": share(sum(text.count(c) for c in "{}[]()⟨⟩"), n, 1.0),
        "nc_boilerplate_ratio": 1.0
        if "lorem ipsum" in text.lower()
        else share(sum(any(phrase in one for phrase in POLICY) for one in low), len(low), 0.0),
        "nc_unique_line_ratio": share(len(set(lines)), len(lines), 0.0),
        "nc_unique_paragraph_ratio": share(len(set(paragraphs)), len(paragraphs), 0.0) if words else 0.0,
        "nc_unique_line_char_ratio": share(len("".join(set(lines))), len("".join(lines)), 0.0),
        "nc_unique_paragraph_char_ratio": share(len("".join(set(paragraphs))), len("".join(paragraphs)), 0.0),
        "nc_words": len(words),
        "nc_no_end_mark_ratio": share(
            sum(not line.strip().endswith((".", "?", "!", '"', "'")) for line in lines), len(lines), 1.0
        ),
        "nc_alpha_word_ratio": share(sum(any(map(str.isalpha, word)) for word in words), len(words), 0.0),
        "nc_common_words": sum(word in EIGHT for word in words),
        "nc_mean_word_length": share(sum(map(len, words)), len(words), 0.0),
        "nc_longest_word": max(map(len, words), default=1001),
        "nc_ellipsis_line_ratio": share(
            sum(line.strip().lower().endswith(ELLIPSES) for line in lines), len(lines), 1.0
        ),
        "nc_bullet_line_ratio": share(
            sum(line.strip()[0] in "•‣⁃⁌⁍∙○●◘◦⦾⦿" for line in lines), len(lines), 1.0
        ),
    }
    values |= {f"nc_top_{n}gram_ratio": top(text, words, n) for n in (2, 3, 4)}
    return values | {f"nc_dup_{n}gram_ratio": duplicate(text, words, n) for n in range(5, 11)}


PIECES = st.sampled_from(
    ["a ", "b ", "a b ", "ba bc ", "word ", "the ", "The ", "of\n", "\n", "\n\n", " ", "  ", "\t", "1", "٣", "#", "##",
     "#a# ", "... ", "[...]\n", "(...) ", "[…]\n", "-» ", "read more\n", "Read More..\n", ".", "!", "'\n", "\u3000",
     "http://x.org/a ", "https://x.org:80/~b?c=d#e;f ", "http://a/http://b ",
     "https://a%2Fb.c(d) ", "http:/ ", "http://", "htt", "%4", "privacy policy ", "Uses Cookies\n",
     "lorem ipsum", "necessary cookies are absolutely essential for the website ", "• ", "⦿", "{", "⟩", "é", "漢字",
     "a a a a ", "x y z w v u ", "x y z w v u t s r q p "]
)  # fmt: skip
PAGES = st.lists(PIECES, max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(PAGES)
def test_signals_agree_with_a_plain_reading(text: str) -> None:
    measured, wanted = measure(text)[0], plain(text)
    assert measured == {name: pytest.approx(wanted[name], rel=1e-6) for name in NAMES}


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab \n", max_size=80))
def test_repetition_agrees_on_texts_of_two_letters(text: str) -> None:
    measured, wanted = measure(text)[0], plain(text)
    assert measured == {name: pytest.approx(wanted[name], rel=1e-6) for name in NAMES}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | PAGES | st.text(max_size=40), max_size=6), st.integers(0, 6))
def test_how_a_batch_is_cut_never_changes_a_row(texts: list[str | None], cut: int) -> None:
    rows = measure(*texts)
    assert rows == measure(*texts[:cut]) + measure(*texts[cut:])
    assert rows[::-1] == measure(*texts[::-1])


def test_a_phrase_is_taken_out_wherever_its_letters_stand() -> None:
    assert measure("a b ba bc a b")[0]["nc_top_2gram_ratio"] == pytest.approx(
        9 / 13
    )  # str.replace finds it in `ba bc`
    assert measure("a\nb a b")[0]["nc_top_2gram_ratio"] == pytest.approx(3 / 7)


def test_a_repeated_sentence_is_counted_once_from_its_second_time_on() -> None:
    sentence = "one two six ten red "
    row = measure(sentence * 3)[0]
    # 15 words; the 5-grams at 5 to 10 were there before: all of the ten last words, and their nine spaces.
    assert row["nc_dup_5gram_ratio"] == pytest.approx((2 * 15 + 9) / 60)
    assert row["nc_dup_10gram_ratio"] == pytest.approx((2 * 15 + 9) / 60)


def test_odd_texts_measure_without_error() -> None:
    empty, null, one, emoji, newlines = measure("", None, "a", "😀👩‍👩‍👧🎉" * 50, "\n" * 50)
    assert empty == null == {name: pytest.approx(value) for name, value in plain("").items()}
    assert one == {name: pytest.approx(value) for name, value in plain("a").items()}
    assert emoji["nc_alpha_word_ratio"] == 0 and emoji["nc_non_alnum_ratio"] == 1
    assert newlines["nc_unique_paragraph_ratio"] == 0


@pytest.mark.slow
def test_fifty_megabytes_on_one_line_are_measured() -> None:
    giant, words = measure("x" * 50_000_000, "x " * 5_000_000)
    assert giant["nc_longest_word"] == 50_000_000
    assert words["nc_top_2gram_ratio"] == pytest.approx(0.75) and words["nc_dup_10gram_ratio"] > 0.99
