"""datatrove's rules: hand-made documents on both sides of every threshold, and its definitions read anew."""

from __future__ import annotations

import re
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.spacy_tables import spacy_words
from pipelines.quality.families import datatrove
from pipelines.quality.families.datatrove_marks import MARK, TERMINAL, tables
from pipelines.quality.rule import Rule
from pipelines.quality.sets.datatrove import FINEWEB_DATATROVE, GOPHER_DATATROVE
from pipelines.quality.signals import FAMILIES, SIGNALS, Measure

STOPS = {"the", "be", "to", "of", "and", "that", "have", "with"}
PIECES = ["a", "Ab", "the", "of", "don't", "日本", "。", " ", " ", "\n", "\n", "\n\n", "\r\n", "\u2028", "\x0b", "…",
          "...", "#", "•", "-", ".", "!", "x y z\n", "12", "5km", "\u3000", "é", ":)", "\x00", "»", "😀"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=60)

NAMES = [signal.name for signal in datatrove.SIGNALS]


def measure(*texts: str | None) -> list[dict[str, float]]:
    return (
        Measure(("datatrove",))(pa.record_batch({"text": pa.array(texts, pa.string())}))
        .select(NAMES)
        .to_pylist()
    )


def kept(rule: Rule, text: str) -> bool:
    value = measure(text)[0][rule.signal]
    return value <= rule.threshold if rule.comparison == "<=" else value >= rule.threshold


def lines(*counted: tuple[str, int]) -> str:
    """Lines, each different: (pattern with %d, how many)."""
    numbers = iter(range(1000))
    return "\n".join(pattern % next(numbers) for pattern, times in counted for _ in range(times))


def repeated(n: int, size: int) -> str:
    """`size` characters in which one n-gram of n letters occurs twice, and nothing else repeats."""
    letters = " ".join("abcdefghjk"[:n])
    text = f"{letters} x {letters} "
    return text + "f" * (size - len(text))


GOLDEN = {
    "gopher_short_doc": ("word " * 50, "word " * 49 + "! ? …"),
    "gopher_long_doc": ("word " * 100_000, "word " * 100_001),
    "gopher_below_avg_threshold": ("abc, " * 60, "abc, " * 59 + "ab"),
    "gopher_above_avg_threshold": ("abcdefghij " * 60, "abcdefghij " * 59 + "abcdefghijk"),
    "gopher_too_many_hashes": ("word " * 9 + "#", "word " * 8 + "#"),
    "gopher_too_many_ellipsis": ("word " * 9 + "…", "word " * 8 + "..."),
    "gopher_too_many_bullets": (
        lines((" • l%d", 5), ("-l%d", 4), ("l%d", 1)),
        lines((" • l%d", 10), ("l%d", 1)),
    ),
    "gopher_too_many_end_ellipsis": (
        lines(("l%d... ", 2), ("l%d…", 1), ("%d", 7)),
        lines(("l%d...", 3), ("%d", 6)),
    ),
    "gopher_below_alpha_threshold": ("word " * 8 + "1 2", "word " * 7 + "1 2"),
    "gopher_enough_stop_words": ("word the of", "The of word"),
    "dup_para_frac": ("a\n\n" * 4 + "b\n\nc\n\nd\n\ne\n\nf\n\ng", "a\n\n" * 4 + "b\n\nc\n\nd\n\ne\n\nf"),
    "dup_para_char_frac": ("aaaa\n\naaaa\n\n" + "b" * 8, "aaaa\n\naaaa\n\n" + "b" * 7),
    "dup_line_frac": ("a\n" * 4 + "b\nc\nd\ne\nf\ng", "a\n" * 4 + "b\nc\nd\ne\nf"),
    "dup_line_char_frac": ("aaaa\naaaa\n" + "b" * 10, "aaaa\naaaa\n" + "b" * 9),
    "top_2_gram": (repeated(2, 30), repeated(2, 29)),
    "top_3_gram": (repeated(3, 56), repeated(3, 55)),
    "top_4_gram": (repeated(4, 88), repeated(4, 87)),
    "duplicated_5_n_grams": (repeated(5, 34), repeated(5, 33)),
    "duplicated_6_n_grams": (repeated(6, 43), repeated(6, 42)),
    "duplicated_7_n_grams": (repeated(7, 54), repeated(7, 53)),
    "duplicated_8_n_grams": (repeated(8, 67), repeated(8, 66)),
    "duplicated_9_n_grams": (repeated(9, 82), repeated(9, 81)),
    "duplicated_10_n_grams": (repeated(10, 100), repeated(10, 99)),
    "line_punct_ratio": (
        lines(("l%d.", 2), ("l%d。", 1), ("l%d", 22)),
        lines(("l%d.", 2), ("l%d. ", 1), ("l%d", 22)),
    ),
    "short_line_ratio": (
        "\n".join(["s" * 30] * 67 + ["l" * 31] * 33),
        "\n".join(["s" * 30] * 68 + ["l" * 31] * 32),
    ),
    "char_dup_ratio": ("a\na\n" + "b" * 98, "a\na\n" + "b" * 97),
    "list_ratio": ("a b\nc d\ne f\ng h i j", "a b\nc d\ne f\ng h i"),
}


