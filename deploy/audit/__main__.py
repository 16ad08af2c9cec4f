"""`python -m deploy.audit [--osv DUMP] LOCK...`: exit code 0 where nothing is known, 1 else, or if none could tell."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.audit import osv


def command(locks: Sequence[Path], address: str | None) -> list[str]:
    """pip-audit on complete lists. --strict: a package that could not be looked up is a failure, not a pass."""
    service = ["--vulnerability-service", "osv", "--osv-url", address] if address else []
    files = [part for lock in locks for part in ("--requirement", str(lock))]
    audit = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--strict"]
    return [*audit, "--progress-spinner", "off", "--desc", "off", *service, *files]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit; a dump is served on this machine for as long as it takes."""
    parser = argparse.ArgumentParser(prog="python -m deploy.audit", description="Audit pinned packages.")
    parser.add_argument("locks", type=Path, nargs="+", help="files with one pin a line")
    parser.add_argument("--also", action="append", default=[], metavar="PIN", help="a pin that no file holds")
    parser.add_argument("--osv", type=Path, help="folder or zip of OSV records, where no service is reached")
    options = parser.parse_args(arguments)
    if options.osv is not None and not options.osv.exists():
        parser.error(f"no advisories at {options.osv}")
    with TemporaryDirectory() as folder, ExitStack() as stack:
        also = Path(folder, "also.txt")
        also.write_text("\n".join(options.also) + "\n")
        address = None
        if options.osv is not None:
            known = osv.load(options.osv)
            print(f"advisories of {len(known):,} packages in {options.osv}", flush=True)
            address = stack.enter_context(osv.serving(known))
        return subprocess.run(command([*options.locks, also], address), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
