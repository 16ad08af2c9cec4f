"""The tables that tell of duplicates, found in a finished workspace. Text is read of a few rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from daybreak.errors import WorkspaceError
from daybreak.recipe import load_recipe
from daybreak.workspace import Workspace


@dataclass(frozen=True)
class DupTables:
    """Files by unit of `documents`, `signals` and the `decisions` of dedup, those of `clusters`, its settings."""

    documents: Mapping[str, Path]
    signals: Mapping[str, Path]
    decisions: Mapping[str, Path]
    clusters: Sequence[Path]
    settings: Mapping[str, Any]

    @property
    def threshold(self) -> float | None:
        """The least similarity of near duplicates; None where none were looked for."""
        near = self.settings.get("near")
        return float(near["threshold"]) if near else None

    def cluster_rows(self, where: pc.Expression, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of `clusters` (schema CLUSTERS) that pass, in no promised order."""
        return scan(self.clusters, where, columns)


def tables_of(place: Path) -> DupTables:
    """The tables of a workspace, or of a recipe's. Raises WorkspaceError before its step dedup is done."""
    workspace = Workspace(load_recipe(place).workspace if place.is_file() else place)
    ingest, dedup = workspace.manifest("ingest"), workspace.manifest("dedup")
    if ingest is None or dedup is None:
        raise WorkspaceError(f"{workspace} holds no finished step dedup: run the recipe as far as dedup")
    read, compared = workspace.data(ingest), workspace.data(dedup)
    return DupTables(
        documents=by_unit([read.path(e.path) for e in ingest.tables["documents"]]),
        signals=by_unit([read.path(e.path) for e in ingest.tables["signals"]]),
        decisions=by_unit([compared.path(e.path) for e in dedup.tables["decisions"]]),
        clusters=[Path(compared.path(e.path)) for e in dedup.tables["clusters"]],
        settings=dedup.settings,
    )


def by_unit(paths: Sequence[str | Path]) -> dict[str, Path]:
    """Files by the unit that their names give."""
    return {Path(path).stem: Path(path) for path in paths}


def scan(
    files: Sequence[Path], where: pc.Expression | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """Rows of all files that pass; `columns` that no file has are left out. No files give a table of nothing."""
    if not files:
        return pa.table({name: pa.nulls(0) for name in columns or ()})
    data = ds.dataset([str(path) for path in files], format="parquet")
    wanted = None if columns is None else [name for name in columns if name in data.schema.names]
    return data.to_table(columns=wanted, filter=where)
