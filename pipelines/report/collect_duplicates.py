"""Duplicates for the report: columns of clusters and decisions, and the text of a few documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow.compute as pc

from pipelines.duplicates.clusters import Member, largest, placed_pairs
from pipelines.duplicates.pairs import just_above, just_below
from pipelines.duplicates.tables import DupTables
from pipelines.duplicates.view import compared
from pipelines.duplicates.words import brief
from pipelines.excerpts import shortened, texts
from pipelines.report.facts_duplicates import (
    CertificateBin,
    ClosePair,
    DuplicateFacts,
    LargeCluster,
    LevelRemovals,
)
from pipelines.report.tables import Tables, dataset, grouped, scan, table_files, units

LARGEST = 8
PAIRS = 4
HUNKS, LETTERS = 4, 300
STEP = 0.01


def collect_duplicates(
    tables: Tables, settings: Mapping[str, Any] | None = None, facts: Mapping[str, Any] | None = None
) -> DuplicateFacts | None:
    """The section on duplicates; None without clusters. `settings` and `facts` are those of the step dedup.

    Neither a document that decontamination dropped nor its twin is shown: no benchmark is published here.
    """
    if dataset(tables, "clusters") is None:
        return None
    found = DupTables(
        documents=units(tables, "documents"),
        signals=units(tables, "signals"),
        decisions=units(tables, "dedup_decisions"),
        clusters=table_files(tables, "clusters"),
        settings=settings or {},
    )
    hidden = _decontaminated(tables)
    return DuplicateFacts(
        threshold=found.threshold,
        levels=_levels(tables),
        similarities=_similarities(found),
        largest=_largest(found, hidden),
        pairs=_pairs(found, hidden),
        certificate=_certificate(facts or {}),
        curve=_curve(facts or {}),
    )


def _decontaminated(tables: Tables) -> set[str]:
    decisions = dataset(tables, "decontaminate_decisions")
    if decisions is None:
        return set()
    return set(scan(decisions, ["doc_id"], pc.field("verdict") == "drop")["doc_id"].to_pylist())


def _levels(tables: Tables) -> tuple[LevelRemovals, ...]:
    decisions = dataset(tables, "dedup_decisions")
    if decisions is None:
        return ()
    totals = [("n_bytes", "sum"), ("n_bytes", "count")]
    rows = grouped(decisions, ["stage", "rule"], totals, pc.field("verdict") == "drop").to_pylist()
    rows.sort(key=lambda row: (-row["n_bytes_count"], row["rule"]))
    return tuple(LevelRemovals(r["stage"], r["rule"], r["n_bytes_count"], r["n_bytes_sum"]) for r in rows)


def _similarities(tables: DupTables) -> tuple[tuple[float, float, int], ...]:
    near = (pc.field("level") == "near") & ~pc.field("representative")
    values = tables.cluster_rows(near, ["similarity"])["similarity"].drop_null().to_numpy()
    if not len(values):
        return ()
    # float32 of a similarity of .8 may lie under the edge .8: half a millionth belongs to the bin above
    bins = np.minimum(np.floor(values.astype(np.float64) / STEP + 5e-5), round(1 / STEP) - 1).astype(int)
    first = int(bins.min())
    counts = np.bincount(bins - first, minlength=round(1 / STEP) - first)
    edges = [round((first + i) * STEP, 2) for i in range(len(counts) + 1)]
    return tuple(zip(edges[:-1], edges[1:], counts.tolist(), strict=True))


def _largest(tables: DupTables, hidden: set[str]) -> tuple[LargeCluster, ...]:
    clusters = [c for c in largest(tables, LARGEST) if c.stays.doc_id not in hidden]
    wanted = [{"doc_id": c.stays.doc_id, "unit": c.stays.unit} for c in clusters if c.stays.unit]
    found = texts(tables.documents, wanted)
    return tuple(LargeCluster(c.size, c.stays, _excerpt(found, c.stays)) for c in clusters)


def _excerpt(found: Mapping[str, Mapping[str, Any]], member: Member) -> str | None:
    text = found.get(member.doc_id, {}).get("text")
    return None if text is None else shortened(text)


def _pairs(tables: DupTables, hidden: set[str]) -> tuple[ClosePair, ...]:
    chosen = [*just_above(tables, PAIRS), *just_below(tables, PAIRS)]
    chosen = [pair for pair in chosen if not {pair.doc_id, pair.matched} & hidden]
    members = placed_pairs(tables, chosen)
    differences = compared(tables, members)
    return tuple(
        ClosePair(left, right, None if difference is None else brief(difference, HUNKS, LETTERS))
        for (left, right), difference in zip(members, differences, strict=True)
    )


def _certificate(facts: Mapping[str, Any]) -> tuple[CertificateBin, ...]:
    """The bins of the run's certificate that have pairs."""
    names = {field.name for field in fields(CertificateBin)}
    rows = facts["certificate"]["bins"] if "certificate" in facts else ()
    return tuple(
        CertificateBin(**{k: v for k, v in row.items() if k in names}) for row in rows if row["pairs"]
    )


def _curve(facts: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    """The S-curve of the run's bands."""
    rows = facts["banding"]["curve"] if "banding" in facts else ()
    return tuple((row["similarity"], row["probability"]) for row in rows)
