"""Compaction: the batches of a history in one set of files, less what was taken down.

Bucket by bucket and in batches of rows, so that memory does not grow with the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from daybreak.manifest import FileEntry
from daybreak.storage import Store
from pipelines.dedup.history.history import History, Piece, View
from pipelines.dedup.history.lookup import alive
from pipelines.dedup.history.state import COMPACTED, State
from pipelines.dedup.history.tables import Table, table
from pipelines.parts import read_part, write_part

ROWS = 1 << 15


def compact(history: History) -> State:
    """Merge all batches; the state afterwards. Its digest is what it was. Hold the history while it runs.

    Readers of the files from before are safe until the next change. Where there is nothing to gain (one folder,
    nothing taken down) nothing happens. Raises InputError while a batch is pending.
    """
    state = history.existing()
    if waiting := [batch.name for batch in state.batches if batch.pending]:
        raise InputError(
            f"{history}: batch {waiting[0]!r} is not published yet. Run its day to the end, or take it out "
            f"(`daybreak dup history remove {history} --batch {waiting[0]}`), then compact"
        )
    dead = any(removal.file for removal in state.removals)
    if len(state.folders()) < 2 and not dead:
        return state
    view = history.view(state)
    name = f"{COMPACTED}{state.last:06d}.{state.commits + 1}"
    folder = history.folder(name)
    tables = {made: _buckets(view, table(made), folder) for made in sorted(view.parts)}
    history.seal(folder, tables, state.settings)
    batches = tuple(replace(batch, folder=name) for batch in state.batches)
    removals = tuple(replace(removal, file=None) for removal in state.removals)
    history.swap(state, replace(state, batches=batches, removals=removals))
    return history.state()


def _buckets(view: View, made: Table, folder: Store) -> list[FileEntry]:
    entries = []
    for bucket, pieces in view.parts[made.name].items():
        rows = merged([_alive(view, piece, made) for piece in pieces], made)
        entries.append(write_part(folder, f"{made.name}/{bucket}.parquet", made.schema, rows, made.layout))
    return entries


def _alive(view: View, piece: Piece, made: Table) -> Iterator[pa.Table]:
    dead = view.removed(piece)
    for batch in read_part(view.store, piece.path, rows=ROWS):
        rows = pa.Table.from_batches([batch])
        yield rows if dead is None else alive(rows, made.documents, dead)


def merged(streams: Sequence[Iterator[pa.Table]], made: Table) -> Iterator[pa.RecordBatch]:
    """Rows of sorted streams as one sorted stream; of each stream about one batch is held at a time."""
    heads = {place: rows for place, stream in enumerate(streams) if (rows := _next(stream)) is not None}
    while heads:
        # What is still to come of a stream stands behind its head's last row: up to the first of these, all is here.
        limit = min(_row(rows, made) for rows in heads.values())
        ready = []
        for place, rows in list(heads.items()):
            count = _upto(rows, made, limit)
            ready.append(rows.slice(0, count))
            heads[place] = rows.slice(count)
            _refill(heads, place, streams[place])
        yield from _sorted(pa.concat_tables(ready), made)


def _row(rows: pa.Table, made: Table) -> tuple[Any, ...]:
    return tuple(rows.column(name)[-1].as_py() for name in made.order)


def _upto(rows: pa.Table, made: Table, limit: tuple[Any, ...]) -> int:
    """How many rows do not stand behind `limit` in the table's order."""
    mask = None
    for name, value in zip(reversed(made.order), reversed(limit), strict=True):
        column, scalar = rows.column(name), pa.scalar(value, made.schema.field(name).type)
        if mask is None:
            mask = pc.less_equal(column, scalar)
        else:
            mask = pc.or_(pc.less(column, scalar), pc.and_(pc.equal(column, scalar), mask))
    return int(pc.sum(mask, min_count=0).as_py())


def _refill(heads: dict[int, pa.Table], place: int, stream: Iterator[pa.Table]) -> None:
    if heads[place].num_rows:
        return
    if (rows := _next(stream)) is None:
        del heads[place]
    else:
        heads[place] = rows


def _next(stream: Iterator[pa.Table]) -> pa.Table | None:
    return next((rows for rows in stream if rows.num_rows), None)


def _sorted(rows: pa.Table, made: Table) -> Iterator[pa.RecordBatch]:
    keys = [(name, "ascending") for name in made.order]
    yield from rows.take(pc.sort_indices(rows, sort_keys=keys)).combine_chunks().to_batches()
