"""Which banding is chosen, and what the S-curve says of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RecipeError
from pipelines.dedup.banding import Banding, candidate_probability, choose, cost, curve, knee, resolve


def test_the_default_is_24_bands_of_6_rows() -> None:
    assert choose(0.75, 0.99) == Banding(24, 6)
    assert candidate_probability(0.8, 24, 6) > 0.999


@given(st.floats(0.4, 0.95), st.floats(0.5, 0.999))
def test_the_chosen_one_reaches_the_recall_and_not_by_far(threshold: float, recall: float) -> None:
    bands, rows = choose(threshold, recall)
    assert candidate_probability(threshold, bands, rows) >= recall - 1e-9
    assert bands == 1 or candidate_probability(threshold, bands - 1, rows) < recall


@given(st.floats(0.4, 0.95), st.floats(0.5, 0.999), st.integers(1, 30), st.integers(1, 60))
def test_no_other_banding_reaches_it_cheaper(threshold: float, recall: float, rows: int, bands: int) -> None:
    if candidate_probability(threshold, bands, rows) >= recall:
        assert cost(threshold, *choose(threshold, recall)) <= cost(threshold, bands, rows) + 1e-9


def test_identical_documents_take_one_band() -> None:
    assert choose(1.0, 0.99).bands == 1


@pytest.mark.parametrize(("threshold", "recall"), [(0.0, 0.9), (1.1, 0.9), (0.8, 1.0), (0.8, 0.0)])
def test_what_no_banding_can_do_is_refused(threshold: float, recall: float) -> None:
    with pytest.raises(RecipeError, match="recall"):
        choose(threshold, recall)


def test_a_recall_that_takes_too_many_hashes_is_refused_with_advice() -> None:
    with pytest.raises(RecipeError, match="raise `threshold`"):
        choose(0.001, 0.999)


def test_bands_and_rows_win_over_the_recall() -> None:
    assert resolve(0.75, 0.99, 14, 8) == Banding(14, 8)
    assert resolve(0.75, 0.99, None, None) == Banding(24, 6)


def test_the_curve_holds_the_threshold_and_rises() -> None:
    points = curve(0.77, Banding(14, 8))
    assert next(p.similarity for p in points if p.duplicate) == 0.77
    assert points[-1] == (1.0, 1.0, True)
    assert all(a.probability <= b.probability for a, b in pairwise(points))
    assert 0.4 < candidate_probability(knee(Banding(14, 8)), 14, 8) < 0.8
