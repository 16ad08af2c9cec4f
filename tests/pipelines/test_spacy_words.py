"""Words as spaCy splits English: what spaCy 3.8 gives for strings that try every kind of rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.spacy_cases import special_cases
from pipelines.kernels.spacy_tables import spacy_words

GOLDEN = {
    "plain": ("One two\n\nthree 2024", "One two three 2024"),
    "marks": ('He said: "Go!" (now).', 'He said : " Go ! " ( now ) .'),
    "contractions": ("Don't we'll it’s cannot y'all I'd've", "Do n't we 'll it ’s can not y' all I 'd 've"),
    "not contractions": ("Well shell its were", "Well shell its were"),
    "possessive": ("the dog's dogs' James’S", "the dog 's dogs ' James ’S"),
    "abbreviations": ("Mr. Roe, e.g. in the U.S., at 10a.m.", "Mr. Roe , e.g. in the U.S. , at 10 a.m."),
    "full stops": ("End. USA. A. 3. Ab.Cd ab.cd ab.Cd", "End . USA . A. 3 . Ab . Cd ab.cd ab . Cd"),
    "dots": ("wait... so.. ...what…… a...b", "wait ... so .. ... what …… a ... b"),
    "units": ("5km 10% 3m² 7oz 5kmx 20°C.", "5 km 10 % 3 m² 7 oz 5kmx 20 ° C ."),
    "money": ("$5 5$ US$5 £3 7€ C$9", "$ 5 5 $ US$ 5 £ 3 7 € C$ 9"),
    "hyphens": ("well-known x--y -5 1-2 a-1 end- a—b", "well - known x -- y -5 1 - 2 a-1 end- a — b"),
    "operators": ("a/b and/or a:b 1:2 x=y 2*3 2^-1 +5 + a,b", "a / b and/or a : b 1:2 x = y 2 * 3 2 ^ -1 +5 + a , b"),
    "addresses": (
        "See http://example.org/a_b?c=d#e, www.example.org:80/x or user@example.org!",
        "See http://example.org/a_b?c=d#e , www.example.org:80/x or user@example.org !",
    ),
    "no addresses": (
        "http://localhost/x 10.0.0.1/abc 198.51.100.1/abc",
        "http://localhost / x 10.0.0.1 / abc 198.51.100.1/abc",
    ),
    "faces": (":) foo:) :-) <3 xD (8) ^_^ :))))", ":) foo :) :-) <3 xD ( 8) ^_^ :))) )"),
    "torn apart": (": ) >:( and ):", ": ) >:( and ):"),
    "scripts": ("日本語。テスト、です कख। مرحبا،", "日本語。テスト、です कख । مرحبا ،"),
    "pictures": ("ok😀👍done ☎call", "ok 😀 👍 done ☎ call"),
    "white space": (" a\u00a0b\u3000c\x1cd\te\r\nf ", "a b c d e f"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), GOLDEN.values(), ids=list(GOLDEN))
def test_words_are_those_of_spacy(text: str, words: str) -> None:
    assert spacy_words(text) == words.split()


def test_special_cases_part_into_their_own_tokens() -> None:
    cases = special_cases()
    assert len(cases) > 1300
    assert all("".join(tokens) == case for case, tokens in cases.items())
    assert [spacy_words(case) for case in cases] == [list(tokens) for tokens in cases.values()]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aB1.,:;'’()-–—~*^/@$%é漢。😀\t\n =<>_", max_size=60))
def test_words_are_the_text_without_its_white_space(text: str) -> None:
    assert "".join(spacy_words(text)) == "".join(text.split())


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="aB1.,'(-/é\u0161\u0361\U00033861\U000f0061 ", max_size=40))
def test_what_is_remembered_of_a_run_changes_no_other(text: str) -> None:
    runs = text.split()
    assert spacy_words("\n".join(runs + runs[::-1])) == [
        word for run in runs + runs[::-1] for word in spacy_words(run)
    ]


@pytest.mark.parametrize(
    "run", ["it's", "(a-b)", "well-known,", "x" * 64 + ".", "x" * 65 + ",", "«" + "é" * 70 + "»", "—"]
)
def test_where_a_run_stands_does_not_change_its_words(run: str) -> None:
    alone = spacy_words(run)
    for before in range(130):
        assert spacy_words(" " * before + run) == alone
        assert spacy_words("x" * before + f" {run} y")[-len(alone) - 1 :] == [*alone, "y"]
