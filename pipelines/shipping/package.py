"""The project as spark-submit takes it: a zip for `--py-files` and the entry points; the same bytes every time.

`python -m pipelines.shipping.package FOLDER` writes what needs no environment: daybreak.zip, jobs/, driver.jar.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("daybreak", "tokenizer", "pipelines", "trainer")
EPOCH = (1980, 1, 1, 0, 0, 0)
ROOT = Path(__file__).resolve().parents[2]


def build_zip(target: Path) -> Path:
    """Write the zip; compiled dependencies are the environment's, not the zip's."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files(ROOT):
            _add(archive, file.relative_to(ROOT).as_posix(), file.read_bytes())
    return target


def build_dist(folder: Path) -> Path:
    """Write daybreak.zip, the entry points below jobs/, and driver.jar.

    driver.jar holds nothing: a standalone cluster starts drivers from a jar, even those whose program is Python.
    """
    build_zip(folder / "daybreak.zip")
    jobs = folder / "jobs"
    shutil.rmtree(jobs, ignore_errors=True)
    jobs.mkdir()
    for file in sorted((ROOT / "jobs").glob("[!_]*.py")):
        shutil.copyfile(file, jobs / file.name)
    with zipfile.ZipFile(folder / "driver.jar", "w") as archive:
        _add(archive, "META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n")
    return folder


def matches(archive: Path) -> bool:
    """Whether a zip holds this very code."""
    with zipfile.ZipFile(archive) as found:
        known = {info.filename: info.CRC for info in found.infolist()}
    return known == {f.relative_to(ROOT).as_posix(): zlib.crc32(f.read_bytes()) for f in _files(ROOT)}


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


def _files(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


if __name__ == "__main__":
    build_dist(Path(sys.argv[1]))
