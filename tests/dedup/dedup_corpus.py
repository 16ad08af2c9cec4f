"""Documents as the stage receives them, and its answer as plain Python."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from daybreak.storage import Store
from pipelines.dedup.local import LocalDedup
from pipelines.dedup.normal import exact_hash
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.phases import Phases
from pipelines.dedup.prior import Prior
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import Signatures
from pipelines.dedup.stage import Dedup
from pipelines.dedup.urls import url_hash

Rebanded = Callable[[DataFrame, DataFrame, DedupSettings], DataFrame]


class Outcome(NamedTuple):
    """Decisions by doc_id, and clusters by doc_id, as dictionaries of columns."""

    decisions: dict[str, dict]
    clusters: dict[str, dict]

    @property
    def dropped(self) -> set[str]:
        return {doc_id for doc_id, row in self.decisions.items() if row["verdict"] == "drop"}


def documents(
    texts: dict[str, str], timestamps: dict[str, str] | None = None, urls: dict[str, str] | None = None
) -> pa.Table:
    """One row a text, with everything that signatures need; two units, rows counted in each."""
    ids, bodies = list(texts), pa.array(list(texts.values()), pa.string())
    columns = {
        "doc_id": pa.array(ids, pa.string()),
        "unit": pa.array([f"made-{i % 2}" for i in range(len(ids))], pa.string()),
        "row": pa.array([i // 2 for i in range(len(ids))], pa.int64()),
        "source": pa.array(["made"] * len(ids), pa.string()),
        "timestamp": pa.array([(timestamps or {}).get(i) for i in ids], pa.string()),
        "n_bytes": pa.array([len(text.encode()) for text in texts.values()], pa.int64()),
        "exact_hash": exact_hash(bodies),
        "url_hash": url_hash(pa.array([(urls or {}).get(i) for i in ids], pa.string())),
        "text": bodies,
    }
    return pa.table(columns | {"order": DeclaredOrder()(columns)})


def signed(table: pa.Table, settings: DedupSettings) -> pa.Table:
    """SIGNATURES of `documents`."""
    return pa.Table.from_batches(
        [Signatures(settings)(batch) for batch in table.combine_chunks().to_batches(max_chunksize=1000)]
    )


def texts_of(table: pa.Table) -> Callable[[pa.Table], Iterator[pa.RecordBatch]]:
    """Reads the texts of wanted rows of `table`, as the stage asks for them in one process."""

    def read(wanted: pa.Table) -> Iterator[pa.RecordBatch]:
        bodies = table.select(["doc_id", "text"])
        found = bodies.filter(pc.is_in(bodies["doc_id"], wanted["doc_id"].combine_chunks()))
        yield from found.combine_chunks().to_batches(max_chunksize=700)

    return read


def deduplicate(
    table: pa.Table,
    settings: DedupSettings | None = None,
    prior: Prior | None = None,
    spark: SparkSession | None = None,
) -> Outcome:
    """The stage's answer on `table`, in this process; a prior is asked through `spark`."""
    settings = settings or DedupSettings()
    found = LocalDedup(settings)(signed(table, settings), texts_of(table), prior, spark)
    return Outcome(_by_id(found.decisions), _by_id(found.clusters))


def deduplicate_in_spark(
    spark: SparkSession,
    table: pa.Table,
    settings: DedupSettings | None = None,
    partitions: int = 3,
    prior: Prior | None = None,
    rebanded: Rebanded | None = None,
) -> Outcome:
    """The stage's answer on `table`, laid out in so many partitions; with other bands, if `rebanded` gives them."""
    settings = settings or DedupSettings()
    docs = spark.createDataFrame(signed(table, settings)).repartition(partitions)
    bodies = spark.createDataFrame(table.select(["doc_id", "text"])).repartition(partitions)
    docs = rebanded(docs, bodies, settings) if rebanded else docs
    with tempfile.TemporaryDirectory() as folder:
        phases = Phases(spark, Store.at(folder))
        fetch = lambda wanted: bodies.join(wanted, "doc_id", "left_semi")  # noqa: E731
        result = Dedup(settings)(docs, fetch, phases, prior)
        return Outcome(_by_id(result.decisions.toArrow()), _by_id(result.clusters.toArrow()))


def _by_id(table: pa.Table) -> dict[str, dict]:
    rows = table.to_pylist()
    found = {row["doc_id"]: row for row in rows}
    assert len(found) == len(rows), "a document was answered twice"
    return found
