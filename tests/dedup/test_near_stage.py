"""The same clusters in one process and in Spark, from anything that a history tells, and over hard inputs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest
from dedup_corpus import deduplicate, deduplicate_in_spark, documents, signed
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from daybreak.errors import RecipeError
from daybreak.storage import Store
from pipelines.dedup.edges import salted_join
from pipelines.dedup.nodes import MEMBERS
from pipelines.dedup.order import earlier
from pipelines.dedup.phases import Phases
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_sets
from pipelines.dedup.signatures import SIGNATURES

THAI = "ปัญญาประดิษฐ์คือความสามารถของเครื่องจักรในการเรียนรู้และแก้ปัญหาเหมือนมนุษย์ซึ่งมีการพัฒนาอย่างรวดเร็วในช่วงหลายปีที่ผ่านมา"


def family(seed: int, copies: int, changes: int) -> list[str]:
    """Texts of 100 words, each with so many others in its place."""
    drawn = random.Random(seed)
    base = [f"w{drawn.randrange(10**6)}" for _ in range(100)]
    found = []
    for _ in range(copies):
        words = list(base)
        for _ in range(drawn.randrange(changes + 1)):
            words[drawn.randrange(100)] = f"w{drawn.randrange(10**6)}"
        found.append(" ".join(words))
    return found


def mixed() -> dict[str, str]:
    """Families of different closeness, a chain, exact copies, other scripts, empty texts."""
    texts = [text for seed in range(6) for text in family(seed, 25, 1 + 2 * seed)]
    drawn = random.Random(99)
    chain = [f"c{drawn.randrange(10**6)}" for _ in range(260)]
    texts += [" ".join(chain[8 * i : 8 * i + 150 - i]) for i in range(12)]
    texts += [texts[3], texts[3].upper(), "", " ", "word", THAI, THAI + "มาก", THAI.replace("มนุษย์", "ผู้คน")]
    drawn.shuffle(texts)
    return {f"d{i:04d}": text for i, text in enumerate(texts)}


@pytest.mark.slow
@pytest.mark.parametrize("cluster", ["representative", "components"])
def test_spark_rounds_give_what_one_process_gives(spark: SparkSession, cluster: str) -> None:
    texts = mixed()
    urls = {name: f"http://example.org/{i % 70}" for i, name in enumerate(texts)}
    table = documents(texts, urls=urls if cluster == "representative" else None)
    settings = {"bands": 24, "rows": 6, "cluster": cluster, "levels": ("url", "exact", "near")}
    here = deduplicate(table, DedupSettings(**settings))
    there = deduplicate_in_spark(spark, table, DedupSettings(**settings, max_driver_edges=1))
    assert len(here.dropped) > 60
    assert {row["rule"] for row in here.decisions.values()} >= {"exact", "near", None}
    assert there == here


@dataclass
class InMemory:
    """What earlier runs kept, as frames."""

    spark: SparkSession
    ngram: int
    bucketed: list[pa.Table] = field(default_factory=list)
    hashed: list[pa.Table] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, batch: int, table: pa.Table, dropped: set[str], firsts: set[str]) -> None:
        """Take a finished run: documents that stayed, and all that were first with their hash."""
        rows = table.to_pylist()
        kept = [row for row in rows if row["doc_id"] not in dropped and row["bands"] is not None]
        orders = [{**row, "order": earlier(batch) + row["order"][1:], "set": None} for row in kept]
        buckets = [{**row, "bucket": bucket} for row in orders for bucket in row["bands"]]
        names = [*MEMBERS.names[:1], "order", "doc_id", "set"]
        schema = pa.schema(
            [("bucket", pa.int64()), ("order", pa.binary()), ("doc_id", pa.string()), ("set", pa.string())]
        )
        self.bucketed.append(pa.Table.from_pylist([{n: row[n] for n in names} for row in buckets], schema))
        first = [{**row, "set": None} for row in rows if row["doc_id"] in firsts]
        hashes = pa.schema(
            [
                ("exact_hash", pa.string()),
                ("url_hash", pa.string()),
                ("doc_id", pa.string()),
                ("set", pa.string()),
            ]
        )
        self.hashed.append(pa.Table.from_pylist([{n: row[n] for n in hashes.names} for row in first], hashes))

    def _of(self, tables: list[pa.Table]) -> DataFrame:
        return self.spark.createDataFrame(pa.concat_tables(tables))

    def exact(self, hashes: DataFrame) -> DataFrame:
        return (
            self._of(self.hashed)
            .join(hashes, "exact_hash", "left_semi")
            .select("exact_hash", "doc_id", "set")
        )

    def urls(self, hashes: DataFrame) -> DataFrame:
        return self._of(self.hashed).join(hashes, "url_hash", "left_semi").select("url_hash", "doc_id", "set")

    def buckets(self, buckets: DataFrame) -> DataFrame:
        return self._of(self.bucketed).join(buckets, "bucket", "left_semi")

    def sets(self, ids: DataFrame) -> DataFrame:
        names = list(self.texts)
        sets = shingle_sets(pa.array([self.texts[name] for name in names]), self.ngram).cast(
            pa.list_(pa.uint32())
        )
        frame = self.spark.createDataFrame(
            pa.table({"doc_id": names, "shingles": sets.view(pa.list_(pa.int32()))})
        )
        return frame.join(ids, "doc_id", "left_semi")


@pytest.mark.slow
def test_day_by_day_removes_what_all_at_once_removes(spark: SparkSession) -> None:
    texts = mixed()
    settings = DedupSettings(bands=24, rows=6)
    table = documents(texts)
    # Days come first in the order, so that each day's documents follow those of the days before.
    day = {name: i * 3 // len(texts) for i, name in enumerate(texts)}
    orders = [earlier(day[row["doc_id"]]) + row["order"][1:] for row in table.to_pylist()]
    dated = table.set_column(table.schema.get_field_index("order"), "order", pa.array(orders, pa.binary()))
    whole = deduplicate(dated, settings)
    prior = InMemory(spark, settings.ngram, texts=texts)
    found: dict[str, tuple] = {}
    for number in range(3):
        mask = pa.array([day[name] == number for name in table["doc_id"].to_pylist()])
        today = table.filter(mask)
        before = prior if number else None
        outcome = deduplicate(today, settings, before, spark)
        assert number < 2 or outcome == deduplicate_in_spark(spark, today, settings, prior=before)
        found |= {name: _judged(row) for name, row in outcome.decisions.items()}
        exact = {name for name, row in outcome.decisions.items() if row["rule"] == "exact"}
        prior.add(number, signed(today, settings), outcome.dropped, set(outcome.decisions) - exact)
    assert found == {name: _judged(row) for name, row in whole.decisions.items()}


def _judged(row: dict) -> tuple:
    return row["verdict"], row["rule"], row["detail"], row["value"], row["threshold"]


@pytest.mark.slow
def test_a_hash_of_another_data_set_names_it(spark: SparkSession) -> None:
    table = documents({"a": "one text here", "b": "another text"})
    prior = InMemory(spark, 5)
    prior.add(0, signed(documents({"x": "One text  here"}), DedupSettings()), set(), {"x"})
    prior.hashed = [t.set_column(3, "set", pa.array(["books"])) for t in prior.hashed]
    settings = DedupSettings(levels=("exact",))
    found = deduplicate(table, settings, prior, spark)
    assert found == deduplicate_in_spark(spark, table, settings, prior=prior)
    assert _judged(found.decisions["a"]) == ("drop", "exact:books", "x", 1.0, 1.0)
    assert found.decisions["b"]["verdict"] == "keep"


@pytest.mark.slow
def test_components_are_refused_with_a_history(spark: SparkSession) -> None:
    table, settings, prior = documents({"a": "x"}), DedupSettings(cluster="components"), InMemory(spark, 5)
    with pytest.raises(RecipeError, match="two clusters"):
        deduplicate(table, settings, prior, spark)
    with pytest.raises(RecipeError, match="two clusters"):
        deduplicate_in_spark(spark, table, settings, prior=prior)


def test_url_copies_go_first_and_lead_to_the_document_that_stays() -> None:
    near = family(1, 1, 0)[0]
    texts = {"a": near + " and more", "b": near, "c": near, "d": "quite another text", "e": "no address"}
    urls = {"c": "http://example.org/page", "d": "https://www.example.org/page/?utm_source=x"}
    found = deduplicate(documents(texts, urls=urls), DedupSettings(levels=("url", "exact", "near")))
    assert {name: _judged(found.decisions[name])[:3] for name in texts} == {
        "a": ("keep", None, None),
        "b": ("drop", "near", "a"),
        "c": ("drop", "exact", "b"),
        "d": ("drop", "url", "c"),
        "e": ("keep", None, None),
    }
    assert {row["cluster_id"] for row in found.clusters.values()} == {"a"}
    assert {row["size"] for row in found.clusters.values()} == {4}


@pytest.mark.slow
@pytest.mark.long
def test_two_hundred_thousand_identical_documents(spark: SparkSession) -> None:
    n, text = 200_000, " ".join(f"word{i}" for i in range(30))
    one = signed(documents({"x": text}), DedupSettings()).combine_chunks()
    columns = {
        name: pa.chunked_array([pa.array([one[name][0].as_py()] * n, one[name].type)])
        for name in one.schema.names
    }
    ids = [f"{i:06d}" for i in range(n)]
    columns |= {
        "doc_id": pa.chunked_array([pa.array(ids)]),
        "row": pa.chunked_array([pa.array(range(n), pa.int64())]),
        "order": pa.chunked_array(
            [pa.array([one["order"][0].as_py()[:-1] + name.encode() for name in ids], pa.binary())]
        ),
    }
    kept = _kept(spark, pa.table(columns, schema=SIGNATURES), dict.fromkeys(ids[:1], text), DedupSettings())
    assert kept == ["000000"]


def _kept(spark: SparkSession, table: pa.Table, texts: dict[str, str], settings: DedupSettings) -> list[str]:
    import tempfile

    from pipelines.dedup.stage import Dedup

    bodies = spark.createDataFrame(pa.table({"doc_id": list(texts), "text": list(texts.values())}))
    with tempfile.TemporaryDirectory() as folder:
        found = Dedup(settings)(
            spark.createDataFrame(table),
            lambda w: bodies.join(w, "doc_id", "left_semi"),
            Phases(spark, Store.at(folder)),
        )
        assert found.decisions.count() == len(table)
        return sorted(row["doc_id"] for row in found.decisions.filter(F.col("verdict") == "keep").collect())


@pytest.mark.slow
@pytest.mark.long
def test_fifty_thousand_near_identical_documents(spark: SparkSession) -> None:
    base = family(5, 1, 0)[0]
    texts = {f"{i:05d}": f"{base} {i:05d}" for i in range(50_000)}
    settings = DedupSettings()
    kept = _kept(spark, signed(documents(texts), settings), texts, settings)
    assert kept == ["00000"]


@pytest.mark.slow
def test_empty_short_and_ten_megabyte_documents() -> None:
    long = " ".join(f"w{i % 700_003 * 7919 % 1_000_003}" for i in range(1_500_000))
    texts = {"long-a": long, "long-b": long + " end", "empty": "", "word": "word", "words": "word word"}
    found = deduplicate(documents(texts))
    assert len(long) > 10_000_000
    assert found.dropped == {"long-a"}
    assert found.decisions["long-a"]["detail"] == "long-b"


@pytest.mark.slow
def test_keys_of_many_rows_are_joined_in_several_tasks(spark: SparkSession) -> None:
    hubs = [0] * 95 + [1] * 12 + [2] * 3
    left = spark.createDataFrame(pa.table({"hub": hubs, "member": list(range(110))}))
    right = spark.createDataFrame(pa.table({"hub": [0, 1, 2, 3], "value": ["a", "b", "c", "d"]}))
    found = salted_join(left, right, left, "hub", 10).select("hub", "member", "value")
    assert sorted(map(tuple, found.collect())) == [(h, m, "abc"[h]) for m, h in enumerate(hubs)]


@pytest.mark.slow
def test_phases_are_not_computed_twice(spark: SparkSession, tmp_path: Path) -> None:
    phases = Phases(spark, Store.at(tmp_path))
    schema = pa.schema([("id", pa.int64()), ("name", pa.string())])
    names = [f"n{i}" for i in range(1000)]
    frame = spark.createDataFrame(pa.table([pa.array(range(1000)), names], schema=schema)).repartition(7)

    first = phases.phase("numbers", schema, lambda: frame.sort("id"))
    again = phases.phase("numbers", schema, lambda: pytest.fail("computed again"))
    assert again == first and first.rows == 1000
    rows = again.frame("place", 5).sort("place").collect()
    assert [row["place"] for row in rows] == list(range(5, 1005))
    assert [row["name"] for row in rows] == names
    assert again.table()["name"].to_pylist() == names
    empty = phases.phase("none", schema, lambda: frame.filter("id < 0"))
    assert empty.rows == 0 and empty.frame().count() == 0
