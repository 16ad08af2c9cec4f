"""The stage from end to end: every kind of duplicate, in one process; and the same on embedded Spark."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from dedup_corpus import Outcome, deduplicate, deduplicate_in_spark, documents, signed, texts_of
from dedup_reference import jaccard, shingles
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from daybreak.errors import InputError
from daybreak.schema import CLUSTERS, DECISIONS
from daybreak.storage import Store
from pipelines.dedup.local import LocalDedup, fits
from pipelines.dedup.phases import Phases
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_sets
from pipelines.dedup.signatures import SIGNATURES
from pipelines.dedup.stage import Dedup
from pipelines.dedup.verify import jaccard as set_jaccard

CHINESE = (
    "人工智能是研究如何让计算机模拟人类智能的学科，包括学习、推理、感知和语言理解等方面。"
    "近年来随着计算能力的提高和数据的增长，深度学习取得了显著的进展，并广泛应用于各个行业之中。"
)
GARBLED = (
    "Entirely other words stand here so that nothing of this text may resemble its neighbours in any way."
)


def prose(seed: int, words: int = 200) -> list[str]:
    drawn = random.Random(seed)
    return [f"w{drawn.randrange(10**6)}" for _ in range(words)]


def edited(words: list[str], changes: int) -> str:
    """`words` with that many replaced, far apart: each change touches five shingles."""
    out = list(words)
    for change in range(changes):
        out[10 + change * 20] = f"changed{change}"
    return " ".join(out)


def corpus() -> tuple[dict[str, str], dict[str, str]]:
    """Texts and dates of every kind of duplicate that there is; the doc_id says which."""
    base, chain = prose(1), prose(2)
    texts = {
        "exact-a": "Same text, same text, same text again.",
        "exact-b": "same  TEXT, same text,\nsame text again. ",
        "exact-c": "Same text, same text, same text again.",
        "dated-a": "A dated text.",
        "dated-b": "A dated text.",
        "dated-c": "A dated text.",
        "near-0": edited(base, 0) + " and a longer end",
        "near-1": edited(base, 1),
        "near-2": edited(base, 2),
        "near-2-copy": edited(base, 2).upper(),
        "chain-0": " ".join(chain),
        "chain-1": edited(chain, 4)[:-2],
        "chain-2": edited([*edited(chain, 4).split()[:190]], 4),
        "zh-0": CHINESE,
        "zh-1": CHINESE.replace("显著", "巨大"),
        "short-0": "hello there",
        "short-1": "Hello there!",
        "short-2": "hello",
        "empty-0": "",
        "empty-1": " \n",
        "alone": GARBLED,
    }
    dates = {"dated-b": "2019-05-01T00:00:00Z", "dated-c": "2020-01-01T00:00:00Z"}
    return texts, dates


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return deduplicate(documents(*corpus()))


def judged(outcome: Outcome, doc_id: str) -> tuple:
    row = outcome.decisions[doc_id]
    return row["verdict"], row["rule"], row["detail"]


def test_every_document_gets_one_decision_in_its_place(outcome: Outcome) -> None:
    table = documents(*corpus())
    places = {row["doc_id"]: (row["unit"], row["row"]) for row in table.to_pylist()}
    assert {name: (row["unit"], row["row"]) for name, row in outcome.decisions.items()} == places
    row = outcome.decisions["alone"]
    assert list(row) == ["unit", "row", *DECISIONS.names]
    assert [row[name] for name in ("verdict", "rule", "value", "threshold", "failed", "detail")] == [
        "keep",
        None,
        None,
        None,
        [],
        None,
    ]


def test_exact_copies_keep_the_longest_then_the_earliest(outcome: Outcome) -> None:
    assert {name for name in outcome.decisions if name.startswith("dated")} - outcome.dropped == {"dated-b"}
    assert outcome.decisions["exact-b"]["verdict"] == "keep"
    for name in ("exact-a", "exact-c"):
        assert judged(outcome, name) == ("drop", "exact", "exact-b")
        assert outcome.decisions[name]["value"] == 1.0
        assert outcome.decisions[name]["failed"] == ["exact"]


def test_near_copies_are_dropped_with_their_exact_similarity(outcome: Outcome) -> None:
    texts, _ = corpus()
    for name in ("near-1", "near-2"):
        assert judged(outcome, name) == ("drop", "near", "near-0")
        row = outcome.decisions[name]
        assert row["value"] == pytest.approx(jaccard(shingles(texts[name]), shingles(texts["near-0"])))
        assert row["threshold"] == 0.75
    assert judged(outcome, "near-2-copy") == ("drop", "exact", "near-2")


def test_a_copy_of_a_near_duplicate_belongs_to_its_cluster(outcome: Outcome) -> None:
    members = {name: row for name, row in outcome.clusters.items() if row["cluster_id"] == "near-0"}
    assert set(members) == {"near-0", "near-1", "near-2", "near-2-copy"}
    assert {row["size"] for row in members.values()} == {4}
    assert [name for name, row in members.items() if row["representative"]] == ["near-0"]
    assert sorted(row["level"] for row in members.values()) == ["exact", "near", "near", "near"]
    assert list(outcome.clusters["near-0"]) == CLUSTERS.names


def test_chinese_near_copies_are_found(outcome: Outcome) -> None:
    assert {"zh-0", "zh-1"} & outcome.dropped == {"zh-1"}
    assert outcome.decisions["zh-1"]["rule"] == "near"


def test_short_and_empty_texts_are_compared_exactly_only(outcome: Outcome) -> None:
    verdicts = {
        name: judged(outcome, name)[:2] for name in outcome.decisions if name[:5] in ("short", "empty")
    }
    assert verdicts == {
        "short-0": ("keep", None),
        "short-1": ("keep", None),
        "short-2": ("keep", None),
        "empty-0": ("drop", "exact"),
        "empty-1": ("keep", None),
    }


def test_in_a_chain_every_removed_document_resembles_the_kept_one() -> None:
    words = prose(5, 300)
    texts = {f"link-{i}": " ".join(words[12 * i : 12 * i + 150 - i]) for i in range(4)}
    assert jaccard(shingles(texts["link-0"]), shingles(texts["link-3"])) < 0.75
    found = deduplicate(documents(texts), DedupSettings(bands=28, rows=4))
    assert [judged(found, f"link-{i}") for i in range(4)] == [
        ("keep", None, None),
        ("drop", "near", "link-0"),
        ("keep", None, None),
        ("drop", "near", "link-2"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("partitions", [1, 3, 8])
def test_spark_gives_the_same_in_any_number_of_partitions(
    spark: SparkSession, outcome: Outcome, partitions: int
) -> None:
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
    try:
        assert deduplicate_in_spark(spark, documents(*corpus()), partitions=partitions) == outcome
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", before)


def test_two_thousand_copies_and_two_thousand_variants_are_one_cluster() -> None:
    words = prose(9, 60)
    copies = {f"copy-{i:04d}": " ".join(words) for i in range(2000)}
    variants = {f"variant-{i:04d}": " ".join([*words, f"tail{i}"]) for i in range(2000)}
    found = deduplicate(documents(copies | variants))
    assert len(found.dropped) == 3999
    # The longest tails have four digits; of these the smallest doc_id stays.
    assert {row["cluster_id"] for row in found.clusters.values()} == {"variant-1000"}
    assert {row["size"] for row in found.clusters.values()} == {4000}


def test_a_candidate_without_text_is_refused() -> None:
    table = documents({f"v{i}": " ".join([*prose(3), f"tail{i}"]) for i in range(3)})
    with pytest.raises(InputError, match="no text for candidate v0"):
        LocalDedup(DedupSettings())(signed(table, DedupSettings()), texts_of(table.slice(1)))


@pytest.mark.slow
def test_spark_refuses_a_candidate_without_text(spark: SparkSession, tmp_path: Path) -> None:
    table = documents({f"v{i}": " ".join([*prose(3), f"tail{i}"]) for i in range(3)})
    docs = spark.createDataFrame(signed(table, DedupSettings()))
    bodies = spark.createDataFrame(table.select(["doc_id", "text"]).slice(1))
    phases = Phases(spark, Store.at(tmp_path))
    with pytest.raises(PythonException, match="no text for candidate v0"):
        Dedup()(docs, lambda wanted: bodies.join(wanted, "doc_id", "left_semi"), phases)


def test_nothing_in_nothing_out() -> None:
    found = deduplicate(documents({"only-a": "no copies of this one", "only-b": GARBLED}))
    assert not found.dropped
    assert not found.clusters
    assert LocalDedup(DedupSettings())(SIGNATURES.empty_table(), iter).decisions.num_rows == 0


def test_one_process_takes_what_fits_it() -> None:
    settings = DedupSettings(max_driver_documents=1000, max_driver_edges=24_000)
    assert fits(1000, 10**9, settings)
    assert not fits(1001, 0, settings)
    assert not fits(1000, 0, settings, prior=True)  # what that has in the same buckets comes on top
    assert not fits(1000, 10**10, settings)  # the shingles of so much text
    assert not fits(1000, 0, DedupSettings(max_driver_documents=1000, max_driver_edges=23_999))
    assert fits(1000, 10**10, DedupSettings(levels=("exact",), max_driver_edges=1))


@pytest.mark.slow
def test_real_near_duplicates(bench: dict[str, str], bench_pairs: list[tuple[str, str, float]]) -> None:
    found = deduplicate(documents(bench))
    alike = [(a, b) for a, b, similarity in bench_pairs if similarity >= 0.8]
    left = [pair for pair in alike if not found.dropped & set(pair)]
    assert len(alike) == 2690
    assert len(left) < len(alike) * 0.001
    _check_every_removal(found, bench)


def _check_every_removal(found: Outcome, texts: dict[str, str]) -> None:
    removed = sorted(found.dropped)
    matched = [found.decisions[name]["detail"] for name in removed]
    sides = [shingle_sets(pa.array([texts[name] for name in names])) for names in (removed, matched)]
    measured = set_jaccard(*sides)
    for name, similarity in zip(removed, measured, strict=True):
        row = found.decisions[name]
        if row["rule"] == "near":
            assert row["value"] == similarity >= 0.75
        assert found.clusters[name]["cluster_id"] not in found.dropped
