"""A step commits by its manifest: what it wrote, from what, by which code and settings."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from daybreak.accounting import Count

FORMAT = 1
HEX = re.compile(r"[0-9a-f]{16,64}")
PART = re.compile(r"(?!\.{1,2}$)[^/\\\x00]+")
"""A name inside of a folder: no step up, no step down."""


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(step: str, code: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """What a step's output depends on, as one SHA-256: same fingerprint, same bytes, nothing to do."""
    parts = {"format": FORMAT, "step": step, "code": code, "settings": settings, "inputs": inputs}
    return hashlib.sha256(canonical(parts)).hexdigest()


@dataclass(frozen=True)
class FileEntry:
    """One data file of a table: `path` relative to the step's data folder, size in bytes."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The commit record of one step. `tables` maps a table's name to its files, in order of their paths."""

    step: str
    fingerprint: str
    code: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    tables: Mapping[str, list[FileEntry]]
    accounting: list[Count] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def folder(self) -> str:
        """Name of the data folder inside the step's folder."""
        return self.fingerprint[:16]

    @property
    def digest(self) -> str:
        """SHA-256 over the content of all tables: steps that read this one depend on it, not on times or paths.

        A step that was computed again and came out the same therefore leaves all later ones done.
        """
        files = {t: [[e.path, e.rows, e.sha256] for e in entries] for t, entries in self.tables.items()}
        return hashlib.sha256(canonical(files)).hexdigest()

    def rows(self, table: str) -> int:
        """Rows of a table over all its files."""
        return sum(entry.rows for entry in self.tables.get(table, []))

    def to_json(self) -> bytes:
        """The manifest as readable JSON, with its digest."""
        content = {**asdict(self), "digest": self.digest}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    def _require_inside(self) -> None:
        """ValueError where a name would lead out of the step's folder: manifests may come with data from elsewhere."""
        names = [self.step, *self.tables]
        paths = [entry.path for entries in self.tables.values() for entry in entries]
        wrong = [name for name in names if not PART.fullmatch(name)]
        wrong += [path for path in paths if not all(PART.fullmatch(part) for part in path.split("/"))]
        if wrong:
            raise ValueError(f"it names {wrong[0]!r}, which does not stay in its folder")
        if not HEX.fullmatch(self.fingerprint):
            raise ValueError(f"its fingerprint {self.fingerprint[:80]!r} is none")

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read a manifest back; ValueError when it is damaged or of another format."""
        content = json.loads(data)
        if content.get("format") != FORMAT:
            raise ValueError(f"manifest format {content.get('format')}, this version reads {FORMAT}")
        digest = content.pop("digest")
        content["tables"] = {t: [FileEntry(**e) for e in es] for t, es in content["tables"].items()}
        content["accounting"] = [Count(**c) for c in content["accounting"]]
        manifest = cls(**content)
        manifest._require_inside()
        if manifest.digest != digest:
            raise ValueError("manifest does not match its own digest: it was edited or damaged")
        return manifest
