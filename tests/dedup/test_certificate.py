"""Planted pairs, and what is said of a run that found so many of them."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from dedup_reference import jaccard, shingles
from scipy.stats import binomtest

from daybreak.errors import AccountingError, DaybreakError, RecipeError
from pipelines.dedup.certificate import (
    as_json,
    check,
    check_floor,
    from_json,
    markdown,
    measure,
    planted_rows,
    predicted_recall,
    wilson,
)
from pipelines.dedup.normal import exact_hash
from pipelines.dedup.planted import UNIT, PlantedUnit, plan_of, plant
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import band_lists

SETTINGS = DedupSettings()
PLAN = plan_of(SETTINGS, 5)


def judged(settings: DedupSettings, pairs: int) -> pa.Table:
    """Decisions of a run that removes the second of a pair if a band is shared and the threshold reached."""
    planted = plant(plan_of(settings, pairs))
    bands = [set(row) for row in band_lists(planted["text"].combine_chunks(), settings).to_pylist()]
    rows = []
    for k, row in enumerate(planted.to_pylist()):
        drop = k % 2 == 1 and row["similarity"] >= settings.threshold and bool(bands[k] & bands[k - 1])
        detail = planted["doc_id"][k - 1].as_py() if drop else None
        rows.append({"doc_id": row["doc_id"], "verdict": "drop" if drop else "keep", "detail": detail})
    return pa.Table.from_pylist(rows)


def test_similarities_are_those_of_the_texts_and_reach_their_levels() -> None:
    planted = plant(PLAN).to_pylist()
    for k, (one, other) in enumerate(zip(planted[::2], planted[1::2], strict=True)):
        level = PLAN.levels[k // PLAN.pairs]
        exact = jaccard(shingles(one["text"]), shingles(other["text"]))
        assert one["similarity"] == other["similarity"] == pytest.approx(exact)
        assert level <= one["similarity"] < level + 0.06
        assert one["pair"] == other["pair"] == k


@pytest.mark.parametrize("kind", ["words", "auto", "characters"])
def test_every_level_is_reached_with_every_kind_of_shingle(kind: str) -> None:
    plan = plan_of(DedupSettings(shingles=kind), 12)
    similarity = plant(plan)["similarity"].to_numpy()[::2].reshape(-1, plan.pairs)
    excess = similarity - np.array(plan.levels)[:, None]
    assert excess.min() > -1e-9
    assert excess.max() < 0.06


def test_no_text_resembles_another_pair_and_none_is_an_exact_copy() -> None:
    planted = plant(PLAN)
    texts = planted["text"].to_pylist()
    assert len(set(exact_hash(planted["text"].combine_chunks()).to_pylist())) == len(texts)
    holders: dict[tuple, set[int]] = {}
    for pair, text in zip(planted["pair"].to_pylist(), texts, strict=True):
        for shingle in shingles(text):
            holders.setdefault(shingle, set()).add(pair)
    assert max(len(pairs) for pairs in holders.values()) == 1


def test_lengths_and_scripts_vary() -> None:
    texts = plant(plan_of(SETTINGS, 40))["text"].to_pylist()
    spaced = [len(text.split()) for text in texts if text.isascii()]
    assert min(spaced) < 60 and max(spaced) > 1000
    assert 0.2 < 1 - len(spaced) / len(texts) < 0.3


def test_a_plan_is_planted_the_same_each_time_and_otherwise_with_another_seed() -> None:
    first = plant(PLAN)
    plant.cache_clear()
    assert plant(PLAN).equals(first)
    assert plant(plan_of(DedupSettings(seed=2), 5))["text"][0] != first["text"][0]


def test_the_unit_gives_columns_as_a_unit_of_documents_does() -> None:
    unit = PlantedUnit(PLAN)
    batches = list(unit.read(["doc_id", "source", "timestamp", "text", "metadata"], rows=7))
    found = pa.Table.from_batches(batches)
    assert found.schema.names == ["doc_id", "source", "timestamp", "text", "metadata"]
    assert len(found) == PLAN.documents
    assert found["text"].to_pylist() == plant(PLAN)["text"].to_pylist()
    assert set(found["source"].to_pylist()) == {UNIT} and found["metadata"].null_count == len(found)
    signals = pa.Table.from_batches(list(unit.read_signals(["n_bytes", "exact_hash", "quality_x"])))
    assert signals["n_bytes"].to_pylist() == [len(t.encode()) for t in found["text"].to_pylist()]
    assert signals["exact_hash"][0].as_py() == exact_hash(found["text"].combine_chunks())[0].as_py()
    assert signals["quality_x"].null_count == len(signals)


def test_measured_recall_is_what_the_s_curve_predicts() -> None:
    settings = DedupSettings(bands=14, rows=8)
    found = measure(settings, plan_of(settings, 100), judged(settings, 100))
    assert found.removed_below == found.strangers == 0
    assert found.overall.pairs == sum(row.pairs for row in found.bins if row.similarity >= 0.75)
    assert binomtest(found.overall.found, found.overall.pairs, found.overall.predicted).pvalue > 1e-4
    for row in found.bins:
        if row.similarity >= settings.threshold and row.predicted < 1 - 1e-9:
            assert binomtest(row.found, row.pairs, row.predicted).pvalue > 1e-4
            assert row.low <= row.recall <= row.high
        elif row.similarity < 0.74:
            assert row.found < row.pairs


def test_order_of_decisions_and_other_documents_do_not_matter() -> None:
    rows = judged(SETTINGS, 5)
    others = pa.Table.from_pylist([{"doc_id": "x", "verdict": "drop", "detail": "y"}], rows.schema)
    mixed = planted_rows(pa.concat_tables([rows.slice(7), others, rows.slice(0, 7)]))
    assert measure(SETTINGS, PLAN, mixed) == measure(SETTINGS, PLAN, rows)


def test_a_planted_document_without_a_decision_is_an_error() -> None:
    with pytest.raises(AccountingError, match="planted"):
        measure(SETTINGS, PLAN, judged(SETTINGS, 5).slice(1))


def test_a_run_that_finds_too_little_fails_and_says_what_to_change() -> None:
    rows = judged(SETTINGS, 5).to_pylist()
    halved = [{**r, "verdict": "keep", "detail": None} if k % 4 == 1 else r for k, r in enumerate(rows)]
    found = measure(SETTINGS, PLAN, pa.Table.from_pylist(halved))
    assert found.overall.recall < 0.6
    check(measure(SETTINGS, PLAN, pa.Table.from_pylist(rows)), 0.98)
    with pytest.raises(DaybreakError, match=r"predict 0\.99.*Raise dedup\.near\.recall"):
        check(found, 0.98)


def test_removals_under_the_threshold_and_by_strangers_fail() -> None:
    rows = judged(SETTINGS, 5).to_pylist()
    below = [{**rows[0], "verdict": "drop", "detail": rows[1]["doc_id"]}, *rows[1:]]
    found = measure(SETTINGS, PLAN, pa.Table.from_pylist(below))
    assert (found.removed_below, found.strangers) == (1, 0)
    with pytest.raises(DaybreakError, match="under the threshold"):
        check(found, 0.0)
    strange = [*rows[:-1], {**rows[-1], "detail": "someone"}]
    found = measure(SETTINGS, PLAN, pa.Table.from_pylist(strange))
    assert (found.removed_below, found.strangers) == (0, 1)


def test_a_floor_out_of_reach_is_refused_beforehand() -> None:
    check_floor(SETTINGS, 40, 0.98)
    with pytest.raises(RecipeError, match="14 bands of 8 rows"):
        check_floor(DedupSettings(bands=14, rows=8), 40, 0.98)
    assert predicted_recall(SETTINGS, 40) <= measure(SETTINGS, PLAN, judged(SETTINGS, 5)).overall.predicted


def test_a_certificate_goes_through_json_and_has_a_card() -> None:
    found = measure(SETTINGS, PLAN, judged(SETTINGS, 5))
    facts = json.loads(json.dumps(as_json(found)))
    assert as_json(from_json(facts)) == facts
    card = markdown(found)
    assert card.count("\n|") == len(found.bins) + 2
    assert f"Of {found.overall.pairs} planted pairs" in card


@pytest.mark.parametrize(("found", "pairs"), [(0, 10), (10, 10), (37, 40), (399, 400)])
def test_intervals_are_wilsons(found: int, pairs: int) -> None:
    expected = binomtest(found, pairs).proportion_ci(method="wilson")
    assert wilson(found, pairs) == pytest.approx((expected.low, expected.high))


def test_bins_share_out_every_pair() -> None:
    found = measure(SETTINGS, PLAN, judged(SETTINGS, 5))
    levels = Counter(row.similarity for row in found.bins)
    assert set(levels) <= set(PLAN.levels) and max(levels.values()) == 1
    assert sum(row.pairs for row in found.bins) * 2 == PLAN.documents
