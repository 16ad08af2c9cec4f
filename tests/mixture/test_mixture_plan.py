from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from daybreak.errors import AccountingError
from daybreak.schema import PLAN
from pipelines.mixture import Mixture


def tokens(sizes: dict[str, int], seed: int = 0) -> pa.Table:
    """A tokens table with `sizes` documents by source, 1 to 60 tokens each, in random order."""
    draw = random.Random(seed)
    rows = [
        (f"{draw.getrandbits(128):032x}", source, draw.randint(1, 60))
        for source, n in sizes.items()
        for _ in range(n)
    ]
    draw.shuffle(rows)
    ids, sources, lengths = zip(*rows, strict=True)
    return pa.table({"doc_id": ids, "source": sources, "n_tokens": pa.array(lengths, pa.int32())})


TABLE = tokens({"web": 600, "books": 150, "code": 250})


def by(plan: pa.Table, **where: Any) -> list[dict[str, Any]]:
    return [row for row in plan.to_pylist() if all(row[k] == v for k, v in where.items())]


def test_everything_once_is_a_permutation_in_dense_positions() -> None:
    plan, report = Mixture().plan(TABLE)
    assert plan.schema == PLAN
    assert plan["position"].to_pylist() == list(range(1000))
    assert sorted(plan["doc_id"].to_pylist()) == sorted(TABLE["doc_id"].to_pylist())
    assert report["got_tokens"] == report["asked_tokens"] == sum(TABLE["n_tokens"].to_pylist())


def test_rows_in_another_order_give_the_same_plan() -> None:
    mixture = Mixture({"web": 1, "books": 3, "code": 1}, max_epochs=2.5, shard_tokens=3000)
    plan, report = mixture.plan(TABLE)
    other, other_report = mixture.plan(TABLE.take(np.random.default_rng(1).permutation(1000)))
    assert plan.equals(other) and report == other_report


def test_the_seed_changes_the_order_and_the_choice() -> None:
    plans = [Mixture(total_tokens=5000, seed=seed).plan(TABLE)[0]["doc_id"].to_pylist() for seed in (0, 1)]
    assert set(plans[0]) != set(plans[1])
    whole = [Mixture(seed=seed).plan(TABLE)[0]["doc_id"].to_pylist() for seed in (0, 1)]
    assert whole[0] != whole[1]


def test_each_whole_epoch_is_a_permutation_and_the_last_a_head_of_the_choice() -> None:
    plan, report = Mixture({"books": 1}, total_tokens=None, max_epochs=2.5).plan(TABLE)
    books = {row["doc_id"] for row in TABLE.to_pylist() if row["source"] == "books"}
    epochs = [[row["doc_id"] for row in by(plan, epoch=epoch)] for epoch in range(3)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(books)
    assert epochs[0] != epochs[1]
    assert set(epochs[2]) < books
    small, _ = Mixture({"books": 1}, max_epochs=0.5).plan(TABLE)
    assert set(small["doc_id"].to_pylist()) == set(epochs[2])
    assert report["sources"]["books"]["epochs"] == pytest.approx(2.5, abs=0.001)


def test_quotas_are_met_by_less_than_one_document() -> None:
    plan, report = Mixture({"web": 0.6, "books": 0.3, "code": 0.1}, total_tokens=9000).plan(TABLE)
    for name, asked in {"web": 5400, "books": 2700, "code": 900}.items():
        got = sum(row["n_tokens"] for row in by(plan, source=name))
        assert report["sources"][name]["got_tokens"] == got
        assert asked <= got < asked + 60
    assert report["occurrences"] == plan.num_rows


def test_a_capped_source_is_reported_and_the_others_fill_up() -> None:
    available = {
        name: sum(r["n_tokens"] for r in TABLE.to_pylist() if r["source"] == name)
        for name in ("web", "books")
    }
    plan, report = Mixture({"web": 1, "books": 1}, total_tokens=2 * available["books"] + 5000).plan(TABLE)
    books = report["sources"]["books"]
    assert books["capped"] and books["got_tokens"] == books["quota_tokens"] == available["books"]
    assert report["sources"]["web"]["quota_tokens"] == available["books"] + 5000
    assert report["sources"]["code"]["got_tokens"] == 0 and not by(plan, source="code")


def test_every_part_of_the_plan_has_the_mixture() -> None:
    plan, _ = Mixture({"web": 1, "books": 1}, total_tokens=16_000, max_epochs=4).plan(TABLE)
    quarters = np.array_split(np.array(plan["source"].to_pylist()) == "books", 4)
    lengths = np.array_split(plan["n_tokens"].to_numpy(), 4)
    for books, n in zip(quarters, lengths, strict=True):
        assert 0.38 < n[books].sum() / n.sum() < 0.62
    epochs = [row["epoch"] for row in by(plan, source="books")]
    assert epochs == sorted(epochs) and epochs[-1] > 0


def test_short_to_long_rises_by_bins_and_shuffles_inside_them() -> None:
    plan, _ = Mixture(order="length", length_bins=4).plan(TABLE)
    lengths = plan["n_tokens"].to_numpy()
    edges = np.searchsorted(np.cumsum(lengths), np.arange(1, 4) * lengths.sum() / 4)
    bins = np.split(lengths, edges)
    for shorter, longer in pairwise(bins):
        assert np.median(shorter) < np.median(longer)
        assert shorter[1:-1].max() <= longer[1:-1].min() + 1
    assert any(list(part) != sorted(part) for part in bins)
    assert sorted(plan["doc_id"].to_pylist()) == sorted(TABLE["doc_id"].to_pylist())


@pytest.mark.parametrize("order", ["shuffle", "length"])
def test_first_occurrences_fill_shards_in_plan_order_and_repeats_point_to_them(order: Any) -> None:
    plan, _ = Mixture({"web": 1, "books": 2}, max_epochs=3, shard_tokens=2000, order=order).plan(TABLE)
    seen: dict[str, tuple[int, int]] = {}
    sizes: dict[int, int] = {}
    for row in plan.to_pylist():
        place = (row["shard"], row["row"])
        if row["doc_id"] not in seen:
            assert row["epoch"] == 0
            seen[row["doc_id"]] = place
            sizes[row["shard"]] = sizes.get(row["shard"], 0) + row["n_tokens"]
        assert seen[row["doc_id"]] == place
    places = list(seen.values())
    assert places == sorted(places)
    assert [row for shard, row in places if shard == 1] == list(range(sum(shard == 1 for shard, _ in places)))
    assert list(sizes) == list(range(len(sizes))) and len(sizes) > 2
    assert all(1900 < size < 2100 for size in list(sizes.values())[:-1])


def test_a_document_larger_than_a_shard_leaves_no_gap_in_the_numbers() -> None:
    table = pa.table(
        {"doc_id": ["a", "b", "c"], "source": ["s"] * 3, "n_tokens": pa.array([900, 10, 10], pa.int32())}
    )
    plan, _ = Mixture(shard_tokens=10).plan(table)
    assert sorted(set(plan["shard"].to_pylist())) == list(range(len(set(plan["shard"].to_pylist()))))


def test_a_doubled_document_is_refused() -> None:
    with pytest.raises(AccountingError, match="twice"):
        Mixture().plan(pa.concat_tables([TABLE, TABLE.slice(3, 1)]))


def test_no_documents_make_an_empty_plan() -> None:
    plan, report = Mixture({"web": 1}).plan(TABLE.slice(0, 0))
    assert plan.schema == PLAN and plan.num_rows == 0 and report["sources"]["web"]["got_tokens"] == 0
