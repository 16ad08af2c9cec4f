"""`daybreak dup history`: what a history holds, compaction, takedown."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from daybreak.errors import InputError

app = typer.Typer(
    help="Histories: what documents of earlier runs left for later ones to be compared with.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Place = Annotated[str, typer.Argument(metavar="PATH", help="a history: a folder, or a URI such as s3://…")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for machines")]


@app.command()
def show(place: Place, json: Json = False) -> None:
    """Its batches, documents, clusters, sizes and settings."""
    facts = _facts(place)
    if json:
        print(jsonlib.dumps(facts, indent=1, ensure_ascii=False))
        return
    print(f"{facts['path']}: {len(facts['batches'])} batches, {facts['bytes']:,} bytes")
    for batch in facts["batches"]:
        told = ", ".join(f"{value:,} {name}" for name, value in sorted(batch["facts"].items()))
        waits = ", not published yet: no run is compared with it" if batch["pending"] else ""
        print(f"  {batch['number']:>6}  {batch['name']}  {told}  (in {batch['folder']}){waits}")
    for name, table in facts["tables"].items():
        print(f"  {name}: {table['rows']:,} rows, {table['bytes']:,} bytes, {table['files']:,} files")
    clusters = facts["clusters"]
    print(f"  {clusters['number']:,} clusters of {clusters['documents']:,} documents")
    print(f"  {facts['removed']:,} documents taken down")
    for key, value in sorted(facts["settings"].items()):
        print(f"  {key}: {value}")


@app.command()
def compact(place: Place, json: Json = False) -> None:
    """Merge its batches into one set of files, and drop the rows of documents taken down."""
    from pipelines.dedup.history.compact import compact as merge

    history = _history(place)
    before = _size(history, history.existing())
    with history.held():
        after = _size(history, merge(history))
    if json:
        print(jsonlib.dumps({"before": before, "after": after}, indent=1))
    else:
        print(f"{before['files']:,} files, {before['bytes']:,} bytes before")
        print(f"{after['files']:,} files, {after['bytes']:,} bytes now; the old ones go with the next change")


@app.command()
def remove(
    place: Place,
    documents: Annotated[list[str] | None, typer.Argument(metavar="[DOC_ID]...")] = None,
    file: Annotated[Path | None, typer.Option(help="a file with a doc_id a line")] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="NAME", help="all that this batch was the first to have")
    ] = None,
    json: Json = False,
) -> None:
    """Take documents down: later copies are not matched with them. Prints who was dropped for them, by batch."""
    from pipelines.dedup.history.members import known, members_of

    if not (documents or file or batch):
        raise typer.BadParameter("name documents, a --file of them, or a --batch")
    history = _history(place)
    history.existing()
    if batch is not None and _withdrawn(place, batch):
        text = jsonlib.dumps({"withdrawn": batch}, indent=1)
        print(text if json else f"{batch}: taken out; it was not published, so nothing was compared with it")
        return
    with history.held():
        ids = list(dict.fromkeys([*(documents or []), *_lines(file), *_of_batch(history, batch)]))
        view = history.view()
        found = known(view, ids)
        if not found:
            raise InputError(f"the history {history} knows none of these documents; nothing was changed")
        members = members_of(view, found).to_pylist()
        history.remove(found)
    names = {batch.number: batch.name for batch in view.state.batches}
    rows = [{**row, "batch": names[row["batch"]]} for row in members]
    unknown = sorted(set(ids) - set(found))
    if json:
        print(jsonlib.dumps({"removed": found, "unknown": unknown, "members": rows}, indent=1))
        return
    _print_members(found, rows)
    for doc_id in unknown:
        print(f"{doc_id}: not in this history")


def _withdrawn(place: str, name: str) -> bool:
    """Take a batch that is not published yet out of a history and its passages; False where it is published."""
    from pipelines.passages.history import FOLDER

    histories = [_history(place), _history(f"{place.rstrip('/')}/{FOLDER}")]
    pending = [h for h in histories if (batch := h.state().batch(name)) is not None and batch.pending]
    for history in pending:
        with history.held():
            history.withdraw(name)
    return bool(pending)


def _of_batch(history: Any, name: str | None) -> list[str]:
    """Documents that batch `name` was the first to have: a run whose output was thrown away leaves those behind."""
    from pipelines.parts import read_column

    if name is None:
        return []
    state = history.state()
    if (batch := state.batch(name)) is None:
        raise InputError(
            f"the history {history} has no batch {name!r}; `daybreak dup history show` lists them"
        )
    if state.compacted(batch.number):
        raise InputError(f"batch {name!r} of {history} was compacted with others: name its documents")
    tables = history.manifest(batch.folder).tables
    store = history.store.below("batches", batch.folder)
    entries = [entry for table in ("exact", "urls", "sets") for entry in tables.get(table, [])]
    ids = {i for entry in entries for i in read_column(store, entry.path, "doc_id").to_pylist()}
    return sorted(ids)


def _print_members(found: list[str], rows: list[dict[str, Any]]) -> None:
    for doc_id in found:
        print(f"{doc_id}: taken down")
    for row in rows:
        print(f"  {row['batch']}: {row['doc_id']} was dropped for {row['cluster_id']} ({row['level']})")
    for name, number in sorted(Counter(row["batch"] for row in rows).items()):
        print(f"  {number:,} in {name}")


def _history(place: str) -> Any:
    from pipelines.dedup.history.history import History

    return History(place)


def _facts(place: str) -> dict[str, Any]:
    import pyarrow.compute as pc

    from pipelines.dedup.history.members import sizes

    history = _history(place)
    state = history.existing()
    tables = _tables(history, state)
    found = [table.column("size") for table in sizes(history.view(state))]
    return {
        "path": str(history),
        "batches": [
            {
                "number": b.number,
                "name": b.name,
                "folder": b.folder,
                "digest": b.digest,
                "pending": b.pending,
                "facts": dict(b.facts),
            }
            for b in state.batches
        ],
        "buckets": state.buckets,
        "digest": state.digest,
        "settings": dict(state.settings),
        "removed": sum(removal.count for removal in state.removals),
        "tables": tables,
        "bytes": sum(table["bytes"] for table in tables.values()),
        "clusters": {
            "number": sum(len(column) for column in found),
            "documents": sum(pc.sum(column, min_count=0).as_py() for column in found),
        },
    }


def _tables(history: Any, state: Any) -> dict[str, dict[str, int]]:
    tables: dict[str, dict[str, int]] = {}
    for folder in state.folders():
        for name, entries in history.manifest(folder).tables.items():
            table = tables.setdefault(name, {"rows": 0, "bytes": 0, "files": 0})
            table["rows"] += sum(entry.rows for entry in entries)
            table["bytes"] += sum(entry.bytes for entry in entries)
            table["files"] += len(entries)
    return dict(sorted(tables.items()))


def _size(history: Any, state: Any) -> dict[str, int]:
    tables = _tables(history, state).values()
    return {key: sum(table[key] for table in tables) for key in ("rows", "bytes", "files")}


def _lines(file: Path | None) -> list[str]:
    return [] if file is None else [line.strip() for line in file.read_text().splitlines() if line.strip()]
