"""Verification: every file of a workspace against its manifest, and the accounting from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq

from daybreak import accounting
from daybreak.errors import WorkspaceError
from daybreak.manifest import FileEntry, Manifest
from daybreak.storage import Store
from daybreak.workspace import Workspace
from pipelines.registry import STEPS


@dataclass(frozen=True)
class Verification:
    """What was looked at, and what differs."""

    steps: int
    files: int
    bytes: int
    differences: list[str]


def verify(workspace: Workspace) -> Verification:
    """Recompute everything a manifest claims. Reads all data once; changes nothing."""
    manifests = [m for step in STEPS if (m := workspace.manifest(step.name)) is not None]
    if not manifests:
        raise WorkspaceError(f"{workspace} holds no finished step: not a workspace, or nothing has run yet")
    found = [d for m in manifests for d in _differences(workspace, m)]
    counts = [c for m in manifests for c in m.accounting]
    found += accounting.differences(counts) + accounting.breaks(counts) + list(_stale(manifests))
    entries = [e for m in manifests for es in m.tables.values() for e in es]
    return Verification(len(manifests), len(entries), sum(e.bytes for e in entries), found)


def _differences(workspace: Workspace, manifest: Manifest) -> Iterator[str]:
    store = workspace.data(manifest)
    for table, entries in manifest.tables.items():
        for entry in entries:
            yield from _file(store, entry)
        present = {f"{table}/{name}" for name in store.names(table)}
        for extra in sorted(present - {e.path for e in entries}):
            yield f"{store.path(extra)}: not in the manifest"
    yield from _rows(manifest)


def _file(store: Store, entry: FileEntry) -> Iterator[str]:
    path = store.path(entry.path)
    if not store.exists(entry.path):
        yield f"{path}: missing"
    elif store.size(entry.path) != entry.bytes:
        yield f"{path}: {store.size(entry.path)} bytes, the manifest says {entry.bytes}"
    elif store.sha256(entry.path) != entry.sha256:
        yield f"{path}: content differs from its checksum"
    elif entry.path.endswith(".parquet"):
        with store.filesystem.open_input_file(path) as file:
            rows = pq.ParquetFile(file).metadata.num_rows
        if rows != entry.rows:
            yield f"{path}: {rows} rows, the manifest says {entry.rows}"


def _rows(manifest: Manifest) -> Iterator[str]:
    """Rows of tables against the counts: a table cannot lose documents that the accounting still has."""
    for table, stage, outcomes in CLAIMS.get(manifest.step, ()):
        present = [s for s in stage if any(c.stage == s for c in manifest.accounting)]
        looked_at = present[:1] if outcomes == ("in",) else present
        counts = (c for c in manifest.accounting if c.stage in looked_at and c.outcome in outcomes)
        counted = sum(c.documents for c in counts)
        if manifest.rows(table) != counted:
            yield f"{manifest.step}: table {table} has {manifest.rows(table)} rows, the accounting {counted}"


# What a step took in is what the first of the stages named took in.
CLAIMS: dict[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = {
    "ingest": (
        ("documents", ("clean",), ("kept",)),
        ("signals", ("clean",), ("kept",)),
        ("decisions", ("ingest", "extract"), ("dropped",)),
        ("quarantine", ("ingest", "extract", "clean"), ("quarantined",)),
    ),
    "filter": (("decisions", ("language",), ("in",)),),
    "dedup": (("decisions", ("url dedup", "exact dedup"), ("in",)),),
    "passages": (("decisions", ("passages",), ("in",)),),
    "decontaminate": (("decisions", ("decontamination",), ("in",)),),
    "shards": (("shards", ("shards",), ("kept",)),),
}


def _stale(manifests: list[Manifest]) -> Iterator[str]:
    by_step = {m.step: m for m in manifests}
    for manifest in manifests:
        for name, digest in manifest.inputs.items():
            if name in by_step and by_step[name].digest != digest:
                yield f"{manifest.step} was made from another {name} than the one here: run the recipe again"
