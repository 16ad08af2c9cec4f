"""Bands, buckets and candidate pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RecipeError
from pipelines.dedup.lsh import candidate_probability
from pipelines.dedup.nodes import MEMBERS, shared_rows
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.windows import Members, windows


def pairs(buckets: list[int], window: int = 16, hubs: int = 4) -> list[tuple[int, int]]:
    """Pairs of a first round in which all documents are open; ids are row numbers."""
    n = len(buckets)
    members = Members(np.array(buckets, np.int64), np.arange(n))
    found = windows(members, np.zeros(n, np.int8), np.ones(n, np.bool_), window, window, hubs)
    return list(zip(found.hub.tolist(), found.member.tolist(), strict=True))


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
        {"hubs": 0},
        {"hubs": 20, "cluster": "components"},
        {"cluster": "stars"},
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
    assert sorted(pairs([1, 2, 2, 3, 5, 5, 5])) == [(1, 2), (4, 5), (4, 6), (5, 6)]
    assert pairs([]) == []


@given(st.lists(st.integers(0, 12), max_size=40).map(sorted), st.integers(1, 45))
def test_only_shared_buckets_are_left_however_batches_are_cut(buckets: list[int], size: int) -> None:
    table = pa.table([buckets, range(len(buckets))], schema=MEMBERS)
    found = [row for batch in shared_rows(table.to_batches(max_chunksize=size)) for row in batch.to_pylist()]
    expected = [i for i, bucket in enumerate(buckets) if buckets.count(bucket) > 1]
    assert [row["id"] for row in found] == expected
