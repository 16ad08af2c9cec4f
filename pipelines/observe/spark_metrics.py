"""What each step cost, as Spark and the operating system counted it: one JSON line a committed step.

WORKSPACE/metrics.jsonl holds times and memory, which manifests must not; `daybreak size` reads it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from daybreak.accounting import STAGE_ORDER, Count
from daybreak.manifest import Manifest
from daybreak.workspace import IN_PROGRESS, MARKERS
from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.processes import Meter
from pipelines.observe.stages import last_stage, stage_totals

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

METRICS = "metrics.jsonl"
FORMAT = 1


class Measured:
    """Measures one piece of work from its making on. Whatever cannot be had is left out, and never raised."""

    def __init__(self, run: StepRun) -> None:
        self._run = run
        self._meter = _try(Meter)
        self._after = _try(lambda: last_stage(run.spark()), -1)
        self._resumed = _try(lambda: _marks(run), 0)

    def drop(self) -> None:
        """The work failed: no line."""
        if self._meter is not None:
            _try(self._meter.stop)

    def write(self, seconds: float, facts: Mapping[str, Any]) -> None:
        """Append the line of the work, which took so many seconds of wall time."""
        spark, run = _try(self._run.spark), self._run
        line = {
            "format": FORMAT,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "step": run.step.name,
            "recipe": run.recipe.name,
            "fingerprint": run.fingerprint,
            "seconds": round(seconds, 3),
            "resumed_units": self._resumed,
            "settings": _try(lambda: _settings(spark)) if spark else {},
            "processes": _try(self._meter.stop) if self._meter else {},
            "spark": _try(lambda: stage_totals(spark, self._after)) if spark else {},
            **facts,
        }
        _try(lambda: run.workspace.append(METRICS, json.dumps(line)))


class SparkMetrics(Observer):
    """Writes WORKSPACE/metrics.jsonl."""

    def __init__(self) -> None:
        self._open: Measured | None = None

    def begin(self, run: StepRun) -> None:
        """Start to measure."""
        self._close()
        self._open = Measured(run)

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """Write the line."""
        measured, self._open = self._open, None
        if measured is not None:
            measured.write(seconds, _try(lambda: amounts(manifest), {}))

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """Forget what was measured."""
        self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.drop()
        self._open = None


def amounts(manifest: Manifest) -> dict[str, Any]:
    """What a step took in and gave: by source and in all (documents, bytes, tokens), files, rows and bytes by table."""
    files = manifest.facts.get("files", []) if manifest.step == "ingest" else []
    stored: dict[str, int] = {}
    for item in files:
        stored[item["source"]] = stored.get(item["source"], 0) + int(item.get("size", 0))
    tables = {
        table: {
            "files": len(entries),
            "rows": sum(e.rows for e in entries),
            "bytes": sum(e.bytes for e in entries),
        }
        for table, entries in manifest.tables.items()
    }
    return {"sources": flows(manifest.accounting, stored), "tables": tables}


def flows(counts: Sequence[Count], stored: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Of each source: stored bytes of its files, documents and bytes into the step's first stage and out of its last,
    tokens out of it where they are known."""
    stages = sorted({c.stage for c in counts}, key=STAGE_ORDER.index)
    found: dict[str, dict[str, int]] = {}
    for c in counts:
        flow = found.setdefault(
            c.source,
            {"stored_bytes": stored.get(c.source, 0), "in": 0, "in_bytes": 0, "out": 0, "out_bytes": 0},
        )
        if c.stage == stages[0] and c.outcome == "in":
            flow["in"] += c.documents
            flow["in_bytes"] += c.bytes
        if c.stage == stages[-1] and c.outcome == "kept":
            flow["out"] += c.documents
            flow["out_bytes"] += c.bytes
            flow["out_tokens"] = flow.get("out_tokens", 0) + (c.tokens or 0)
    return dict(sorted(found.items()))


def _settings(spark: SparkSession) -> dict[str, Any]:
    """The settings that cost and speed hang on."""
    conf = spark.sparkContext.getConf()
    names = (
        "spark.executor.instances", "spark.executor.cores", "spark.executor.memory", "spark.driver.memory",
        "spark.executor.memoryOverhead", "spark.executor.pyspark.memory", "spark.dynamicAllocation.enabled",
    )  # fmt: skip
    return {
        "master": spark.sparkContext.master,
        "cores": spark.sparkContext.defaultParallelism,
        "spark.sql.shuffle.partitions": spark.conf.get("spark.sql.shuffle.partitions"),
        **{name: value for name in names if (value := conf.get(name, None)) is not None},
    }


def _marks(run: StepRun) -> int:
    """How many units an earlier run left finished: what this one measures is then not the whole."""
    return len(run.workspace.store.names(run.step.name, IN_PROGRESS + run.fingerprint[:16], MARKERS))


def _try(ask: Callable[[], Any], otherwise: Any = None) -> Any:
    """What `ask` gives; `otherwise`, and a word on stderr, where it fails: measuring never ends a run."""
    try:
        return ask()
    except Exception as error:
        print(f"metrics: {type(error).__name__}: {str(error).splitlines()[:1]}", file=sys.stderr, flush=True)
        return otherwise
