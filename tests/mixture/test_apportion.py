from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RecipeError
from pipelines.mixture import apportion, quotas

NAMES = st.sampled_from([*"abcdefgh"])
WEIGHTS = st.dictionaries(NAMES, st.floats(0, 1e6), min_size=1).filter(lambda w: sum(w.values()) > 0)
HOLDINGS = st.dictionaries(NAMES, st.integers(0, 10**12), min_size=1)


def test_a_worked_example_of_the_largest_remainder() -> None:
    # 100,000 votes, 10 seats: the whole parts give 7, and .70, .60, .60 beat .59, .31, .20.
    votes = {"yellow": 47_000, "white": 16_000, "red": 15_900, "green": 12_000, "blue": 6_000, "pink": 3_100}
    assert apportion(votes, 10) == {"yellow": 5, "white": 2, "red": 1, "green": 1, "blue": 1, "pink": 0}


def test_ties_go_to_the_first_name() -> None:
    assert apportion({"b": 1, "c": 1, "a": 1}, 2) == {"a": 1, "b": 1, "c": 0}


@given(WEIGHTS, st.integers(0, 10**13))
def test_shares_sum_exactly_and_are_within_one_and_follow_the_weights(
    weights: dict[str, float], total: int
) -> None:
    shares = apportion(weights, total)
    whole = sum(map(Fraction, weights.values()))
    assert sum(shares.values()) == total
    for name, share in shares.items():
        assert abs(share - Fraction(weights[name]) * total / whole) < 1
        assert all(share <= shares[other] for other in shares if weights[other] > weights[name])


@given(WEIGHTS, st.integers(0, 10**6))
def test_shares_do_not_depend_on_scale_or_order(weights: dict[str, float], total: int) -> None:
    scaled = {name: Fraction(weight) * 3 for name, weight in reversed(weights.items())}
    assert apportion(scaled, total) == apportion(weights, total)


@pytest.mark.parametrize(
    "weights", [{"a": -1.0, "b": 2.0}, {"a": float("nan")}, {"a": float("inf")}, {"a": 0.0}]
)
def test_impossible_weights_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(RecipeError):
        apportion(weights, 10)


@given(HOLDINGS, WEIGHTS, st.none() | st.integers(0, 10**13), st.floats(0.01, 8))
def test_quotas_never_pass_the_limit_of_epochs_and_lose_no_token_they_could_give(
    available: dict[str, int], weights: dict[str, float], total: int | None, max_epochs: float
) -> None:
    got = quotas(available, weights, total, max_epochs)
    asked = sum(quota.asked for quota in got.values())
    assert all(q.quota <= q.capacity <= max_epochs * q.available for q in got.values())
    most = sum(q.capacity for q in got.values() if q.weight > 0)
    assert sum(q.quota for q in got.values()) == min(asked, most)
    assert total is None or asked == total


def test_without_weights_and_total_everything_is_taken_once() -> None:
    got = quotas({"a": 70, "b": 30, "c": 0})
    assert {name: q.quota for name, q in got.items()} == {"a": 70, "b": 30, "c": 0}


def test_without_a_total_the_first_source_to_reach_its_limit_sets_it() -> None:
    got = quotas({"web": 1000, "books": 100}, {"web": 0.5, "books": 0.5}, max_epochs=4)
    assert {name: (q.quota, q.epochs) for name, q in got.items()} == {"books": (400, 4.0), "web": (400, 0.4)}


def test_a_capped_source_passes_its_shortfall_on_by_weight() -> None:
    got = quotas({"a": 100, "b": 1000, "c": 1000}, {"a": 2, "b": 1, "c": 1}, total=800)
    assert {name: (q.asked, q.quota, q.capped) for name, q in got.items()} == {
        "a": (400, 100, True), "b": (200, 350, False), "c": (200, 350, False)
    }  # fmt: skip


def test_a_source_that_kept_nothing_is_reported_as_capped() -> None:
    got = quotas({"a": 100}, {"a": 1, "gone": 1})
    assert (got["gone"].quota, got["gone"].capped, got["a"].quota) == (0, True, 100)
