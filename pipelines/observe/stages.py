"""What Spark counted of stages, from the session's status store, which is filled whether or not the UI is on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SUMS = {
    "tasks": ("numCompleteTasks", 1),
    "failed_tasks": ("numFailedTasks", 1),
    "killed_tasks": ("numKilledTasks", 1),
    "run_seconds": ("executorRunTime", 1e-3),
    "jvm_cpu_seconds": ("executorCpuTime", 1e-9),
    "gc_seconds": ("jvmGcTime", 1e-3),
    "input_bytes": ("inputBytes", 1),
    "input_records": ("inputRecords", 1),
    "output_bytes": ("outputBytes", 1),
    "output_records": ("outputRecords", 1),
    "shuffle_read_bytes": ("shuffleReadBytes", 1),
    "shuffle_write_bytes": ("shuffleWriteBytes", 1),
    "spilled_memory_bytes": ("memoryBytesSpilled", 1),
    "spilled_disk_bytes": ("diskBytesSpilled", 1),
}
"""Our name of each sum over stages, Spark's (`status.api.v1.StageData`), and what one of Spark's is in our unit."""

PEAKS = {
    "execution_memory": "peakExecutionMemory",
    "jvm_heap": "JVMHeapMemory",
    "jvm_rss": "ProcessTreeJVMRSSMemory",
    "python_rss": "ProcessTreePythonRSSMemory",
}
"""Peaks over stages, bytes; the two of the process tree need `spark.executor.processTreeMetrics.enabled`."""


def last_stage(spark: SparkSession | None) -> int:
    """Number of the last stage there is; -1 where there is none, or no session."""
    return max((int(stage["stageId"]) for stage in _stages(spark)), default=-1) if spark else -1


def stage_totals(spark: SparkSession, after: int) -> dict[str, Any]:
    """Sums and peaks of all stages with a number above `after`, those tried again once for each try."""
    return totals([stage for stage in _stages(spark) if int(stage["stageId"]) > after])


def totals(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums and peaks of stages as Spark's monitoring writes them."""
    sums = {ours: sum(stage.get(name) or 0 for stage in stages) * unit for ours, (name, unit) in SUMS.items()}
    peaks = {ours: max((_peak(stage, name) for stage in stages), default=0) for ours, name in PEAKS.items()}
    known = {ours: peak for ours, peak in peaks.items() if peak}
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in sums.items()}
    return {"stages": len(stages), **rounded, "peak": known}


def _peak(stage: Mapping[str, Any], name: str) -> int:
    return int(stage.get(name) or (stage.get("peakExecutorMetrics") or {}).get(name) or 0)


def _stages(spark: SparkSession) -> list[dict[str, Any]]:
    """All stages that the store retains (`spark.ui.retainedStages`), after every event so far has reached it."""
    context: Any = spark.sparkContext
    jvm, scala = context._jvm, context._jsc.sc()
    scala.listenerBus().waitUntilEmpty()
    quantiles = context._gateway.new_array(jvm.double, 0)
    found = scala.statusStore().stageList(None, False, False, quantiles, jvm.java.util.ArrayList())
    mapper = jvm.com.fasterxml.jackson.databind.ObjectMapper()
    mapper.registerModule(jvm.com.fasterxml.jackson.module.scala.DefaultScalaModule())
    return list(json.loads(mapper.writeValueAsString(found)))
