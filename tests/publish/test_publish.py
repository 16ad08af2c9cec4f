from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from daybreak.errors import AccountingError, WorkspaceError
from pipelines.mixture import Mixture
from pipelines.publish import publish
from tokenizer.shards import ShardReader

pytestmark = pytest.mark.slow
MIXTURE = Mixture({"web": 1, "books": 1}, max_epochs=2, shard_tokens=8000)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def tokens() -> pa.Table:
    draw = random.Random(5)
    ids = [[*(draw.randrange(4, 300) for _ in range(draw.randrange(60))), 2] for _ in range(1500)]
    return pa.table(
        {
            "doc_id": [f"{draw.getrandbits(128):032x}" for _ in ids],
            "source": ["books" if i % 3 == 0 else "web" for i in range(len(ids))],
            "n_tokens": pa.array([len(row) for row in ids], pa.int32()),
            "input_ids": pa.array(ids, pa.list_(pa.int32())),
        }
    )


def run(
    spark: SparkSession, tokens: pa.Table, folder: Path, partitions: int
) -> tuple[pa.Table, list[dict[str, Any]]]:
    frame = spark.createDataFrame(tokens).repartition(partitions)
    plan, _ = MIXTURE(frame)
    table = plan.toArrow()
    n_shards = max(table["shard"].to_pylist()) + 1
    return table, publish(frame, plan.repartition(partitions), str(folder), "uint16", n_shards)


def test_plan_and_shards_are_the_same_bytes_at_any_number_of_partitions(
    spark: SparkSession, tokens: pa.Table, tmp_path: Path
) -> None:
    plans, written = zip(*(run(spark, tokens, tmp_path / str(n), n) for n in (1, 3, 5)), strict=True)
    assert plans[0].equals(plans[1]) and plans[0].equals(plans[2])
    assert written[0] == written[1] == written[2] and len(written[0]) > 4
    for entry in written[0]:
        assert len({(tmp_path / n / entry["file"]).read_bytes() for n in "135"}) == 1
    assert sorted(p.name for p in (tmp_path / "1").iterdir()) == sorted(e["file"] for e in written[0])
    _the_plan_reads_the_documents(plans[0], tokens, tmp_path / "1")


def _the_plan_reads_the_documents(plan: pa.Table, tokens: pa.Table, folder: Path) -> None:
    """Every position of the plan leads to its document's ids, and nothing else is stored."""
    ids = dict(zip(tokens["doc_id"].to_pylist(), tokens["input_ids"].to_pylist(), strict=True))
    reader = ShardReader(folder)
    for row in plan.to_pylist():
        assert reader.input_ids(row["shard"], row["row"]).tolist() == ids[row["doc_id"]]
        assert reader.document(row["shard"], row["row"])["doc_id"] == row["doc_id"]
    assert len(datasets.load_from_disk(str(folder))) == len(set(plan["doc_id"].to_pylist())) < plan.num_rows


def test_missing_and_doubled_documents_and_wide_ids_are_errors(
    spark: SparkSession, tokens: pa.Table, tmp_path: Path
) -> None:
    plan, _ = Mixture().plan(tokens)
    frame, victim = spark.createDataFrame(plan), tokens["doc_id"][1034].as_py()
    less = spark.createDataFrame(pa.concat_tables([tokens.slice(0, 1034), tokens.slice(1035)]))
    with pytest.raises(AccountingError, match=f"{victim}.*missing"):
        publish(less, frame, str(tmp_path / "less"), "uint16", 1)
    more = spark.createDataFrame(pa.concat_tables([tokens, tokens.slice(1034, 1)]))
    with pytest.raises(AccountingError, match=f"{victim}.*twice"):
        publish(more, frame, str(tmp_path / "more"), "uint16", 1)
    wide = tokens.set_column(3, "input_ids", pa.array([[70_000]] * 1500, pa.list_(pa.int32())))
    with pytest.raises(WorkspaceError, match="fit"):
        publish(spark.createDataFrame(wide), frame, str(tmp_path / "wide"), "uint16", 1)
    with pytest.raises(AccountingError, match="shards"):
        publish(spark.createDataFrame(tokens), frame, str(tmp_path / "count"), "uint16", 2)
    assert not [p for name in ("less", "more", "wide") for p in (tmp_path / name).iterdir()]
