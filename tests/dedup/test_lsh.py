"""Bands, buckets and candidate pairs."""

from __future__ import annotations

from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RecipeError
from pipelines.dedup.banding import candidate_probability
from pipelines.dedup.lsh import BUCKETED, candidate_batches
from pipelines.dedup.settings import DedupSettings


def pairs(
    buckets: list[int], size: int = 10_000, all_pairs: int = 16, hubs: int = 4
) -> list[tuple[int, int]]:
    """Candidate pairs as row numbers, from batches of `size` rows."""
    names = pa.array([f"{i:09d}" for i in range(len(buckets))])
    table = pa.table([pa.array(buckets, pa.int64()), names], schema=BUCKETED)
    found = candidate_batches(table.to_batches(max_chunksize=size), all_pairs, hubs)
    return [(int(row["hub"]), int(row["member"])) for batch in found for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("bands", "rows", "row"),
    [
        (14, 8, [0.000, 0.001, 0.053, 0.565, 0.924, 1.000]),
        (10, 1, [0.651, 0.972, 0.999, 1.000, 1.000, 1.000]),
        (450, 20, [0.000, 0.000, 0.000, 0.302, 0.995, 1.000]),
        (93, 15, [0.000, 0.000, 0.003, 0.358, 0.964, 1.000]),
        (20, 13, [0.000, 0.000, 0.002, 0.177, 0.677, 0.997]),
        (9, 13, [0.000, 0.000, 0.001, 0.084, 0.399, 0.929]),
    ],
)
def test_s_curve_of_published_settings(bands: int, rows: int, row: list[float]) -> None:
    found = [candidate_probability(s, bands, rows) for s in (0.1, 0.3, 0.5, 0.7, 0.8, 0.9)]
    assert found == pytest.approx(row, abs=6e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bands": 8, "rows": 14},
        {"bands": 10, "rows": 1},
        {"threshold": 0.0},
        {"threshold": 1.5},
        {"ngram": 0},
        {"hubs": 20},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict) -> None:
    with pytest.raises(RecipeError, match="dedup"):
        DedupSettings(**wrong)


def test_a_small_bucket_gives_all_pairs() -> None:
    assert sorted(pairs([3] * 17)) == list(combinations(range(17), 2))


def test_a_large_bucket_grows_as_a_star() -> None:
    found = pairs([3] * 2000)
    assert len(found) == 17 * 16 // 2 + (2000 - 17) * 4
    assert {hub for hub, member in found if member > 16} == {0, 1, 2, 3}


def test_buckets_do_not_mix() -> None:
    assert pairs([1, 2, 2, 3, 5, 5, 5]) == [(1, 2), (4, 5), (4, 6), (5, 6)]
    assert pairs([]) == []


@given(
    st.lists(st.integers(0, 4), max_size=60).map(sorted),
    st.integers(1, 30),
    st.integers(1, 3),
    st.integers(3, 6),
)
def test_pairs_do_not_depend_on_how_batches_are_cut(
    buckets: list[int], size: int, hubs: int, all_pairs: int
) -> None:
    assert pairs(buckets, size, all_pairs, hubs) == pairs(buckets, 1000, all_pairs, hubs)
