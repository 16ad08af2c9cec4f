"""The project as one zip for `spark-submit --py-files`: sources and package data, the same bytes every time."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("daybreak", "tokenizer", "pipelines", "trainer")
EPOCH = (1980, 1, 1, 0, 0, 0)


def build_zip(target: Path) -> Path:
    """Write the zip; compiled dependencies are the environment's, not the zip's."""
    root = Path(__file__).resolve().parents[1]
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files(root):
            info = zipfile.ZipInfo(file.relative_to(root).as_posix(), EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, file.read_bytes())
    return target


def _files(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
