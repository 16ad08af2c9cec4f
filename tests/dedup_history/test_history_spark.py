"""The history through Spark: written by the outcome of a run, asked as the stage asks."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from history_rule import SETTINGS
from history_rule import bucket_of as plain_bucket
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from daybreak.progress import Progress
from pipelines.dedup.history.buckets import bucket_name
from pipelines.dedup.history.history import History
from pipelines.dedup.history.members import rows_of
from pipelines.dedup.history.read import HistoryPrior
from pipelines.dedup.history.record import recording
from pipelines.dedup.history.tables import hash_table
from pipelines.dedup.history.write import document_tables
from pipelines.dedup.order import NEW
from pipelines.dedup.prior import Joined

pytestmark = pytest.mark.slow

JUDGED = pa.schema(
    [
        ("doc_id", pa.string()),
        ("order", pa.binary()),
        ("url_hash", pa.string()),
        ("exact_hash", pa.string()),
        ("bands", pa.list_(pa.int64())),
        ("level", pa.string()),
        ("set", pa.string()),
        ("cluster_id", pa.string()),
    ]
)
ROWS = [
    ("d1", "u1", "e1", [1, 2], None, None, "d1"),
    ("d2", "u2", "e2", [1, -7], None, None, "d2"),
    ("d3", None, "e3", [2], "near", None, "d1"),
    ("d4", "u4", "e1", [1, 2], "exact", None, "d1"),
    ("d5", "u1", "e5", [9], "url", None, "d1"),
    ("d6", None, "e6", None, None, None, "d6"),
    ("d7", "u7", "e7", [4], "exact", "other", "x9"),
]


def judged(spark: SparkSession, rows: list[tuple] = ROWS) -> DataFrame:
    orders = [(row[0], NEW + f"{place:02d}".encode(), *row[1:]) for place, row in enumerate(rows)]
    return spark.createDataFrame(
        pa.Table.from_pylist([dict(zip(JUDGED.names, row, strict=True)) for row in orders], JUDGED)
    )


def shingles(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(
        [("d1", [1, 5, -3]), ("d2", [2, 6]), ("d3", [7])], "doc_id string, shingles array<int>"
    )


def keys(spark: SparkSession, name: str, values: list) -> DataFrame:
    kind = "string" if isinstance(values[0], str) else "long"
    return spark.createDataFrame([(value,) for value in values], f"{name} {kind}")


def rows(frame: DataFrame) -> list[tuple]:
    return sorted(map(tuple, frame.collect()), key=repr)


@pytest.fixture(scope="module")
def place(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    for name, facts in (("day-1", ROWS), ("day-2", [("f1", "v1", "h1", [1, 11], None, None, "f1")])):
        with recording(str(folder), name, SETTINGS, buckets=4) as run:
            run.append(
                document_tables(judged(spark, facts), shingles(spark), run.number),
                Progress(),
                {"documents": 7},
            )
    return folder


@pytest.fixture(scope="module")
def prior(place: Path) -> HistoryPrior:
    return HistoryPrior(History(place).view(), hubs=2)


def test_buckets_are_those_of_xxh64(spark: SparkSession) -> None:
    for name, values in (("key", ["", "a", "é" * 40, "0123"]), ("key", [0, -1, 2**62, -(2**63)])):
        frame = keys(spark, name, values).select("key", bucket_name("key", 4).alias("b"))
        assert {row.key: row.b for row in frame.collect()} == {value: plain_bucket(value) for value in values}


def test_each_level_knows_every_document_that_came_to_it_and_was_first(
    spark: SparkSession, prior: HistoryPrior
) -> None:
    hashes = keys(spark, "exact_hash", ["e1", "e2", "e3", "e5", "e7", "h1", "none"])
    assert rows(prior.exact(hashes)) == [
        ("e1", "d1", "d1", None),
        ("e2", "d2", "d2", None),
        ("e3", "d3", "d1", None),
        ("h1", "f1", "f1", None),
    ]
    urls = keys(spark, "url_hash", ["u1", "u2", "u4", "u7", "v1"])
    assert rows(prior.urls(urls)) == [
        ("u1", "d1", "d1", None),
        ("u2", "d2", "d2", None),
        ("u4", "d4", "d1", None),
        ("u7", "d7", "x9", None),
        ("v1", "f1", "f1", None),
    ]


def test_a_bucket_gives_its_first_kept_documents_in_order(spark: SparkSession, prior: HistoryPrior) -> None:
    found = rows(prior.buckets(keys(spark, "bucket", [1, 2, -7, 11, 4, 9, 1000])))
    assert [(row[0], row[2], row[3]) for row in found] == [
        (-7, "d2", None),
        (1, "d1", None),
        (1, "d2", None),
        (11, "f1", None),
        (2, "d1", None),
    ]
    orders = {row[2]: bytes(row[1]) for row in found}
    assert orders["d1"] < orders["d2"] < orders["f1"] < NEW
    assert rows(prior.sets(keys(spark, "doc_id", ["d1", "d3", "f1", "zz"]))) == [("d1", [1, 5, -3])]


def test_a_removed_hub_gives_its_place_to_the_next(spark: SparkSession, place: Path) -> None:
    history = History(place)
    before = history.state()
    with history.held():
        history.remove(["d1"])
    try:
        prior = HistoryPrior(history.view(), hubs=2)
        found = rows(prior.buckets(keys(spark, "bucket", [1, 2])))
        assert [(row[0], row[2]) for row in found] == [(1, "d2"), (1, "f1")]
        assert rows(prior.exact(keys(spark, "exact_hash", ["e1", "e2", "e3"]))) == [("e2", "d2", "d2", None)]
    finally:
        history.store.write("history.json", before.to_json())


def test_data_sets_stand_before_the_history_and_answer_first(
    spark: SparkSession, place: Path, prior: HistoryPrior
) -> None:
    both = Joined([HistoryPrior(History(place).view(), 2, "other"), prior])
    assert rows(both.exact(keys(spark, "exact_hash", ["e3"]))) == [("e3", "d3", "d1", "other")]
    found = both.buckets(keys(spark, "bucket", [11])).orderBy("order").collect()
    assert [(row["doc_id"], row["set"]) for row in found] == [("f1", "other"), ("f1", None)]
    assert rows(both.sets(keys(spark, "doc_id", ["d2"]))) == [("d2", [2, 6])]


def test_a_run_that_fails_leaves_nothing(spark: SparkSession, tmp_path: Path) -> None:
    broken = judged(spark).withColumn("exact_hash", F.raise_error(F.lit("boom")).cast("string"))
    with pytest.raises(Exception, match="boom"), recording(str(tmp_path), "a", SETTINGS) as run:
        run.append(document_tables(broken, shingles(spark), 1), Progress())
    assert not History(tmp_path).there
    with History(tmp_path).held():
        assert not list(tmp_path.glob("batches/*"))


def test_tables_of_other_hashes_by_name(spark: SparkSession, tmp_path: Path) -> None:
    seen = hash_table("seen-lines", of=pa.int64())
    lines = spark.createDataFrame(
        [(5, "d1", None), (-6, "d2", None)], "hash long, doc_id string, kept string"
    )
    with recording(str(tmp_path), "a", {"unit": "line"}) as run:
        run.append({"seen-lines": lines}, Progress())
    prior = HistoryPrior(History(tmp_path).view(), 1)
    assert rows(prior.seen(keys(spark, "hash", [5, 7]), seen)) == [(5, "d1", "d1", None)]
    assert not list(rows_of(History(tmp_path).view(), "exact"))
