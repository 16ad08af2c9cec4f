"""`daybreak dup show`: a cluster, why one document of it stayed, and two texts side by side."""

from __future__ import annotations

import json as jsonlib
import re
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daybreak.cli.rules import wide_console
from pipelines.duplicates.clusters import Member, find
from pipelines.duplicates.tables import tables_of
from pipelines.duplicates.view import View, view_of
from pipelines.duplicates.words import Difference, Hunk

MOST_HUNKS = 40
"""Hunks printed; a page has more."""

CONTROLS = {code: "\ufffd" for code in [*range(0x20), *range(0x7F, 0xA0)] if code not in (0x09, 0x0A)}
"""A text must not speak to the terminal."""


def show_document(
    place: Path, wanted: str, limit: int, context: int, html: Path | None, as_json: bool
) -> None:
    """Print the cluster of the document that `wanted` names, and how it differs from the one that stays."""
    tables = tables_of(place)
    view = view_of(tables, find(tables, wanted), limit, context)
    if html is not None:
        from pipelines.report.duplicate_page import render_duplicates

        html.write_text(render_duplicates(view), encoding="utf-8")
    if as_json:
        print(jsonlib.dumps(view.plain(), indent=1, ensure_ascii=False))
    else:
        _print(wide_console(), view)


def _print(console: Console, view: View) -> None:
    console.print(Text(f"{view.doc_id} {view.fate}", "bold"))
    if view.cluster is None or view.left is None or view.right is None:
        console.print("No duplicate of it is known.")
        return
    console.print(members_table(view))
    if view.difference is None:
        console.print(Text(f"The text of {view.left.doc_id} is not in this workspace.", "dim"))
    else:
        show_difference(console, view.left, view.right, view.difference)


def members_table(view: View) -> Table:
    """The listed members, the one that stays first, with the key of the declared order that put it first."""
    assert view.cluster is not None
    cluster, reasons = view.cluster, view.reasons or {}
    listed = f", {len(cluster.members):,} listed" if len(cluster.members) < cluster.size else ""
    title = f"Cluster {cluster.cluster_id}: {cluster.size:,} documents{listed}"
    table = Table(title=title, title_justify="left", pad_edge=False, box=SIMPLE)
    for name in (
        "document",
        "source",
        "bytes",
        "date",
        "level",
        "matched",
        "similarity",
        "the other stays, for",
    ):
        table.add_column(name, justify="right" if name in ("bytes", "similarity") else "left")
    for member in cluster.members:
        why = reasons.get(member.doc_id)
        because = "stays" if member.stays else "" if why is None else f"{why.words}: {why.stays}"
        style = "bold" if member.doc_id == view.doc_id else None
        table.add_row(*_cells(member), because, style=style)
    return table


def _cells(member: Member) -> list[str]:
    return [
        member.doc_id[:12],
        member.source or "elsewhere",
        "" if member.n_bytes is None else f"{member.n_bytes:,}",
        (member.timestamp or "")[:10],
        "" if member.stays else member.level or "",
        (member.matched or "")[:12],
        "" if member.similarity is None else f"{member.similarity:.4f}",
    ]


def show_difference(console: Console, left: Member, right: Member, found: Difference) -> None:
    """Print both texts side by side where they differ: red stands only left, green only right."""
    for side, member in (("left", left), ("right", right)):
        console.print(
            printable(f"{side}: {member.doc_id} {member.source or ''} {member.url or ''}"), style="dim"
        )
    shared = f"{found.same:,} words shared in order, {found.left:,} left, {found.right:,} right"
    if not found.hunks:
        console.print(f"Equal word by word ({shared}).", highlight=False)
        return
    table = Table(box=SIMPLE, pad_edge=False, show_header=False, show_lines=True, expand=True)
    for _ in range(2):
        table.add_column(ratio=1, overflow="fold")
    for hunk in found.hunks[:MOST_HUNKS]:
        table.add_row(_side(hunk, "left", "red"), _side(hunk, "right", "green"))
    console.print(table)
    more = len(found.hunks) - MOST_HUNKS
    console.print(shared + (f"; {more:,} more places differ" if more > 0 else ""), highlight=False)


def _side(hunk: Hunk, side: str, colour: str) -> Text:
    text = Text(f"… {hunk.skipped:,} words …\n" if hunk.skipped else "", "dim")
    for piece in hunk.pieces:
        words = re.sub(r"\s+", " ", getattr(piece, side))
        text.append(words.translate(CONTROLS), "" if piece.same else f"bold {colour}")
    return text


def printable(text: str) -> Text:
    """Foreign text without control characters, and not as markup."""
    return Text(text.translate(CONTROLS))
