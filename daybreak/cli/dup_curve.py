"""`daybreak dup curve`: the S-curve of a banding, on the terminal."""

from __future__ import annotations

import json
from typing import Any

from daybreak.errors import RecipeError
from pipelines.dedup.banding import Banding, choose, cost, curve_facts, resolve

WIDTH = 40


def show_curve(threshold: float, recall: float, bands: int | None, rows: int | None, as_json: bool) -> None:
    """Print the curve of `bands` x `rows`, or of what `recall` at the threshold picks.

    Raises RecipeError for one of bands and rows alone, and for a recall that no banding reaches.
    """
    if (bands is None) != (rows is None):
        raise RecipeError("--bands and --rows go together; leave both out for --recall to pick them")
    banding = resolve(threshold, recall, bands, rows)
    facts = curve_facts(threshold, banding)
    if as_json:
        print(json.dumps(facts, indent=1))
        return
    _draw(threshold, banding, facts, chosen=bands is None)


def _draw(threshold: float, banding: Banding, facts: dict[str, Any], chosen: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Jaccard", "candidate", "", box=None, pad_edge=False)
    for point in facts["curve"]:
        bar = Text("█" * round(WIDTH * point["probability"]), "green" if point["duplicate"] else "yellow")
        mark = Text("  ← threshold", "bold") if point["similarity"] == threshold else Text("")
        table.add_row(f"{point['similarity']:.2f}", f"{point['probability']:.4f}", bar + mark)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{banding.bands} bands of {banding.rows} rows ({banding.bands * banding.rows} hashes): a pair at the "
        f"threshold {threshold} is looked at with probability {facts['recall_at_threshold']:.4f}."
    )
    if not chosen:
        best = choose(threshold, min(max(facts["recall_at_threshold"], 0.01), 0.9999))
        console.print(
            f"Cheapest of at least this recall: {best.bands} bands of {best.rows} rows (cost "
            f"{cost(threshold, *best):.0f}, this one {facts['cost']:.0f})."
        )
