"""The packed Python environment of a cluster: `python -m pipelines.shipping.environment VENV ARCHIVE --base PREFIX`.

Spark unpacks the archive beside each driver and executor (`--archives ARCHIVE#environment`). It holds libraries
only: the interpreter's own files stay those of the machine, below `base`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import venv_pack

LEFT_OUT = (
    "*/site-packages/*/tests/*",
    "*/site-packages/pyarrow/include/*",
    "*/site-packages/pyarrow/src/*",
    "*.pyi",
    "*.pyx",
    "*.pxd",
)
"""Files of the libraries that only their own tests, compilers and type checkers read."""
COMPRESSION = 1
"""Of gzip: at 6 packing takes several times as long for a tenth less."""


def pack_environment(venv: Path, archive: Path, base: Path) -> Path:
    """Write `venv` as a tar.gz whose interpreter is `base`/bin/python3.11 on the machine that unpacks it."""
    _lean_on(venv, base)
    archive.parent.mkdir(parents=True, exist_ok=True)
    venv_pack.pack(
        prefix=str(venv),
        output=str(archive),
        format="tar.gz",
        compress_level=COMPRESSION,
        filters=[("exclude", pattern) for pattern in LEFT_OUT],
        force=True,
    )
    archive.chmod(0o644)  # it is made under a temporary name, for its maker alone
    return archive


def _lean_on(venv: Path, base: Path) -> None:
    """Let the environment's interpreter be that below `base`: venv-pack's own rewriting misses versioned names."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name, target in ((python, str(base / "bin" / python)), ("python3", python), ("python", python)):
        link = venv / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    settings = venv / "pyvenv.cfg"
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("home ")]
    settings.write_text("\n".join([f"home = {base / 'bin'}", *lines]) + "\n")


def main() -> None:
    """Entry point of `python -m pipelines.shipping.environment`."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.shipping.environment")
    parser.add_argument("venv", type=Path)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--base", type=Path, required=True, help="prefix of Python 3.11 on the cluster")
    options = parser.parse_args()
    pack_environment(options.venv, options.archive, options.base)


if __name__ == "__main__":
    main()
