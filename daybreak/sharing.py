"""Spark's classes, loaded and checked once for all JVMs that start here: class data sharing (JEP 350, Java 13).

A JVM for Spark loads some 17,000 classes from the jars of Spark before it does anything. An archive of them, made by
`python -m pipelines.spark.sharing` as `make` sets up the environment, is mapped instead. A JVM to which it does not
fit (another build of Java, other jars) starts as it would without.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from pathlib import Path

from daybreak import java

VARIABLE = "SPARK_SUBMIT_OPTS"
"""Options for the JVM that spark-submit starts, the driver's in client mode; read by Spark's launcher."""
QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"
NEWEST = 23
"""Java 24 calls these logs by another name."""


def place(home: Path) -> Path:
    """Where the archive for the installed Spark and the Java at `home` stands: in this environment, to go with it."""
    which = hashlib.sha256(str(home).encode()).hexdigest()[:8]
    spark = importlib.metadata.version("pyspark")
    return Path(sys.prefix) / "share/daybreak" / f"spark-{spark}-java-{which}.jsa"


def options(home: Path | None = None) -> str:
    """What a JVM of the Java at `home` (the one found by default) is started with; empty without an archive."""
    home = home or java.home()
    if home is None or not (archive := place(home)).is_file():
        return ""
    return f"-XX:SharedArchiveFile={archive} -Xshare:auto {QUIET}"


def variables(given: Mapping[str, str], home: Path | None = None) -> dict[str, str]:
    """What to add to the environment of a process that starts Spark; nothing where `given` speaks of sharing."""
    before = given.get(VARIABLE, "")
    if "Archive" in before or "-Xshare" in before or " " in sys.prefix or not (found := options(home)):
        return {}
    return {VARIABLE: f"{before} {found}".strip()}
