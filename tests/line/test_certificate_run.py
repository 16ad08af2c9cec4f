"""The certificate of a whole run: in the facts, and nowhere in the tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.workspace import Workspace
from pipelines.dedup.certificate import Certificate, from_json
from pipelines.dedup.planted import UNIT

pytestmark = pytest.mark.slow


def dedup_rows(folder: Path, table: str) -> pa.Table:
    """All rows of a table of the dedup step."""
    workspace = Workspace(folder / "ws")
    manifest = workspace.manifest("dedup")
    assert manifest is not None
    store = workspace.data(manifest)
    parts = [pq.read_table(store.path(e.path), filesystem=store.filesystem) for e in manifest.tables[table]]
    return pa.concat_tables(parts)


def certificate(folder: Path) -> Certificate:
    manifest = Workspace(folder / "ws").manifest("dedup")
    assert manifest is not None
    return from_json(manifest.facts["certificate"])


def test_a_run_measures_its_recall_and_keeps_to_the_threshold(finished: Path) -> None:
    found = certificate(finished)
    assert (found.bands, found.rows, found.threshold) == (24, 6, 0.75)
    assert found.overall.pairs > 300
    assert found.overall.recall >= 0.98
    assert found.overall.low <= found.overall.predicted <= found.overall.high
    assert found.removed_below == found.strangers == 0


def test_the_s_curve_is_among_the_facts(finished: Path) -> None:
    manifest = Workspace(finished / "ws").manifest("dedup")
    assert manifest is not None
    assert manifest.facts["banding"]["recall_at_threshold"] == pytest.approx(0.9909, abs=1e-4)


def test_planted_documents_are_in_no_table(finished: Path) -> None:
    for table in ("decisions", "clusters"):
        ids = dedup_rows(finished, table)["doc_id"].to_pylist()
        assert ids and not [doc_id for doc_id in ids if doc_id.startswith(UNIT)]
