"""Dropped documents to look at, and records in quarantine. The only part that reads text, of a few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipelines.excerpts import keyed_hash, shortened, texts
from pipelines.report.facts import DroppedSample, QuarantinedSample
from pipelines.report.tables import Tables, dataset, scan, units

DECISION_TABLES = (
    "ingest_decisions",
    "filter_decisions",
    "dedup_decisions",
    "passages_decisions",
    "decontaminate_decisions",
)
COLUMNS = ("doc_id", "source", "stage", "rule", "value", "threshold", "detail")


def collect_dropped(tables: Tables, per_rule: int = 3) -> tuple[DroppedSample, ...]:
    """Up to `per_rule` dropped documents of each rule: those with the smallest keyed hash of doc_id."""
    chosen: list[dict[str, Any]] = []
    for name in DECISION_TABLES:
        for unit, path in units(tables, name).items():
            chosen += [{**row, "unit": unit} for row in _smallest(_dropped(path), per_rule)]
    chosen = _best(chosen, per_rule)
    shown = [row for row in chosen if row["stage"] != "decontamination"]  # no benchmark is published here
    found = texts(units(tables, "documents"), shown)
    similar = _similarities(tables, [row["doc_id"] for row in chosen])
    return tuple(_sample(row, found.get(row["doc_id"], {}), similar) for row in chosen)


def collect_quarantined(tables: Tables, limit: int = 40) -> tuple[QuarantinedSample, ...]:
    """The first records in quarantine, in order of source, file and offset, at most `limit`."""
    data = dataset(tables, "quarantine")
    if data is None:
        return ()
    names = ("source", "file", "offset", "length", "error")
    rows = scan(data, names).sort_by([(name, "ascending") for name in names[:3]]).slice(0, limit)
    return tuple(QuarantinedSample(**row) for row in rows.to_pylist())


def _dropped(path: Path) -> pa.Table:
    return scan(ds.dataset(str(path), format="parquet"), COLUMNS, pc.field("verdict") == "drop")


def _smallest(rows: pa.Table, per_rule: int) -> list[dict[str, Any]]:
    """The rows with the smallest hashes of each rule."""
    if not rows.num_rows:
        return []
    hashed = rows.append_column("hash", pa.array(keyed_hash(rows["doc_id"])))
    hashed = hashed.take(pc.sort_indices(hashed, [("hash", "ascending"), ("doc_id", "ascending")]))
    rules = pc.unique(hashed["rule"]).to_pylist()
    picked = (hashed.filter(pc.equal(hashed["rule"], rule)).slice(0, per_rule) for rule in rules if rule)
    return [row for table in picked for row in table.to_pylist()]


def _best(rows: Sequence[dict[str, Any]], per_rule: int) -> list[dict[str, Any]]:
    taken: dict[tuple[str, str], int] = {}
    best = []
    for row in sorted(rows, key=lambda row: (row["hash"], row["doc_id"])):
        group = (row["stage"], row["rule"])
        taken[group] = taken.get(group, 0) + 1
        if taken[group] <= per_rule:
            best.append(row)
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    return sorted(best, key=lambda row: (stages.index(row["stage"]), row["rule"]))


def _similarities(tables: Tables, doc_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The cluster rows of removed duplicates: which document each one equals, and how closely."""
    clusters = dataset(tables, "clusters")
    if clusters is None or not doc_ids:
        return {}
    columns = ("doc_id", "level", "matched", "similarity", "size")
    where = pc.field("doc_id").isin(list(doc_ids)) & ~pc.field("representative")
    return {row["doc_id"]: row for row in scan(clusters, columns, where).to_pylist()}


def _sample(
    row: Mapping[str, Any], text: Mapping[str, Any], similar: Mapping[str, Mapping[str, Any]]
) -> DroppedSample:
    excerpt = text.get("text")
    excerpt = None if excerpt is None else shortened(excerpt)
    detail, twin = row.get("detail"), similar.get(row["doc_id"])
    if twin and "dedup" in row["stage"]:
        detail = f"{twin['level']} duplicate of {twin['matched']}, in a cluster of {twin['size']}"
    return DroppedSample(
        row["rule"],
        row["stage"],
        row.get("value"),
        row.get("threshold"),
        row["doc_id"],
        row["source"],
        text.get("url"),
        excerpt,
        detail,
    )