@pytest.mark.parametrize("rule", [rule for rule in GOPHER_DATATROVE + FINEWEB_DATATROVE if rule.name != "empty"],
                         ids=lambda rule: rule.name)  # fmt: skip
def test_each_rule_keeps_at_its_threshold_and_drops_past_it(rule: Rule) -> None:
    good, bad = GOLDEN[rule.name]
    assert kept(rule, good)
    assert not kept(rule, bad)


def test_what_counts_as_empty_differs_between_the_filters() -> None:
    gopher, fineweb = GOPHER_DATATROVE[0], FINEWEB_DATATROVE[0]
    assert (gopher.name, fineweb.name) == ("empty", "empty")
    assert [kept(gopher, text) for text in ("", " \n\t")] == [False, True]
    assert [kept(fineweb, text) for text in ("", " \n\t", "\nx")] == [False, False, True]


def plain(text: str) -> dict[str, float]:
    """The definitions of datatrove's three filters, read anew with str methods and regular expressions."""
    words = spacy_words(text)
    kinds = tables().kinds
    punctuation = {chr(point) for point in range(len(kinds)) if kinds[point] & MARK}
    solid = [word for word in words if set(word) - punctuation]
    split, runs = text.splitlines(), re.split("\n+", text)
    shown = [line for line in text.split("\n") if line.strip()]
    ends = tuple(chr(point) for point in range(len(kinds)) if kinds[point] & TERMINAL)

    def per(part: float, whole: int) -> float:
        return part / whole if whole else 0.0

    def twice(parts: list[str]) -> tuple[int, int]:
        seen: set[str] = set()
        again = [part for part in parts if part in seen or seen.add(part)]  # type: ignore[func-returns-value]
        return len(again), sum(map(len, again))

    def top(n: int) -> int:
        grams = [" ".join(words[at : at + n]) for at in range(len(words) - n + 1)]
        return max((len(gram) * times for gram, times in Counter(grams).most_common(1)), default=0)

    def duplicate(n: int) -> int:
        seen: set[str] = set()
        total = at = 0
        while at <= len(words) - n:
            gram = "".join(words[at : at + n])
            total += len(gram) if gram in seen else 0
            at += n if gram in seen else 1
            seen.add(gram)
        return total

    paragraphs = re.split("\n{2,}", text.strip())
    return {
        "dt_n_chars": len(text),
        "dt_n_words": len(solid),
        "dt_mean_word_length": per(sum(map(len, solid)), len(solid)),
        "dt_hash_ratio": per(text.count("#"), len(words)),
        "dt_ellipsis_ratio": per(text.count("...") + text.count("…"), len(words)),
        "dt_bullet_line_ratio": per(sum(line.lstrip().startswith(("•", "-")) for line in split), len(split)),
        "dt_ellipsis_line_ratio": per(
            sum(line.rstrip().endswith(("...", "…")) for line in split), len(split)
        ),
        "dt_alpha_word_ratio": per(sum(any(map(str.isalpha, word)) for word in words), len(words)),
        "dt_stop_word_count": len(STOPS & set(words)),
        "dt_dup_para_frac": per(twice(paragraphs)[0], len(paragraphs)),
        "dt_dup_para_char_frac": per(twice(paragraphs)[1], len(text)),
        "dt_dup_line_frac": per(twice(runs)[0], len(runs)) if text else 0.0,
        "dt_dup_line_char_frac": per(twice(runs)[1], len(text)),
        **{f"dt_top_{n}_gram": per(top(n), len(text)) for n in (2, 3, 4)},
        **{f"dt_dup_{n}_gram": per(duplicate(n), len(text)) for n in range(5, 11)},
        "dt_n_lines": len(shown),
        "dt_line_punct_ratio": per(sum(line.endswith(ends) for line in shown), len(shown)),
        "dt_short_line_ratio": per(sum(len(line) <= 30 for line in shown), len(shown)),
        "dt_char_dup_ratio": per(twice(shown)[1], len(text.replace("\n", ""))),
        "dt_newline_ratio": per(text.count("\n"), len(words)),
    }


