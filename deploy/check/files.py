"""The YAML files that are checked, and what a check says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Fault:
    """What is wrong in one file. `file` is relative to the repository."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def relative(path: Path, root: Path) -> str:
    """`path` as a fault names it."""
    return path.relative_to(root).as_posix()


def documents(path: Path) -> Iterator[dict[str, Any]]:
    """The documents of a YAML file that are mappings."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if isinstance(document, dict):
            yield document
