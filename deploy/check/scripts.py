"""Shell scripts: by shellcheck where it is installed, else by the shell's own parser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.check.files import Fault, relative


def faults(root: Path) -> Iterator[Fault]:
    """What is wrong with the scripts below deploy/ and in .ci."""
    for path in scripts(root):
        text = path.read_text(encoding="utf-8")
        if "set -euo pipefail" not in text:
            yield Fault(relative(path, root), "goes on after an error: set -euo pipefail")
        checker = ["shellcheck", "--format=gcc"] if shutil.which("shellcheck") else ["bash", "-n"]
        answer = subprocess.run([*checker, str(path)], capture_output=True, text=True, check=False)
        if answer.returncode:
            yield Fault(relative(path, root), (answer.stdout + answer.stderr).strip())


def scripts(root: Path) -> list[Path]:
    """All shell scripts that operators run."""
    return sorted([*(root / "deploy").rglob("*.sh"), *(root / "deploy").rglob("*.sbatch")])
