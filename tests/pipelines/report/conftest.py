"""A fake workspace and its facts, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_workspace import ASKED, FakeWorkspace, write_fake_workspace

from pipelines.report import Facts, RunFacts, collect

RUN = RunFacts(
    recipe="sample",
    fingerprint="a3f09c" * 10,
    started="2026-03-02T08:14:09Z",
    description="Six layouts of installed text.",
    versions={"daybreak": "0.1.0", "pyarrow": "25.0.1"},
    durations={"ingest": 41.2, "train": 124.0},
)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> FakeWorkspace:
    return write_fake_workspace(Path(tmp_path_factory.mktemp("report")), documents=4000)


@pytest.fixture(scope="session")
def facts(workspace: FakeWorkspace) -> Facts:
    return collect(
        workspace.tables,
        workspace.accounting,
        run=RUN,
        asked=ASKED,
        vocabulary=16_000,
        tokenizer={"model": "BPE, byte fallback"},
        rule_signals=workspace.rule_signals,
    )
