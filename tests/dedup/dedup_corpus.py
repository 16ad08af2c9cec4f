"""Documents as the stage receives them, and its answer as plain Python."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from pipelines.dedup.normal import exact_hash
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import Signatures
from pipelines.dedup.stage import Dedup


class Outcome(NamedTuple):
    """Decisions by doc_id, and clusters by doc_id, as dictionaries of columns."""

    decisions: dict[str, dict]
    clusters: dict[str, dict]

    @property
    def dropped(self) -> set[str]:
        return {doc_id for doc_id, row in self.decisions.items() if row["verdict"] == "drop"}


def documents(texts: dict[str, str], timestamps: dict[str, str] | None = None) -> pa.Table:
    """One row a text, with everything that signatures need; two units, rows counted in each."""
    ids, bodies = list(texts), pa.array(list(texts.values()), pa.string())
    dates = timestamps or {}
    return pa.table(
        {
            "doc_id": pa.array(ids, pa.string()),
            "unit": pa.array([f"made-{i % 2}" for i in range(len(ids))], pa.string()),
            "row": pa.array([i // 2 for i in range(len(ids))], pa.int64()),
            "source": pa.array(["made"] * len(ids), pa.string()),
            "timestamp": pa.array([dates.get(i) for i in ids], pa.string()),
            "n_bytes": pa.array([len(text.encode()) for text in texts.values()], pa.int64()),
            "exact_hash": exact_hash(bodies),
            "text": bodies,
        }
    )


def deduplicate(
    spark: SparkSession, table: pa.Table, settings: DedupSettings | None = None, partitions: int = 3
) -> Outcome:
    """The stage's answer on `table`, laid out in so many partitions."""
    settings = settings or DedupSettings()
    signed = [Signatures(settings)(batch) for batch in table.to_batches(max_chunksize=1000)]
    docs = spark.createDataFrame(pa.Table.from_batches(signed)).repartition(partitions)
    bodies = spark.createDataFrame(table.select(["doc_id", "text"])).repartition(partitions)
    result = Dedup(settings)(docs, lambda wanted: bodies.join(wanted, "doc_id", "left_semi"))
    try:
        return Outcome(_by_id(result.decisions), _by_id(result.clusters))
    finally:
        result.held.unpersist()


def _by_id(frame: DataFrame) -> dict[str, dict]:
    rows = frame.toArrow().to_pylist()
    found = {row["doc_id"]: row for row in rows}
    assert len(found) == len(rows), "a document was answered twice"
    return found
