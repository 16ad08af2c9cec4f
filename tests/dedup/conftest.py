"""One Spark session for the tests of this room, and real texts."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import settings
from pyspark.sql import SparkSession

# The first call of a kernel compiles it: time says nothing here.
settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Embedded Spark on two cores."""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.maxBytesPerBatch": str(32 * 1024 * 1024),
        "spark.local.dir": str(tmp_path_factory.mktemp("spark")),
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    builder = SparkSession.builder.master("local[2]").appName("dedup tests")
    for key, value in options.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def bench(shared_data: Path) -> dict[str, str]:
    """Real texts by id."""
    texts = {}
    for path in sorted((shared_data / "bench").glob("[0-9].jsonl.gz")):
        with gzip.open(path) as lines:
            texts.update((record["id"], record["text"]) for record in map(json.loads, lines))
    return texts


@pytest.fixture(scope="session")
def bench_pairs(shared_data: Path) -> list[tuple[str, str, float]]:
    """Pairs of `bench` with their exact Jaccard similarity, computed elsewhere."""
    with gzip.open(shared_data / "bench" / "neardup_pairs.jsonl.gz") as lines:
        return [(pair["a"], pair["b"], pair["jaccard"]) for pair in map(json.loads, lines)]


@pytest.fixture(scope="session")
def pile(shared_data: Path) -> dict[str, str]:
    """Real texts of another origin, by place."""
    with zstandard.open(shared_data / "the_pile/train/00.jsonl.zst", "rt", encoding="utf-8") as lines:
        return {f"pile-{n}": json.loads(line)["text"] for n, line in enumerate(lines)}
