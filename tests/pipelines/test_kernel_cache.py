"""Compiled kernels: from a zip as Spark ships it, with and without a place to keep machine code."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import pyarrow as pa
from pipelines.kernels.compile import cache_folder
from pipelines.quality import signals
assert signals.__file__.startswith(sys.argv[1]), signals.__file__
print(signals.Measure()(pa.record_batch({"text": ["two words"]})).column("n_words")[0].as_py())
print(sum(signals._measure_ours.stats.cache_hits.values()), cache_folder())
"""


def pack(target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for package in ("daybreak", "pipelines"):
            for file in sorted((ROOT / package).rglob("*.py")):
                archive.write(file, file.relative_to(ROOT))
    return target


def run(script: str, archive: Path, folder: Path, **environment: str) -> list[str]:
    base = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NUMBA_CACHE_DIR")
    }
    done = subprocess.run(
        [sys.executable, "-c", script, str(archive), str(folder)],
        cwd=archive.parent,
        env=base | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.slow
def test_kernels_run_from_a_zip_and_are_compiled_once_for_all_zips(tmp_path: Path) -> None:
    first = pack(tmp_path / "first.zip")
    second = pack(tmp_path / "second.zip")
    cache = str(tmp_path / "cache")
    assert run(SCRIPT, first, tmp_path, NUMBA_CACHE_DIR=cache)[:2] == ["2", "0"]
    words, hits, folder = run(SCRIPT, second, tmp_path, NUMBA_CACHE_DIR=cache)
    assert (words, hits) == ("2", "1")
    assert folder.startswith(cache)


NOWHERE = """
import sys, tempfile
sys.path.insert(0, sys.argv[1])
tempfile.tempdir = sys.argv[2]
import numpy as np
from pipelines.kernels.codepoints import class_table
from pipelines.kernels.compile import cache_folder
from pipelines.kernels.words import count_words
classes = class_table()[[ord(c) for c in "two words"]]
print(count_words(classes, 0, len(classes))[0], cache_folder())
"""


@pytest.mark.slow
def test_kernels_run_where_no_folder_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    places = dict.fromkeys(("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"), str(blocked))
    archive = pack(tmp_path / "code.zip")
    assert run(NOWHERE, archive, blocked, **places) == ["2", "None"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    words, folder = run(NOWHERE, archive, temporary, **places)
    assert words == "2" and folder.startswith(str(temporary))


STAMPS = """
import sys
sys.path.insert(0, sys.argv[1])
from pipelines.kernels.compile import source_stamp
print(source_stamp("pipelines.quality.families.basic"), source_stamp("pipelines.pii.token_windows"))
"""


def test_an_edit_compiles_anew_the_kernels_that_import_the_edited_module_and_no_others(
    tmp_path: Path,
) -> None:
    before = run(STAMPS, pack(tmp_path / "code.zip"), tmp_path)
    with zipfile.ZipFile(tmp_path / "code.zip") as archive:
        sources = {name: archive.read(name) for name in archive.namelist()}
    edited = "pipelines/kernels/codepoints.py"  # imported by way of pipelines.kernels.words
    with zipfile.ZipFile(tmp_path / "edited.zip", "w") as archive:
        for name, source in sources.items():
            archive.writestr(name, source + b"\nEDITED = 1\n" if name == edited else source)
    after = run(STAMPS, tmp_path / "edited.zip", tmp_path)
    assert after[0] != before[0] and after[1] == before[1]
