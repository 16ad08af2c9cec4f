"""The passes through Spark: the same as without, at any partitioning, and day by day as all at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from daybreak.progress import Progress
from daybreak.storage import Store
from pipelines.dedup.order import DeclaredOrder
from pipelines.passages.engine import Engine, Removed
from pipelines.passages.pieces import Lines
from pipelines.passages.sentences import Spans
from pipelines.passages.settings import PassageSettings, Unit
from pipelines.passages.substrings import Substrings
from pipelines.reading import KeptUnit
from tests.passages.passage_support import corpus, left, passes

pytestmark = pytest.mark.slow

EVERY = PassageSettings(
    {
        "paragraphs": Unit(Lines("loose"), False, 1),
        "lines": Unit(Lines("spaces"), True, 1),
        "spans": Unit(Spans("loose", 3), False, 1),
        "substrings": Unit(Substrings(12), False, 1),
    }
)


def made(seed: int) -> list[str]:
    """Pages of sentences of which many stand in several."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcdefg", k=4)) for _ in range(300)]
    stock = [" ".join(draw.choices(words, k=8)).capitalize() + "." for _ in range(150)]
    pages = []
    for _ in range(40):
        lines = [" ".join(draw.choices(stock, k=draw.randint(1, 5))) for _ in range(draw.randint(1, 12))]
        pages.append("\n\n".join(lines))
    return pages


def run(spark: SparkSession, out: Store, units: list[KeptUnit], partitions: int, **more: object) -> Removed:
    engine = Engine(spark, out, EVERY, DeclaredOrder(), Progress(quiet=True), partitions, **more)  # type: ignore[arg-type]
    return engine(units)


def test_partitions_change_nothing(spark: SparkSession, tmp_path: Path) -> None:
    pages = made(1)
    plain = Store.at(tmp_path / "plain")
    units = corpus(plain, [pages[:15], pages[15:16], pages[16:], []])
    passes(plain, units, EVERY)
    wanted = left(units, plain)
    digests = []
    for partitions in (1, 3):
        out = Store.at(tmp_path / f"p{partitions}")
        removed = run(spark, out, units, partitions)
        assert left(units, out) == wanted
        digests.append([(e.path, e.sha256) for r in removed.results for e in r.parts.values()])
        assert not out.exists("scratch") and removed.seen == []
    assert digests[0] == digests[1]


def known(spark: SparkSession, out: Store) -> dict[str, Callable[[DataFrame], DataFrame]]:
    """The hashes that a run wrote as seen, as the next run's priors."""

    def prior(name: str) -> Callable[[DataFrame], DataFrame]:
        parts = [f"seen/{part}" for part in out.names("seen") if part.startswith(f"{name}-")]
        hashes = sorted(h for part in parts for h in pq.read_table(out.path(part))["hash"].to_pylist())
        frame = spark.createDataFrame([(h,) for h in hashes], "hash long")
        return lambda asked: asked.join(frame, "hash", "left_semi")

    return {name: prior(name) for name in EVERY.across}


def test_day_by_day_is_all_at_once(spark: SparkSession, tmp_path: Path) -> None:
    """The second day's documents are shorter than the first day's, so the order of one run is that of the days."""
    pages = sorted(made(2), key=lambda page: (-len(page), page))
    ids = [f"{n:03}" for n in range(len(pages))]
    whole = Store.at(tmp_path / "whole")
    units = corpus(whole, [pages[0::2], pages[1::2]], [ids[0::2], ids[1::2]])
    run(spark, whole, units, 2)
    found: dict[str, str] = {}
    one, two = Store.at(tmp_path / "one"), Store.at(tmp_path / "two")
    first, second = corpus(one, [pages[:20]], [ids[:20]]), corpus(two, [pages[20:]], [ids[20:]])
    assert len(run(spark, one, first, 1, keep_seen=True).seen) > 10
    found |= left(first, one)
    run(spark, two, second, 1, priors=known(spark, one), keep_seen=True)
    found |= left(second, two)
    assert found == left(units, whole)
    assert found != dict(zip(ids, pages, strict=True))
