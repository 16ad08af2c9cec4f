"""The stage and the history together: real documents, seven days, every level."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import xxhash
from history_days import judge, judge_days, scanned
from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.long]

DAYS = 7


def test_day_by_day_is_all_at_once_on_real_documents(
    spark: SparkSession,
    bench: dict[str, str],
    bench_pairs: list[tuple[str, str, float]],
    tmp_path: Path,
) -> None:
    paired = dict.fromkeys(name for a, b, _ in bench_pairs for name in (a, b))
    chosen = [*list(paired)[:250], *[name for name in bench if name not in paired][:150]]
    texts = {name: bench[name] for name in chosen}
    # Copies of near duplicates on other days, and pages that come again under the same URL with another text.
    texts |= {f"{name}-copy": bench[name].upper() for name in list(paired)[:120:3]}
    texts |= {f"{name}-later": f"{bench[name]} and more" for name in chosen[:60:4]}
    day = {name: xxhash.xxh64_intdigest(name.encode()) % DAYS for name in texts}
    urls = {name: f"https://example.org/{name.removesuffix('-later')}" for name in texts}
    table = scanned(texts, urls, {name: f"2026-01-0{1 + number}" for name, number in day.items()})
    numbers = pa.array([day[name] for name in table["doc_id"].to_pylist()])
    days = [table.filter(pc.equal(numbers, number)) for number in range(DAYS)]
    at_once, _ = judge(spark, table, tmp_path / "work")
    found = judge_days(spark, days, tmp_path / "history", tmp_path / "work")
    levels = [row[0] for row in at_once.values()]
    assert {level: levels.count(level) > 5 for level in ("url", "exact", "near")} == {
        "url": True, "exact": True, "near": True,
    }  # fmt: skip
    assert {name: row[:4] for name, row in found.items()} == {name: row[:4] for name, row in at_once.items()}
