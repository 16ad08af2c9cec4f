"""Which checkpoints stay."""

from __future__ import annotations

import re
import shutil
from pathlib import Path


def checkpoints(folder: Path) -> list[Path]:
    """Committed checkpoints by step, oldest first; temporary folders are not among them."""
    found = folder.glob("step-*") if folder.is_dir() else []
    return sorted((p for p in found if re.fullmatch(r"step-\d+", p.name)), key=lambda p: int(p.name[5:]))


def retain(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` checkpoints."""
    for path in checkpoints(folder)[:-keep]:
        shutil.rmtree(path)
