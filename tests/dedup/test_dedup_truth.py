"""The certificate of a run on real documents, held against all pairs of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from dedup_corpus import deduplicate, documents
from dedup_reference import jaccard as slow_jaccard
from dedup_reference import shingles
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dedup_truth import Truth, all_pairs, judge
from pipelines.dedup.banding import candidate_probability
from pipelines.dedup.certificate import check, measure, planted_rows
from pipelines.dedup.planted import plan_of, plant
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_sets

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=9).map(" ".join)


@given(st.lists(WORDS, max_size=9))
def test_all_pairs_are_found_with_their_similarity(texts: list[str]) -> None:
    truth = all_pairs(shingle_sets(pa.array(texts, pa.string()), 2), floor=0.3)
    sets = [shingles(text, 2) for text in texts]
    expected = {
        (i, j): slow_jaccard(sets[i], sets[j])
        for j in range(len(sets))
        for i in range(j)
        if slow_jaccard(sets[i], sets[j]) >= 0.3
    }
    found = dict(
        zip(zip(truth.left.tolist(), truth.right.tolist(), strict=True), truth.similarity, strict=True)
    )
    assert found == pytest.approx(expected)


def test_a_run_is_judged_by_pairs_left_and_removals_without_a_neighbour() -> None:
    truth = Truth(np.array([0, 1]), np.array([1, 2]), np.array([0.9, 0.7]))
    dropped = np.array([False, False, True, True])
    assert judge(truth, dropped, at_least=0.8, neighbour=0.65) == (1, 1, 2, 1)
    assert judge(truth, dropped, at_least=0.65, neighbour=0.8).strangers == 2


@pytest.mark.slow
def test_a_certificate_agrees_with_all_pairs_of_five_thousand_real_documents(
    bench: dict[str, str], pile: dict[str, str]
) -> None:
    """At 14 x 8, so that pairs are missed; and a real pair is missed no oftener than a planted one."""
    settings = DedupSettings(bands=14, rows=8, threshold=0.75, seed=5)
    real = dict(list((bench | pile).items())[:5000])
    assert len(real) == 5000
    planted = plant(plan_of(settings, 30))
    made = dict(zip(planted["doc_id"].to_pylist(), planted["text"].to_pylist(), strict=True))
    found = deduplicate(documents(real | made), settings)
    rows = planted_rows(pa.Table.from_pylist(list(found.decisions.values())))
    certificate = measure(settings, plan_of(settings, 30), rows)
    check(certificate, 0.0)
    assert certificate.overall.low <= certificate.overall.predicted <= certificate.overall.high

    truth = all_pairs(shingle_sets(pa.array(list(real.values()))))
    close = truth.at_least(settings.threshold)
    dropped = np.array([doc_id in found.dropped for doc_id in real])
    verdict = judge(truth, dropped, settings.threshold, settings.threshold)
    expected = float(
        np.mean([candidate_probability(s, settings.bands, settings.rows) for s in close.similarity])
    )
    # One removal settles every pair of a document, so pairs are left no oftener than the curve misses them.
    assert 1 - verdict.left / verdict.pairs >= expected - 0.005
    for row in certificate.bins:
        inside = (close.similarity >= row.similarity) & (close.similarity < row.similarity + 0.05)
        kept = int((~dropped[close.left[inside]] & ~dropped[close.right[inside]]).sum())
        if row.similarity >= settings.threshold and inside.sum() >= 30:
            assert 1 - kept / inside.sum() >= row.low
    assert verdict.strangers == 0
