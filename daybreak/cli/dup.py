"""`daybreak dup`: look at duplicates. Each command imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daybreak.cli.dup_history import app as history_app

app = typer.Typer(help="Look at duplicates.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(history_app, name="history")

WorkspacePath = Annotated[
    Path, typer.Argument(metavar="WORKSPACE", help="a finished workspace, or a recipe that names it")
]
Json = Annotated[bool, typer.Option("--json", help="print JSON for machines")]


@app.command()
def show(
    workspace: WorkspacePath,
    document: Annotated[str, typer.Argument(metavar="DOC_ID", help="a doc_id, its beginning, or a URL")],
    limit: Annotated[int, typer.Option(min=1, help="members listed, at most")] = 20,
    context: Annotated[int, typer.Option(min=0, help="words shown around a difference")] = 12,
    html: Annotated[Path | None, typer.Option(help="write a page of the same to this file")] = None,
    json: Json = False,
) -> None:
    """The cluster of a document: its members, why one stayed, and both texts side by side."""
    from daybreak.cli.dup_show import show_document

    show_document(workspace, document, limit, context, html, json)


@app.command()
def largest(
    workspace: WorkspacePath,
    limit: Annotated[int, typer.Option(min=1, help="clusters listed")] = 20,
    json: Json = False,
) -> None:
    """The largest clusters, with the start of the document that stayed."""
    from daybreak.cli.dup_lists import show_largest

    show_largest(workspace, limit, json)


@app.command("near-threshold")
def near_threshold(
    workspace: WorkspacePath,
    limit: Annotated[int, typer.Option(min=1, help="pairs listed on each side")] = 10,
    json: Json = False,
) -> None:
    """Pairs just above the threshold, and just below it where the run stored them, for eyes to judge."""
    from daybreak.cli.dup_lists import show_near_threshold

    show_near_threshold(workspace, limit, json)


@app.command()
def curve(
    threshold: Annotated[float, typer.Option(help="least Jaccard of duplicates")] = 0.75,
    recall: Annotated[float, typer.Option(help="pairs at the threshold to find; picks the banding")] = 0.99,
    bands: Annotated[int | None, typer.Option(min=1, help="bands, with --rows, instead of --recall")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="MinHashes a band")] = None,
    json: Json = False,
) -> None:
    """The S-curve: how likely a pair of each similarity is looked at, and the cheapest banding for a recall."""
    from daybreak.cli.dup_curve import show_curve

    show_curve(threshold, recall, bands, rows, json)
