"""`python -m deploy.check`: one line a fault; exit code 1 if there is any."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.check import compose, docker, kubernetes, scripts
from deploy.check.files import ROOT, Fault


def main() -> int:
    """Run every check on this repository."""
    faults = [*docker.faults(ROOT), *compose.faults(ROOT), *kubernetes.faults(ROOT), *scripts.faults(ROOT)]
    faults += list(_built(ROOT))
    for fault in faults:
        print(fault)
    print(f"deploy: {len(faults)} faults")
    return 1 if faults else 0


def _built(root: Path) -> Iterator[Fault]:
    """What kustomize makes of every overlay and run, where kubectl is installed."""
    if shutil.which("kubectl") is None:
        print("deploy: no kubectl here, overlays are checked file by file only")
        return
    for path in sorted((root / kubernetes.FOLDER).rglob("kustomization.yaml")):
        name = path.parent.relative_to(root).as_posix()
        answer = subprocess.run(
            ["kubectl", "kustomize", str(path.parent)], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            yield Fault(name, answer.stderr.strip())
        else:
            yield from kubernetes.rendered(answer.stdout, name)


if __name__ == "__main__":
    sys.exit(main())
