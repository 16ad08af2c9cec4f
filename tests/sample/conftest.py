"""One small sample for all tests of this room; making it takes several seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daybreak.sample import SampleReport, write_sample

MEGABYTES = 2


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    return write_sample(tmp_path_factory.mktemp("sample") / "raw", megabytes=MEGABYTES)


@pytest.fixture(scope="session")
def sample(made: SampleReport) -> Path:
    return made.directory


@pytest.fixture(scope="session")
def manifest(sample: Path) -> dict[str, Any]:
    return json.loads((sample / "manifest.json").read_text())


@pytest.fixture(scope="session")
def entries(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The manifest's files by path."""
    return {entry["path"]: entry for entry in manifest["files"]}
