"""Both engines against the S-curve and against datasketch, and the documents that they remove."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash, MinHashLSH
from dedup_corpus import deduplicate_in_spark, documents
from pyspark.sql import DataFrame, SparkSession
from scipy.stats import binomtest

from pipelines.dedup.banding import candidate_probability
from pipelines.dedup.engines import ENGINES
from pipelines.dedup.planted import plan_of, plant
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_windows
from pipelines.dedup.verify import jaccard

SETTINGS = DedupSettings(bands=14, rows=8, seed=3)
"""Misses many pairs near the threshold, so that a wrong curve shows."""
WIDE = DedupSettings(bands=14, rows=8, seed=3, threshold=0.7)
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.99)


def banded(spark: SparkSession, engine: str, texts: pa.Array, settings: DedupSettings) -> list[list | None]:
    """`bands` of each text, through both halves of the engine."""
    features = ENGINES[engine].features(texts, settings)
    table = pa.table({"n": pa.array(range(len(texts))), "bands": features})
    found = ENGINES[engine].bands(spark.createDataFrame(table).repartition(2), settings)
    assert found.columns == ["n", "bands"]
    return [row["bands"] for row in sorted(found.toArrow().to_pylist(), key=lambda row: row["n"])]


def candidates(bands: list[list | None]) -> np.ndarray:
    """For texts 2k and 2k + 1, whether they share a bucket."""
    return np.array([bool(set(a or ()) & set(b or ())) for a, b in zip(bands[::2], bands[1::2], strict=True)])


def theirs(texts: pa.Array, settings: DedupSettings) -> np.ndarray:
    """The same by datasketch's LSH over the same shingles."""
    offsets, values = shingle_windows(texts, *settings.window)
    lsh = MinHashLSH(num_perm=settings.bands * settings.rows, params=(settings.bands, settings.rows))
    made = []
    for d in range(len(texts)):
        one = MinHash(num_perm=settings.bands * settings.rows, seed=settings.seed)
        one.update_batch([v.tobytes() for v in np.unique(values[offsets[d] : offsets[d + 1]])])
        made.append(one)
    found = []
    for k in range(0, len(made), 2):
        lsh.insert(str(k), made[k])
        found.append(str(k) in lsh.query(made[k + 1]))
    return np.array(found)


def hold_to_the_curve(similarity: np.ndarray, found: np.ndarray, settings: DedupSettings) -> None:
    """Candidates of each bin of similarity are as many as the S-curve says, within chance at one in 10,000."""
    predicted = np.array([candidate_probability(s, settings.bands, settings.rows) for s in similarity])
    for low, high in zip(BINS, (*BINS[1:], 1.01), strict=True):
        inside = (similarity >= low) & (similarity < high)
        mean = min(1.0, float(predicted[inside].mean()))
        assert binomtest(int(found[inside].sum()), int(inside.sum()), mean).pvalue > 1e-4, (low, high)


@pytest.fixture(scope="module")
def planted() -> pa.Table:
    return plant(plan_of(SETTINGS, 20))


def test_candidates_of_the_kernel_and_of_datasketch_follow_the_s_curve(planted: pa.Table) -> None:
    texts = planted["text"].combine_chunks()
    similarity = planted["similarity"].to_numpy()[::2]
    ours = candidates(ENGINES["kernel"].features(texts, SETTINGS).to_pylist())
    hold_to_the_curve(similarity, ours, SETTINGS)
    hold_to_the_curve(similarity, theirs(texts, SETTINGS), SETTINGS)


@pytest.mark.slow
def test_candidates_of_spark_ml_follow_the_s_curve(spark: SparkSession, planted: pa.Table) -> None:
    found = candidates(banded(spark, "spark.ml", planted["text"].combine_chunks(), SETTINGS))
    hold_to_the_curve(planted["similarity"].to_numpy()[::2], found, SETTINGS)


def test_features_of_spark_ml_are_the_shingles_that_are_verified(planted: pa.Table) -> None:
    found = ENGINES["spark.ml"].features(pa.array(["a b c d e f", "too short", "a b c d e f"]), SETTINGS)
    assert [None if row is None else len(row) for row in found.to_pylist()] == [2, None, 2]
    texts = planted["text"].combine_chunks().slice(0, 40)
    low = [
        sorted({v % 2**32 for v in row}) for row in ENGINES["spark.ml"].features(texts, SETTINGS).to_pylist()
    ]
    sets = pa.array(low, pa.list_(pa.uint32()))
    evens, odds = (sets.take(pa.array(range(side, 40, 2))) for side in (0, 1))
    assert jaccard(evens, odds).tolist() == planted["similarity"].to_pylist()[:40:2]


@pytest.mark.slow
@pytest.mark.parametrize("engine", list(ENGINES))
def test_short_texts_go_round_and_partitions_do_not_matter(spark: SparkSession, engine: str) -> None:
    texts = pa.array(["one two three four five six", "short", "", None, "one two three four five six"])
    found = banded(spark, engine, texts, SETTINGS)
    assert [row is None for row in found] == [False, True, True, True, False]
    assert found[0] == found[4] and len(set(found[0] or ())) == SETTINGS.bands
    assert found == banded(spark, engine, texts, SETTINGS)
    assert found[0] != banded(spark, engine, texts, DedupSettings(bands=14, rows=8, seed=4))[0]


class Rebanded:
    """Hands the stage the bands of one engine."""

    def __init__(self, engine: str) -> None:
        self.engine = ENGINES[engine]

    def __call__(self, docs: DataFrame, bodies: DataFrame, settings: DedupSettings) -> DataFrame:
        texts = bodies.toArrow()
        features = self.engine.features(texts["text"].combine_chunks(), settings)
        made = docs.sparkSession.createDataFrame(pa.table([texts["doc_id"], features], ["doc_id", "bands"]))
        columns = docs.columns
        return self.engine.bands(docs.drop("bands").join(made, "doc_id").select(*columns), settings)


@pytest.mark.slow
@pytest.mark.long
def test_both_engines_remove_the_same_documents_but_for_chance(
    spark: SparkSession, planted: pa.Table
) -> None:
    table = documents(dict(zip(planted["doc_id"].to_pylist(), planted["text"].to_pylist(), strict=True)))
    similarity = dict(zip(planted["doc_id"].to_pylist(), planted["similarity"].to_pylist(), strict=True))
    dropped = {
        engine: deduplicate_in_spark(spark, table, WIDE, rebanded=Rebanded(engine)).dropped
        for engine in ENGINES
    }
    sure = {doc_id for doc_id, s in similarity.items() if s >= 0.94}  # the curve gives .9999 and more
    below = {doc_id for doc_id, s in similarity.items() if s < WIDE.threshold}
    for found in dropped.values():
        assert len(found & sure) == len(sure) // 2
        assert not found & below
    between = [s for s in similarity.values() if WIDE.threshold <= s < 0.94][::2]
    odds = [candidate_probability(s, WIDE.bands, WIDE.rows) for s in between]
    differing = len(dropped["kernel"] ^ dropped["spark.ml"])
    expected = sum(2 * p * (1 - p) for p in odds)
    spread = np.sqrt(sum(2 * p * (1 - p) * (1 - 2 * p * (1 - p)) for p in odds))
    assert abs(differing - expected) < 4 * spread
