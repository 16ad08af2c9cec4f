"""`daybreak gates` and `daybreak editions`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from daybreak.errors import InputError
from daybreak.recipe import load_recipe
from daybreak.workspace import Workspace
from pipelines.editions.documents import find
from pipelines.editions.edition import Edition, editions
from pipelines.gates.judge import number
from pipelines.gates.verdict import read_verdict


def show_gates(place: Path, changes: Sequence[str], as_json: bool) -> int:
    """Print the verdict of a workspace, or of a recipe's; the exit code (1 where a gate failed)."""
    location = load_recipe(place, changes).workspace if place.is_file() else place
    verdict = read_verdict(Workspace(location))
    if as_json:
        print(json.dumps(verdict, indent=1, ensure_ascii=False))
    else:
        _print_gates(verdict)
    return 0 if verdict["passed"] else 1


def _print_gates(verdict: dict[str, Any]) -> None:
    table = Table("gate", "value", "min", "max", "median", "score", "verdict", pad_edge=False)
    for gate in verdict["gates"]:
        shown = [number(gate["name"], gate[key]) for key in ("value", "min", "max", "median")]
        score = "-" if gate["score"] is None else f"{gate['score']:.2f}"
        table.add_row(gate["name"], *shown, score, gate["verdict"])
    console = Console()
    console.print(table)
    for line in _notes(verdict["gates"]):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    of = f"{verdict['recipe']} {verdict['edition']}".strip()
    failed = verdict["failed"]
    told = f"stopped by {', '.join(failed)}" if failed else "passed"
    console.print(f"{of}: {told}", highlight=False, soft_wrap=True, markup=False)


def _notes(gates: Sequence[dict[str, Any]]) -> list[str]:
    """Why gates failed, and what was not judged: once for all gates that share a reason."""
    failed = [f"{g['name']}: {why}" for g in gates if g["verdict"] == "failed" for why in g["why"]]
    reasons: dict[str, list[str]] = {}
    for gate in gates:
        for why in gate["why"]:
            if why.startswith("not judged") and gate["verdict"] != "failed":
                reasons.setdefault(why, []).append(gate["name"])
    many = {why: names[0] if len(names) == 1 else f"{len(names)} gates" for why, names in reasons.items()}
    return [*failed, *(f"{who}: {why}" for why, who in many.items())]


def show_editions(place: Path, document: str | None, as_json: bool) -> None:
    """Print the editions of a place, or where one document stands in them."""
    if not place.is_dir():
        raise InputError(
            f"no editions at {place}: it is no folder. A recipe's key publish.path names theirs."
        )
    found = list(editions(place))
    if document is not None:
        _print_document(place, found, document, as_json)
    elif as_json:
        print(json.dumps([_plain(edition) for edition in found], indent=1, ensure_ascii=False))
    else:
        _print_editions(found)


def _plain(edition: Edition) -> dict[str, Any]:
    return {**json.loads(edition.to_json()), "bytes": sum(entry.bytes for entry in edition.files)}


def _print_editions(found: Sequence[Edition]) -> None:
    table = Table("edition", "recipe", "documents", "tokens", "bytes", "tokenizer", "digest", pad_edge=False)
    for e in found:
        size = f"{sum(entry.bytes for entry in e.files):,}"
        table.add_row(
            e.name, e.recipe, f"{e.documents:,}", f"{e.tokens:,}", size, e.tokenizer[:12], e.digest[:12]
        )
    console = Console()
    console.print(table)
    tokens, documents = sum(e.tokens for e in found), sum(e.documents for e in found)
    console.print(f"{len(found)} editions, {documents:,} documents, {tokens:,} tokens", highlight=False)


def _print_document(place: Path, found: Sequence[Edition], document: str, as_json: bool) -> None:
    rows = [{"edition": e.name, **row} for e in found if (row := find(place, e, document)) is not None]
    if not rows:
        raise InputError(f"no edition at {place} has the document {document}")
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))
