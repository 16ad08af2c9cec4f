"""The record of a history: its batches and removals. One JSON file, replaced as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from daybreak.manifest import PART, canonical

FORMAT = 1
COMPACTED = "compacted-"
"""Beginning of the names of folders that compaction wrote."""


@dataclass(frozen=True)
class Batch:
    """One batch. `folder` holds its tables, after compaction together with those of others.

    digest: SHA-256 over the content of its tables as they were written; compaction does not change it.
    pending: its run is not published yet, so no other batch is compared with it. compared: the digest of what
    it was itself compared with; empty in histories from before there were pending batches.
    """

    number: int
    name: str
    folder: str
    digest: str
    facts: Mapping[str, int] = field(default_factory=dict)
    pending: bool = False
    compared: str = ""


@dataclass(frozen=True)
class Removal:
    """Documents taken down after batch `after`. `file` holds their ids; null once compaction dropped their rows."""

    after: int
    count: int
    digest: str
    file: str | None


@dataclass(frozen=True)
class State:
    """What a history holds. commits: how often it changed. retired: folders that the last change left unused."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    buckets: int = 16
    commits: int = 0
    batches: tuple[Batch, ...] = ()
    removals: tuple[Removal, ...] = ()
    retired: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """Number of the last batch, 0 where there is none."""
        return self.batches[-1].number if self.batches else 0

    def batch(self, name: str) -> Batch | None:
        """The batch of that name."""
        return next((batch for batch in self.batches if batch.name == name), None)

    def number(self, name: str) -> int:
        """The number that the batch `name` has or would get: a pending one moves behind what came meanwhile."""
        found = self.batch(name)
        if found is None or (found.pending and self._changed_after(found)):
            return self.last + 1
        return found.number

    def buckets_with(self, name: str, wanted: int) -> int:
        """Buckets of the tables of batch `name`: those of the others, or `wanted` where there are none."""
        return self.buckets if any(batch.name != name for batch in self.batches) else wanted

    def _changed_after(self, batch: Batch) -> bool:
        return batch.number < self.last or any(removal.after >= batch.number for removal in self.removals)

    def before(self, number: int) -> State:
        """What batch `number` is compared with: earlier batches that are not pending, and removals among them."""
        return replace(
            self,
            batches=tuple(batch for batch in self.batches if batch.number < number and not batch.pending),
            removals=tuple(removal for removal in self.removals if removal.after < number),
        )

    def compacted(self, number: int) -> bool:
        """Whether the batch shares its folder with others, or lost rows to a removal: it cannot be replaced."""
        folders = [batch.folder for batch in self.batches if batch.number == number]
        return bool(folders) and folders[0].startswith(COMPACTED)

    def folders(self) -> dict[str, int]:
        """Folders in order, each with the last batch that it holds."""
        return {batch.folder: batch.number for batch in self.batches}

    @property
    def digest(self) -> str:
        """SHA-256 over what batches and removals hold: the same before and after compaction."""
        content = {
            "settings": self.settings if self.batches else {},
            "batches": [[batch.number, batch.name, batch.digest] for batch in self.batches],
            "removals": [[removal.after, removal.digest] for removal in self.removals],
        }
        return hashlib.sha256(canonical(content)).hexdigest()

    def to_json(self) -> bytes:
        """Readable JSON."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> State:
        """Read a state back; ValueError, KeyError or TypeError when it is damaged or of another format."""
        content = json.loads(data)
        if (found := content.pop("format", None)) != FORMAT:
            raise ValueError(f"history format {found}, this version reads {FORMAT}")
        content["batches"] = tuple(Batch(**batch) for batch in content["batches"])
        content["removals"] = tuple(Removal(**removal) for removal in content["removals"])
        content["retired"] = tuple(content["retired"])
        state = cls(**content)
        files = [removal.file for removal in state.removals if removal.file is not None]
        for name in (*state.folders(), *state.retired, *(part for file in files for part in file.split("/"))):
            if not PART.fullmatch(name):
                raise ValueError(f"it names {name!r}, which does not stay in the history's folder")
        return state
