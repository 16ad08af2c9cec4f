"""Names of applications, job groups and jobs, so that Spark's UI and history server read like the pipeline.

An application is `daybreak RECIPE [STEP]`, a job group is a step, a job says what it does: `dedup: buckets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GROUP = "spark.jobGroup.id"
DESCRIPTION = "spark.job.description"


def app_name(recipe: str, steps: Sequence[str] | None) -> str:
    """The application's name: with the step where it is one alone."""
    return " ".join(["daybreak", recipe, *(steps if steps and len(steps) == 1 else ())])


def group_jobs(spark: SparkSession, step: str) -> None:
    """Put this thread's jobs from here on under a step; what `describing` says stays while it is the same step."""
    context = spark.sparkContext
    if context.getLocalProperty(GROUP) != step:
        context.setLocalProperty(GROUP, step)
        context.setLocalProperty(DESCRIPTION, step)


@contextmanager
def describing(spark: SparkSession, what: str) -> Iterator[None]:
    """Jobs that the body starts are described as `STEP: what`."""
    context = spark.sparkContext
    before = context.getLocalProperty(DESCRIPTION)
    step = context.getLocalProperty(GROUP)
    context.setLocalProperty(DESCRIPTION, f"{step}: {what}" if step else what)
    try:
        yield
    finally:
        # None would reach the JVM as a null, which clears the property
        context.setLocalProperty(DESCRIPTION, cast(str, before))
