"""`daybreak dup largest` and `daybreak dup near-threshold`."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from daybreak.cli.dup_show import printable, show_difference
from daybreak.cli.rules import wide_console
from pipelines.duplicates.clusters import largest, placed_pairs
from pipelines.duplicates.pairs import just_above, just_below
from pipelines.duplicates.tables import DupTables, tables_of
from pipelines.duplicates.view import compared
from pipelines.excerpts import shortened, texts


def show_largest(place: Path, limit: int, as_json: bool) -> None:
    """Print the largest clusters: size, the document that stays, where it is from, the start of its text."""
    rows = _largest_rows(tables_of(place), limit)
    if as_json:
        print(jsonlib.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table(box=SIMPLE, pad_edge=False)
    for name in ("documents", "stays", "source", "text"):
        table.add_column(name, justify="right" if name == "documents" else "left", overflow="fold")
    for row in rows:
        excerpt = " ".join((row["text"] or "").split())[:160]
        table.add_row(f"{row['size']:,}", row["doc_id"], row["source"] or "elsewhere", printable(excerpt))
    wide_console().print(table)


def _largest_rows(tables: DupTables, limit: int) -> list[dict[str, Any]]:
    clusters = largest(tables, limit)
    wanted = [{"doc_id": c.stays.doc_id, "unit": c.stays.unit} for c in clusters if c.stays.unit]
    found = texts(tables.documents, wanted)
    rows = []
    for cluster in clusters:
        stays = cluster.stays
        text = found.get(stays.doc_id, {}).get("text")
        known = {"cluster_id": cluster.cluster_id, "size": cluster.size, "doc_id": stays.doc_id}
        rows.append({**known, "source": stays.source, "url": stays.url, "text": text and shortened(text)})
    return rows


def show_near_threshold(place: Path, limit: int, as_json: bool) -> None:
    """Print the pairs closest to the threshold, each with where its texts differ."""
    tables = tables_of(place)
    above, below = just_above(tables, limit), just_below(tables, limit)
    members = placed_pairs(tables, [*above, *below])
    differences = compared(tables, members)
    if as_json:
        rows = zip([*above, *below], differences, strict=True)
        print(
            jsonlib.dumps([{**asdict(p), "difference": d and asdict(d)} for p, d in rows], ensure_ascii=False)
        )
        return
    console = wide_console()
    console.print(_heading(tables, len(above), len(below)), highlight=False)
    for (left, right), difference in zip(members, differences, strict=True):
        verdict = "kept" if right.stays else "removed"
        console.rule(f"{right.similarity:.4f} {verdict}", align="left")
        if difference is None:
            console.print(f"The text of {left.doc_id} is not in this workspace.")
        else:
            show_difference(console, left, right, difference)


def _heading(tables: DupTables, above: int, below: int) -> str:
    stored = f"{below} just below it" if below else "none below it is stored"
    return f"Threshold {tables.threshold}: {above} pairs just above it, {stored}."
