"""A history on disk: open it, hold it, add a batch, remove documents. Knows nothing of Spark or of hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from daybreak.errors import DaybreakError, InputError, RecipeError, WorkspaceError
from daybreak.locks import held
from daybreak.manifest import FileEntry, Manifest, canonical
from daybreak.storage import Store
from daybreak.workspace import MANIFEST
from pipelines.dedup.history.state import Batch, Removal, State
from pipelines.parts import read_column, write_part

STATE, BATCHES, REMOVED = "history.json", "batches", "removed"
REMOVED_IDS = pa.schema([("doc_id", pa.string())])


@dataclass(frozen=True)
class Piece:
    """One file of a table's bucket; `number` is the last batch in it."""

    path: str
    number: int


@dataclass(frozen=True)
class View:
    """What can be read at one moment. Pickles, so tasks can carry it. Its files outlive the next change."""

    store: Store
    state: State
    parts: Mapping[str, Mapping[str, tuple[Piece, ...]]]
    dead: Mapping[int, pa.Array]

    def pieces(self, table: str, bucket: str) -> tuple[Piece, ...]:
        """Files of a table's bucket, in order of batches."""
        return self.parts.get(table, {}).get(bucket, ())

    def removed(self, piece: Piece) -> pa.Array | None:
        """Ids whose rows of this file are dead."""
        return self.dead.get(piece.number)


