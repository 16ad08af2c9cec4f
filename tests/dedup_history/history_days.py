"""The stage run on a table of documents, at once or day by day on a history."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from daybreak.progress import Progress
from daybreak.storage import Store
from pipelines.dedup.history.record import recording
from pipelines.dedup.history.settings import comparable
from pipelines.dedup.history.write import document_tables, shingled
from pipelines.dedup.normal import exact_hash
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.phases import Phases
from pipelines.dedup.prior import Prior
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import SIGNATURES, band_lists
from pipelines.dedup.stage import Dedup
from pipelines.dedup.urls import url_hash

SETTINGS = DedupSettings(levels=("url", "exact", "near"))
ORDER = DeclaredOrder(("date", "length", "doc_id"))
COMPARABLE = comparable(SETTINGS, ORDER)
Outcome = dict[str, tuple[Any, ...]]


def scanned(texts: Mapping[str, str], urls: Mapping[str, str], dates: Mapping[str, str]) -> pa.Table:
    """Rows as the stage takes them, with their `text`."""
    ids, bodies = list(texts), pa.array(list(texts.values()), pa.string())
    columns = {
        "doc_id": pa.array(ids, pa.string()),
        "unit": pa.array(["made"] * len(ids)),
        "row": pa.array(range(len(ids)), pa.int64()),
        "source": pa.array(["made"] * len(ids)),
        "timestamp": pa.array([dates[i] for i in ids], pa.string()),
        "n_bytes": pa.array([len(text.encode()) for text in texts.values()], pa.int64()),
        "exact_hash": exact_hash(bodies),
        "url_hash": url_hash(pa.array([urls.get(i) for i in ids], pa.string())),
        "bands": band_lists(bodies, SETTINGS),
    }
    columns["order"] = ORDER(columns)
    table = pa.table({name: columns[name] for name in SIGNATURES.names})
    return table.append_column("text", bodies)


def judge(
    spark: SparkSession, table: pa.Table, work: Path, prior: Prior | None = None
) -> tuple[Outcome, DataFrame]:
    """Level, match and similarity of each document, and the stage's frame of outcomes."""
    bodies = spark.createDataFrame(table.select(["doc_id", "text"]))
    docs = spark.createDataFrame(table.select(SIGNATURES.names))
    shutil.rmtree(work, ignore_errors=True)
    phases = Phases(spark, Store.at(work))
    found = Dedup(SETTINGS)(docs, lambda wanted: bodies.join(wanted, "doc_id", "left_semi"), phases, prior)
    rows = (
        found.judged.select("doc_id", "level", "set", "matched", "similarity", "cluster_id")
        .toArrow()
        .to_pylist()
    )
    assert len(rows) == len(table)
    return {row.pop("doc_id"): tuple(row.values()) for row in rows}, found.judged


def judge_days(spark: SparkSession, days: Sequence[pa.Table], place: Path, work: Path) -> Outcome:
    """Day by day, each compared with the history that the former left."""
    outcome: Outcome = {}
    for number, table in enumerate(days):
        with recording(str(place), f"day-{number}", COMPARABLE, buckets=2) as run:
            found, judged = judge(spark, table, work, run.prior(SETTINGS.hubs))
            bodies = spark.createDataFrame(table.select(["doc_id", "text"]))
            kept = bodies.join(judged.where("level is null").select("doc_id"), "doc_id", "left_semi")
            run.append(document_tables(judged, shingled(kept, SETTINGS.window), run.number), Progress())
        outcome |= found
    return outcome
