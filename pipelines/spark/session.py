"""The Spark session: started here for `daybreak run`, or taken as spark-submit configured it."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from daybreak import java, logs, sharing, trace
from daybreak.errors import DaybreakError
from daybreak.recipe import Recipe
from pipelines.code import library_version

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What must hold for right results, whatever the cluster: Arrow batches bounded by bytes, UTC, no guessing.
ALWAYS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "32m",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.adaptive.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
}
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.files.maxPartitionBytes": "16m",
    "spark.log.level": "ERROR",
}


def start(recipe: Recipe, name: str) -> SparkSession:
    """A session for the recipe, an application of that name. Settings given to spark-submit win over the recipe's."""
    _environment(recipe)
    _same_versions()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName(name)
    for key, value in _settings(recipe).items():
        builder = builder.config(key, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    _same_spark(session)
    session.sparkContext.addJobTag(f"trace-{trace.current().trace_id}")
    return session


def _submitted() -> bool:
    """Whether spark-submit started this process and has chosen master and resources."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _settings(recipe: Recipe) -> Mapping[str, str]:
    settings = {"spark.sql.shuffle.partitions": str(recipe.spark.shuffle_partitions)}
    if _submitted():
        settings = {key: value for key, value in settings.items() if not _given(key)}
    settings |= {**ALWAYS, **_traced()}
    if not _submitted():
        settings |= {"spark.master": recipe.spark.master, "spark.driver.memory": recipe.spark.driver_memory}
        settings |= LOCAL if recipe.spark.master.startswith("local") else {}
        settings |= recipe.spark.conf
    return settings


def _given(key: str) -> bool:
    """Whether spark-submit set a key."""
    from pyspark import SparkConf, SparkContext

    SparkContext._ensure_initialized()  # what spark-submit set is known to its JVM
    return bool(SparkConf().contains(key))


def _traced() -> dict[str, str]:
    """Workers get the trace, and log as the driver does; the trace's id is searched for in Spark's UI by job tag."""
    settings = {f"spark.executorEnv.{trace.VARIABLE}": str(trace.current())}
    if logs.wanted():
        settings[f"spark.executorEnv.{logs.VARIABLE}"] = "json"
    return settings


def _environment(recipe: Recipe) -> None:
    """Workers take this interpreter, and Spark the Java we found; an explicit choice is left alone."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    if not _submitted():
        if recipe.spark.master.startswith("local"):
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        if (found := java.home()) is None:
            raise DaybreakError("no Java 17 or newer for Spark; `daybreak doctor` tells how to get one")
        os.environ["JAVA_HOME"] = str(found)
        os.environ.update(sharing.variables(os.environ, found))


def _same_versions() -> None:
    """pyspark and pyspark-client write into one folder; at two versions Python and jars disagree silently."""
    versions = {name: _version(name) for name in ("pyspark", "pyspark-client")}
    known = {v for v in versions.values() if v}
    if len(known) > 1:
        raise DaybreakError(f"{versions}: install both at one version, as requirements.lock does")


def _same_spark(session: SparkSession) -> None:
    """Fingerprints tell the installed version of Spark; the cluster's must be that one."""
    if (installed := library_version("pyspark")) != session.version:
        session.stop()
        raise DaybreakError(
            f"the cluster runs Spark {session.version}, installed here is {installed}: use one version, "
            "for results and their fingerprints depend on it"
        )


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
