"""From a forecast to machines: cores for the hours there are, memory by the rules of thumb, settings for conf/spark."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daybreak.recipe import Recipe
from pipelines.size.forecast import Forecast, Range
from pipelines.size.laws import GB, MEMORY

EXECUTOR_CORES = 4
"""Cores an executor: enough to share a JVM, few enough that one bad record's memory stops few tasks."""

SHUFFLE_BYTES = 64e6
"""Bytes a shuffle partition, at most about: Spark's advisory size after adaptive execution."""


@dataclass(frozen=True)
class Machines:
    """What to ask a cluster for. memory, heap, overhead: bytes an executor, in all and its two parts; driver_heap,
    driver_overhead: the driver's. hours: of wall time, at `cores`. notes: where the wish cannot be met."""

    cores: int
    executors: int
    executor_cores: int
    heap: float
    overhead: float
    driver_heap: float
    driver_overhead: float
    partitions: int
    hours: Range
    notes: tuple[str, ...] = ()

    @property
    def memory(self) -> float:
        """Bytes an executor."""
        return self.heap + self.overhead


def machines(
    forecast: Forecast,
    recipe: Recipe,
    cores: int | None = None,
    memory: float | None = None,
    hours: float | None = None,
) -> Machines:
    """Size a cluster. memory: bytes a machine has for an executor. hours: wall time to need at most; decides the cores
    where these are not given."""
    notes = list[str]()
    each, too_small = _executor_cores(recipe, memory)
    if too_small:
        notes.append(too_small)
    if cores is None:
        cores, late = _cores(forecast, hours) if hours else (EXECUTOR_CORES, "")
        notes += [late] if late else []
    each = min(each, cores)
    shuffle = max((step.shuffle.value for step in forecast.steps), default=0.0)
    driver = max((step.driver for step in forecast.steps), default=MEMORY["driver"].bytes)
    return Machines(
        cores,
        max(1, math.ceil(cores / each)),
        each,
        max(MEMORY["heap"].bytes, each * MEMORY["heap a core"].bytes),
        each * MEMORY["worker"].bytes + recipe.ingest.record_memory * recipe.ingest.guard,
        MEMORY["driver heap"].bytes,
        driver,
        max(recipe.spark.shuffle_partitions, 2 * cores, math.ceil(shuffle / SHUFFLE_BYTES)),
        wall(forecast, cores),
        tuple(notes),
    )


def wall(forecast: Forecast, cores: int) -> Range:
    """Hours of all steps, one after the other."""
    steps = [step.wall(cores) for step in forecast.steps]
    return Range(*(sum(getattr(s, name) for s in steps) / 3600 for name in ("value", "low", "high")))


def _cores(forecast: Forecast, hours: float) -> tuple[int, str]:
    """The fewest cores that need so many hours at most, and a word where no number does."""
    most = max((step.tasks for step in forecast.steps), default=1)
    if wall(forecast, most).value > hours:
        least = wall(forecast, most).value
        return most, (
            f"{hours:g} hours are not enough: {most} cores, one for each task, need {least:.2g}; "
            "smaller ingest.unit_bytes makes more tasks"
        )
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if wall(forecast, middle).value <= hours else (middle + 1, high)
    return low, ""


def _executor_cores(recipe: Recipe, memory: float | None) -> tuple[int, str]:
    if memory is None:
        return EXECUTOR_CORES, ""
    a_core = MEMORY["worker"].bytes + MEMORY["heap a core"].bytes
    spare = recipe.ingest.record_memory * recipe.ingest.guard
    fitting = [
        n
        for n in range(1, 33)
        if spare + max(MEMORY["heap"].bytes + n * MEMORY["worker"].bytes, n * a_core) <= memory
    ]
    if fitting:
        return min(max(fitting), 2 * EXECUTOR_CORES), ""
    least = (spare + MEMORY["heap"].bytes + MEMORY["worker"].bytes) / GB
    return 1, (
        f"{memory / GB:g} GB are little: an executor of one core wants {least:.1f} GB, of which "
        f"{spare / GB:.1f} are ingest.record_memory"
    )


def settings(chosen: Machines) -> dict[str, Any]:
    """The sections of a file in conf/spark that sizes are in."""
    return {
        "driver": {"memory": _size(chosen.driver_heap), "overhead": _size(chosen.driver_overhead)},
        "executors": {
            "cores": chosen.executor_cores,
            "memory": _size(chosen.heap),
            "overhead": _size(chosen.overhead),
            "number": chosen.executors,
        },
        "conf": {"spark.sql.shuffle.partitions": chosen.partitions},
    }


def merged(base: Mapping[str, Any], chosen: Machines) -> dict[str, Any]:
    """A cluster's file with the sizes of a forecast in place of its own."""
    content = dict(base)
    for section, values in settings(chosen).items():
        kept = {k: v for k, v in (content.get(section) or {}).items() if (section, k) not in INSTEAD}
        content[section] = {**kept, **values}
    return content


INSTEAD = {("executors", "least"), ("executors", "most")}
"""Keys that a fixed number of executors excludes."""


def _size(size: float) -> str:
    return f"{math.ceil(size / (1 << 20) / 128) * 128}m"
