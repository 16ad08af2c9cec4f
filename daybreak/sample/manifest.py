"""What a sample holds, file by file, and what is wrong in it on purpose: `manifest.json`."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from daybreak.sample.gather import Package

NAME = "manifest.json"
FORMAT = 1  # raise it when the sample's content or layout changes, so that an old sample is made again


@dataclass(frozen=True)
class Damage:
    """A record spoilt on purpose. `offset`: as stored for WARC, else in the decompressed stream."""

    record: int
    offset: int
    kind: str


@dataclass(frozen=True)
class Shard:
    """One file of the sample.

    `records`: all of them, damaged ones included (for WARC also warcinfo, request and metadata records);
    `documents`: those that hold an undamaged text or HTML page; `content_bytes`: of these documents' content;
    `expected_bad`: records that a reader must quarantine; `opens`: False where no record can be read at all.
    """

    path: str
    layout: str
    records: int
    documents: int
    content_bytes: int
    languages: dict[str, int]
    opens: bool = True
    damage: tuple[Damage, ...] = ()

    @property
    def expected_bad(self) -> int:
        """How many records a reader must quarantine."""
        return len(self.damage)


@dataclass(frozen=True)
class SampleReport:
    """What `write_sample` did. `kept`: a complete sample of this environment was there already."""

    directory: Path
    kept: bool
    files: int
    documents: int
    content_bytes: int
    stored_bytes: int
    expected_bad: int
    unopenable: int
    languages: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        verb = "kept" if self.kept else "written"
        size = f"{self.content_bytes / 1e6:.1f} MB of text in {self.stored_bytes / 1e6:.1f} MB"
        dirt = f"{self.expected_bad} records and {self.unopenable} files damaged on purpose"
        held = f"{self.documents} documents in {self.files} files, {len(self.languages)} languages"
        return f"Sample {verb} at {self.directory}: {held}, {size}; {dirt}."


def fingerprint(installed: list[Package], megabytes: int) -> str:
    """Hex hash of all that decides a sample's bytes: Python, the installed versions, the size asked for."""
    facts = [FORMAT, platform.python_version(), megabytes, [[p.name, p.version] for p in installed]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def checksum(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _entry(directory: Path, shard: Shard) -> dict[str, Any]:
    path = directory / shard.path
    facts = {
        "expected_bad": shard.expected_bad,
        "stored_bytes": path.stat().st_size,
        "sha256": checksum(path),
    }
    return asdict(shard) | facts


def write_manifest(directory: Path, shards: list[Shard], environment: str, megabytes: int) -> dict[str, Any]:
    """Writes manifest.json; the files must be there already."""
    entries = [_entry(directory, shard) for shard in sorted(shards, key=lambda s: s.path)]
    languages: Counter[str] = Counter()
    for shard in shards:
        languages.update(shard.languages)
    totals = {
        key: sum(entry[key] for entry in entries)
        for key in ("records", "documents", "content_bytes", "stored_bytes", "expected_bad")
    }
    totals["unopenable"] = sum(not entry["opens"] for entry in entries)
    manifest = {
        "format": FORMAT,
        "fingerprint": environment,
        "python": platform.python_version(),
        "megabytes": megabytes,
        "totals": totals,
        "languages": dict(sorted(languages.items())),
        "files": entries,
    }
    (directory / NAME).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def read_complete(directory: Path) -> dict[str, Any] | None:
    """The manifest of a sample whose files are all there, unchanged; None where there is no such sample."""
    try:
        manifest = json.loads((directory / NAME).read_text())
        whole = all(checksum(directory / entry["path"]) == entry["sha256"] for entry in manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if whole else None


def report(directory: Path, manifest: dict[str, Any], kept: bool) -> SampleReport:
    """The report of a manifest."""
    totals = {key: value for key, value in manifest["totals"].items() if key != "records"}
    return SampleReport(
        directory=directory,
        kept=kept,
        files=len(manifest["files"]),
        languages=manifest["languages"],
        **totals,
    )