@settings(max_examples=250, deadline=None)
@given(TEXTS.filter(lambda text: not re.search("[\ud800-\udfff]", text)))
def test_signals_agree_with_a_plain_python_reading(text: str) -> None:
    assert measure(text)[0] == plain(text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text("ab", min_size=1, max_size=9), min_size=5, max_size=14),
    st.sets(st.integers(1, 60), max_size=14),
    st.integers(0, 70),
)
def test_copies_that_part_elsewhere_or_end_early_are_counted_exactly(
    words: list[str], parts: set[int], cut: int
) -> None:
    together = "".join(words)
    copy = "".join(" " + letter if at in parts else letter for at, letter in enumerate(together))
    text = f"{' '.join(words)} x {copy[:cut]} y {copy} z {' '.join(words)[:cut]}"
    assert measure(text)[0] == plain(text)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        TEXTS.filter(lambda text: not re.search("[\ud800-\udfff]", text)) | st.none(), min_size=1, max_size=6
    )
)
def test_no_row_depends_on_another(texts: list[str | None]) -> None:
    together = measure(*texts)
    assert together == [measure(text)[0] for text in texts]
    assert together[::-1] == measure(*reversed(texts))


def test_other_families_are_left_out_when_not_asked_for() -> None:
    batch = pa.record_batch({"text": ["one", None], "doc_id": ["a", "b"]})
    names = Measure(("datatrove",))(batch).schema.names
    assert names[:3] == ["text", "doc_id", "n_chars"] and set(NAMES) < set(names)
    assert not {"rp_word_count", "dolma_word_count"} & set(names)
    everything = Measure()(batch)
    assert everything.schema.names[2:] == SIGNALS.names
    assert everything.select(names) == Measure(("datatrove",))(batch)


@pytest.mark.parametrize("families", [("datatrove",), ("dolma",), ("redpajama", "curator"), ("lines",)])
def test_exactly_the_families_that_are_asked_for(families: tuple[str, ...]) -> None:
    batch = pa.record_batch({"text": ["one two one two\n- three three", None]})
    found = Measure(families, always=())(batch)
    assert found.schema.names == ["text", *(signal.name for name in families for signal in FAMILIES[name])]
    assert found == Measure()(batch).select(found.schema.names)


@pytest.mark.parametrize(
    "text", ["!" * 300_000, "a@" * 150_000, "😀" * 200_000, ":)" * 100_000, "x" * 300_000, "." * 300_000]
)
def test_hostile_text_is_measured(text: str) -> None:
    assert measure(text)[0]["dt_n_chars"] == len(text)


def test_grams_of_words_written_together_count_as_one() -> None:
    same = measure("a bc d e f x ab c d e f")[0]
    assert same["dt_dup_5_gram"] == pytest.approx(6 / 23)
    assert same["dt_top_4_gram"] == pytest.approx(len("a bc d e") / 23), (
        "the first of equals, for none repeats"
    )
