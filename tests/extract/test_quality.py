"""Quality on labelled pages that the model has not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.extraction import bare_resiliparse, ours, score
from benchmarks.extraction_pages import HALVES, PAGES, compare, mean, read_pages, tokens


def test_ours_is_better_than_resiliparse_on_the_held_out_half(shared_data: Path) -> None:
    if not (shared_data / PAGES).is_file():
        pytest.skip("no labelled pages")
    pages = read_pages(shared_data, HALVES[1])
    assert len(pages) > 150
    found, bare = mean(score(ours, pages)), mean(score(bare_resiliparse, pages))
    assert found.f1 >= 0.92
    assert found.f1 >= bare.f1
    assert found.precision >= bare.precision


def test_scores_count_words_and_characters_of_cjk() -> None:
    assert tokens("Don't 离开 stop") == ["don", "t", "离", "开", "stop"]
    one = compare(["a", "a", "b"], ["a", "b", "c", "d"])
    assert (one.precision, one.recall) == (pytest.approx(2 / 3), 0.5)
    assert compare([], ["a"]).f1 == 0
