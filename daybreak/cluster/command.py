"""The spark-submit command that runs one step of a recipe on a cluster, as a list of arguments.

Project and libraries come from `dist`, no machine needs a checkout. Spark refuses Python programs in a standalone
cluster's cluster mode; there the class that YARN and Kubernetes start Python drivers with, PythonRunner, is
submitted as a program of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daybreak.cluster.model import Cluster

ENVIRONMENT = "environment"
PYTHON = f"./{ENVIRONMENT}/bin/python"
STANDALONE_CLUSTER = ("standalone", "cluster")
VARIABLES = {"yarn": "spark.yarn.appMasterEnv.", "k8s": "spark.kubernetes.driverEnv."}
"""What a setting begins with that gives a driver in the cluster a variable."""
RUNNER = "org.apache.spark.deploy.PythonRunner"
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
OPENED = (
    "java.lang",
    "java.lang.invoke",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "sun.nio.ch",
)
"""Packages of java.base that Spark and Arrow reach into. Spark opens them itself wherever it starts a JVM, but for
drivers on a standalone cluster."""
FORWARDED = (
    "DAYBREAK_HOME",
    "TRACEPARENT",
    "DAYBREAK_DAG_ID",
    "DAYBREAK_DAG_RUN_ID",
    "DAYBREAK_TASK_ID",
)
"""Variables that a driver in the cluster gets as they are here. Never a secret: they stand in Spark's UI."""


@dataclass(frozen=True)
class Submission:
    """One step of a recipe on a cluster. name: the recipe's. here: the interpreter of drivers on this machine."""

    step: str
    recipe: Path
    name: str
    cluster: Cluster
    here: str
    changes: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def kind(self) -> tuple[str, str]:
        """Manager and deploy mode."""
        return self.cluster.manager, self.cluster.deploy_mode

    @property
    def away(self) -> bool:
        """Whether the driver runs in the cluster."""
        return self.cluster.deploy_mode == "cluster"

    @property
    def packed(self) -> bool:
        """Whether the packed environment is sent."""
        return self.cluster.environment.kind == "packed" and self.cluster.manager != "local"

    def dist(self, *parts: str) -> str:
        """A file of `make dist`."""
        return "/".join((self.cluster.dist.rstrip("/"), *parts))

    @property
    def zip(self) -> str:
        """The project."""
        return self.dist("daybreak.zip")

    @property
    def archive(self) -> str:
        """The packed environment."""
        return self.dist(self.cluster.environment.archive)

    @property
    def job(self) -> str:
        """The step's entry point."""
        return self.dist("jobs", f"run_{self.step}.py")

    @property
    def shipped(self) -> bool:
        """Whether the recipe travels with the application: no other machine need see it where it stands here."""
        return self.away and self.cluster.manager in VARIABLES and self.cluster.ship_recipe

    @property
    def sends_project(self) -> bool:
        """Whether the project's zip is sent."""
        return self.packed or self.cluster.manager == "local"


def argv(spark_submit: str, submission: Submission) -> list[str]:
    """The command, for `subprocess` or, quoted, a shell."""
    cluster = submission.cluster
    command = [spark_submit, "--master", cluster.master, "--deploy-mode", cluster.deploy_mode]
    command += ["--name", f"daybreak {submission.name} {submission.step}"]
    if submission.sends_project:
        command += ["--py-files", submission.zip]
    if submission.packed:
        command += ["--archives", f"{submission.archive}#{ENVIRONMENT}"]
    if submission.shipped:
        command += ["--files", str(submission.recipe.absolute())]
    for key, value in settings(submission).items():
        command += ["--conf", f"{key}={value}"]
    return [*command, *_program(submission)]


def settings(submission: Submission) -> dict[str, str]:
    """Settings of Spark, sorted; what a user put into `conf` wins."""
    cluster = submission.cluster
    known = {**_sizes(cluster), **_pythons(submission), **dict(_variables(submission))}
    if submission.kind == STANDALONE_CLUSTER:
        known["spark.standalone.submit.waitAppCompletion"] = "true"
        if submission.packed:  # Spark sees no Python program here, and would send its modules nowhere
            known |= {"spark.submit.pyFiles": submission.zip, "spark.files": submission.zip}
    known |= {key: _text(value) for key, value in cluster.conf.items()}
    if submission.kind == STANDALONE_CLUSTER:
        known[JAVA_OPTIONS] = " ".join(filter(None, (_opened(), known.get(JAVA_OPTIONS))))
    return dict(sorted(known.items()))


def _opened() -> str:
    opens = (f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED)
    return " ".join([*opens, "-Dio.netty.tryReflectionSetAccessible=true"])


def _sizes(cluster: Cluster) -> dict[str, str]:
    driver, executors = cluster.driver, cluster.executors
    sizes = {"spark.driver.memory": driver.memory, "spark.driver.memoryOverhead": driver.overhead}
    if cluster.manager != "local":
        sizes |= {
            "spark.driver.cores": str(driver.cores),
            "spark.executor.cores": str(executors.cores),
            "spark.executor.memory": executors.memory,
            "spark.executor.memoryOverhead": executors.overhead,
        }
        sizes |= _numbers(cluster)
    return {key: value for key, value in sizes.items() if value is not None}


def _numbers(cluster: Cluster) -> dict[str, str | None]:
    executors = cluster.executors
    if executors.most is not None:
        return {
            "spark.dynamicAllocation.enabled": "true",
            "spark.dynamicAllocation.minExecutors": str(executors.least),
            "spark.dynamicAllocation.maxExecutors": str(executors.most),
        }
    if executors.number is None:
        return {}
    if cluster.manager == "standalone":
        return {"spark.cores.max": str(executors.number * executors.cores)}
    return {"spark.executor.instances": str(executors.number)}


def _pythons(submission: Submission) -> dict[str, str]:
    chosen = submission.cluster.environment
    if submission.cluster.manager == "local":
        workers = submission.here
    else:
        workers = PYTHON if submission.packed else chosen.python
    driver = workers if submission.away else submission.here
    if submission.packed and submission.kind == STANDALONE_CLUSTER:
        driver = chosen.python
    return {"spark.pyspark.python": workers, "spark.pyspark.driver.python": driver}


def _variables(submission: Submission) -> Iterator[tuple[str, str]]:
    """A standalone cluster's driver gets all variables by itself, one in this process has them."""
    if submission.away and (prefix := VARIABLES.get(submission.cluster.manager)):
        for name in FORWARDED:
            if value := submission.variables.get(name):
                yield prefix + name, value


def _program(submission: Submission) -> list[str]:
    if submission.kind != STANDALONE_CLUSTER:
        recipe = submission.recipe.name if submission.shipped else str(submission.recipe.absolute())
        return [submission.job, recipe, *submission.changes]
    arguments = [submission.job, str(submission.recipe.absolute()), *submission.changes]
    if submission.packed:
        arguments = [submission.dist("jobs", "launch.py"), submission.zip, submission.archive, *arguments]
    else:
        arguments = [arguments[0], "", *arguments[1:]]
    return ["--class", RUNNER, submission.dist("driver.jar"), *arguments]


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
