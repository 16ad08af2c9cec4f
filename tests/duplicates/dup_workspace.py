"""A workspace with the steps ingest and dedup as a run leaves them, made by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from daybreak.manifest import Manifest
from daybreak.schema import CLUSTERS, DECISIONS, DOCUMENTS
from daybreak.workspace import Workspace
from pipelines.parts import write_part

STAYS, NEAR, EXACT, ALONE, AFAR = (letter * 32 for letter in "abcde")
TEXTS = {
    STAYS: "The ferry leaves at nine and is there by noon, whatever the weather may bring. " * 2,
    NEAR: "The ferry leaves at ten and is there by noon, whatever the weather may bring. " * 2,
    EXACT: "The ferry leaves at ten and is there by noon, whatever the weather may bring. " * 2,
    ALONE: "Nothing else is like this \x1b[31mtext.",
    AFAR: "A text whose twin stands in an earlier run.",
}
SIGNALS = pa.schema([("doc_id", pa.string()), ("n_bytes", pa.int64()), ("score", pa.float32())])
DATES = {STAYS: "2025-02-01T00:00:00Z", NEAR: "2025-01-01T00:00:00Z", EXACT: "2025-03-01T00:00:00Z"}
SCORES = {STAYS: 0.9, NEAR: 0.5, EXACT: 0.5, ALONE: 0.1, AFAR: 0.1}
EARLIER = "f" * 32


def write_dup_workspace(folder: Path, **settings: Any) -> Path:
    """One cluster of three (near, and an exact copy of the near one), one document alone, one twin afar."""
    workspace = Workspace(folder)
    workspace.store.make()
    documents = [
        {
            "doc_id": d,
            "source": "web",
            "url": f"https://www.example.org/{d[0]}",
            "timestamp": DATES.get(d),
            "text": t,
        }
        for d, t in TEXTS.items()
    ]
    signals = [{"doc_id": d, "n_bytes": len(t.encode()), "score": SCORES[d]} for d, t in TEXTS.items()]
    _commit(workspace, "ingest", {}, {"documents": (DOCUMENTS, documents), "signals": (SIGNALS, signals)})
    gone = {NEAR: ("near", 0.8), EXACT: ("exact", 1.0), AFAR: ("near", 0.75)}
    decisions = [
        {"doc_id": d, "stage": f"{gone[d][0]} dedup", "verdict": "drop", "rule": gone[d][0], "n_bytes": 9}
        if d in gone
        else {"doc_id": d, "verdict": "keep", "n_bytes": 9}
        for d in TEXTS
    ]
    kept = next(row for row in decisions if row["doc_id"] == ALONE)
    kept |= {"value": 0.74, "detail": STAYS}
    clusters = [
        _cluster(STAYS, STAYS, 3, "near", None, None),
        _cluster(NEAR, STAYS, 3, "near", STAYS, 0.8),
        _cluster(EXACT, STAYS, 3, "exact", NEAR, 1.0),
        _cluster(AFAR, EARLIER, 2, "near", EARLIER, 0.75),
    ]
    given = {"exact": True, "near": {"threshold": 0.75}, **settings}
    tables = {"decisions": (DECISIONS, decisions), "clusters": (CLUSTERS, clusters)}
    _commit(workspace, "dedup", given, tables)
    return folder


def _cluster(
    doc_id: str, cluster: str, size: int, level: str, matched: str | None, value: float | None
) -> dict:
    return {"doc_id": doc_id, "cluster_id": cluster, "size": size, "representative": matched is None,
            "level": level, "matched": matched, "similarity": value}  # fmt: skip


def _commit(workspace: Workspace, step: str, settings: dict[str, Any], tables: dict[str, tuple]) -> None:
    out = workspace.begin(step)
    written = {}
    for name, (schema, rows) in tables.items():
        batch = pa.RecordBatch.from_pylist(rows, schema=schema)
        written[name] = [write_part(out, f"{name}/web-0.parquet", schema, [batch])]
    fingerprint = hashlib.sha256(step.encode()).hexdigest()
    workspace.commit(Manifest(step, fingerprint, "", settings, {}, written), out)
