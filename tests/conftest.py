"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import browser  # noqa: F401 - fixtures of several rooms
from tests.line.support import finished, sample_shards, small_recipe  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real shards (DAYBREAK_DATA, else ../shared/data); skips where there is none."""
    folder = Path(os.environ.get("DAYBREAK_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real shards at {folder}: set DAYBREAK_DATA to their folder")
    return folder