class History:
    """The history at one place. Hold it (`held`) around all that writes, and around a run that appends."""

    def __init__(self, location: str | Path) -> None:
        self.store = Store.at(location)

    def __str__(self) -> str:
        return self.store.root

    @property
    def there(self) -> bool:
        """Whether a first batch was ever committed here."""
        return self.store.exists(STATE)

    def state(self) -> State:
        """What it holds now; empty where there is nothing yet. Raises WorkspaceError where it is damaged."""
        if not self.there:
            return State()
        try:
            return State.from_json(self.store.read(STATE))
        except (ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(f"{self.store.path(STATE)} cannot be read: {error}") from error

    def existing(self) -> State:
        """The state of a history that must be there. Raises InputError where it is not."""
        if not self.there:
            raise InputError(f"no history at {self}: it has no {STATE}")
        return self.state()

    @contextmanager
    def held(self, wait: float = 0.0, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
        """Hold it for this process, waiting up to `wait` seconds for another one (`workspace.held`).

        What killed runs left, and what the last change retired, is removed.
        """
        self.store.make()
        with held(self.store, f"the history {self}", wait, waiting, queue=True):
            self._tidy()
            yield

    def _tidy(self) -> None:
        state = self.state()
        live = {*state.folders(), *state.retired}
        files = {removal.file for removal in state.removals}
        for name in self.store.names(BATCHES):
            if name not in live:
                self.store.remove(BATCHES, name)
        for name in self.store.names(REMOVED):
            if f"{REMOVED}/{name}" not in files:
                self.store.remove(REMOVED, name)
        for name in self.store.names():
            if name.endswith(".tmp"):
                self.store.remove(name)

    def view(self, state: State | None = None) -> View:
        """What `state` (the present one by default) can be read from."""
        state = state or self.state()
        parts: dict[str, dict[str, list[Piece]]] = {}
        for folder, number in state.folders().items():
            for name, entries in self.manifest(folder).tables.items():
                for entry in entries:
                    bucket = entry.path.rsplit("/", 1)[1].removesuffix(".parquet")
                    piece = Piece(f"{BATCHES}/{folder}/{entry.path}", number)
                    parts.setdefault(name, {}).setdefault(bucket, []).append(piece)
        frozen = {name: {b: tuple(ps) for b, ps in sorted(found.items())} for name, found in parts.items()}
        return View(self.store, state, frozen, self._dead(state))

    def _dead(self, state: State) -> dict[int, pa.Array]:
        files = [(removal.after, removal.file) for removal in state.removals if removal.file]
        ids = {file: read_column(self.store, file, "doc_id").cast(pa.string()) for _, file in files}
        dead = {}
        for number in state.folders().values():
            if found := [ids[file] for after, file in files if after >= number]:
                dead[number] = pa.concat_arrays(found).unique()
        return dead

    def manifest(self, folder: str) -> Manifest:
        """The manifest of a batch's folder."""
        try:
            return Manifest.from_json(self.store.read(BATCHES, folder, MANIFEST))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(f"{self.store.path(BATCHES, folder)} cannot be read: {error}") from error

    def check(self, name: str, settings: Mapping[str, Any]) -> State:
        """What stands before batch `name`. Raises RecipeError where settings differ, or the batch cannot be made
        again because it was compacted.
        """
        state = self.state()
        number = state.number(name)
        if state.compacted(number):
            raise RecipeError(
                f"batch {name!r} of the history {self} was compacted with earlier ones and cannot be made again"
            )
        if any(batch.name != name for batch in state.batches if batch.number < number):
            _same_settings(str(self), state.settings, settings)
        return state.before(number)

    def begin(self, name: str) -> tuple[int, Store]:
        """The number of a batch about to be written, and an empty folder for it."""
        state = self.state()
        number = state.number(name)
        return number, self.folder(f"{number:06d}-{name}.{state.commits + 1}")

    def folder(self, name: str) -> Store:
        """An empty folder among those of the batches; it counts for nothing until a state names it."""
        self.store.remove(BATCHES, name)
        folder = self.store.below(BATCHES, name)
        folder.make()
        return folder

    def commit(
        self,
        name: str,
        folder: Store,
        tables: Mapping[str, list[FileEntry]],
        settings: Mapping[str, Any],
        facts: Mapping[str, int],
        buckets: int,
        pending: bool = False,
    ) -> Batch:
        """Make the batch in `folder` part of the history; `pending`: not before `admit`. One that is there already,
        the same, is left alone; the last one is replaced. Raises DaybreakError for another one that later batches
        were compared with.
        """
        compared = self.check(name, settings).digest
        state, number = self.state(), self.state().number(name)
        made = self.seal(folder, tables, settings)
        base = folder.root.rsplit("/", 1)[1]
        there = next((one for one in state.batches if one.number == number), None)
        # one that is admitted stays so; one that waits is the same only while it was compared with the same
        same = there is not None and (not there.pending or (pending and there.compared == compared))
        if there is not None and same and there.digest == made.digest:
            self.store.remove(BATCHES, base)
            return there
        if number < state.last:
            self.store.remove(BATCHES, base)
            raise _other_batch(str(self), state, number)
        batch = Batch(number, name, base, made.digest, dict(facts), pending, compared)
        others = tuple(other for other in state.batches if other.name != name)
        size = state.buckets_with(name, buckets)
        self.swap(state, replace(state, settings=settings, buckets=size, batches=(*others, batch)))
        return batch

    def admit(self, name: str) -> None:
        """From now on later batches are compared with batch `name`. Hold the history.

        Raises DaybreakError where it is not there, or was not compared with all that others are compared with now.
        """
        state = self.existing()
        batch = state.batch(name)
        if batch is None:
            raise DaybreakError(f"the history {self} has no batch {name!r}: run this again from dedup on")
        if not batch.pending:
            return
        if state.before(state.number(name)).digest != batch.compared:
            raise DaybreakError(
                f"the history {self} has changed since batch {name!r} was compared with it: run this again, "
                "and dedup is made anew"
            )
        batches = tuple(replace(b, pending=False) if b.name == name else b for b in state.batches)
        self.swap(state, replace(state, batches=batches))

    def withdraw(self, name: str) -> None:
        """Take a pending batch out as if it had never been: nothing was compared with it. Hold the history."""
        state = self.existing()
        self.swap(state, replace(state, batches=tuple(b for b in state.batches if b.name != name)))

    def seal(
        self, folder: Store, tables: Mapping[str, list[FileEntry]], settings: Mapping[str, Any]
    ) -> Manifest:
        """Write a folder's manifest."""
        manifest = Manifest(
            "history", hashlib.sha256(canonical(settings)).hexdigest(), "", settings, {}, tables
        )
        folder.write(MANIFEST, manifest.to_json())
        return manifest

    def swap(self, before: State, after: State) -> None:
        """Put `after` in the place of `before`. Folders that it no longer names stay until the next change."""
        unused = sorted(before.folders().keys() - after.folders().keys())
        self.store.write(STATE, replace(after, commits=before.commits + 1, retired=tuple(unused)).to_json())

    def remove(self, ids: Sequence[str]) -> Removal:
        """Take documents down: from the next batch on, nothing is matched with them or with copies of them."""
        state = self.existing()
        column = pa.array(sorted(set(ids)), pa.string())
        file = f"{REMOVED}/{state.commits + 1:06d}.parquet"
        entry = write_part(
            self.store, file, REMOVED_IDS, [pa.RecordBatch.from_arrays([column], schema=REMOVED_IDS)]
        )
        removal = Removal(state.last, len(column), entry.sha256, file)
        self.swap(state, replace(state, removals=(*state.removals, removal)))
        return removal


def _other_batch(place: str, state: State, number: int) -> DaybreakError:
    name = next(batch.name for batch in state.batches if batch.number == number)
    follower = next(batch.name for batch in state.batches if batch.number > number)
    return DaybreakError(
        f"batch {name!r} of the history {place} comes out other than it was, and {follower!r} was compared with it: "
        "its input, settings or code are not those of then. Bring them back; or give this run a new batch name "
        "(dedup.history.batch), and it is compared with all that is there; or begin another history."
    )


def _same_settings(place: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    keys = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
    if keys:
        listed = "; ".join(f"{key} is {ours.get(key)!r} there, {theirs.get(key)!r} here" for key in keys)
        raise RecipeError(
            f"the history {place} was made by other settings, its hashes do not compare: {listed}. "
            "Use these settings, or begin another history."
        )
