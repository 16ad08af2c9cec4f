"""Narrow passes: one task handles whole units and writes their parts itself; only small results come back."""

from __future__ import annotations

import gc
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyarrow as pa

from daybreak import logs
from daybreak.accounting import Count
from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from pipelines.spark.balance import assign
from pipelines.spark.naming import describing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RESULT = pa.schema([("index", pa.int64()), ("result", pa.binary())])
POLL_SECONDS = 0.3

Tell = Callable[[], tuple[int, int, str]]
"""How far work is that can tell it more finely than by tasks: what is done, of how much, and a note."""


class Sized(Protocol):
    """What a unit must tell: its name, and its size in bytes for progress."""

    @property
    def unit(self) -> str:
        """Name of the unit, unique in the run."""

    @property
    def size(self) -> int:
        """Size in bytes, as stored."""


U = TypeVar("U", bound=Sized)
R = TypeVar("R")


@dataclass(frozen=True)
class UnitResult:
    """What became of one unit: the parts written by table, its counts, and why it could not be read, if so."""

    unit: str
    parts: dict[str, FileEntry] = field(default_factory=dict)
    counts: list[Count] = field(default_factory=list)
    failure: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def run_units(
    spark: SparkSession,
    units: Sequence[U],
    work: Callable[[U], R],
    progress: Progress,
    partitions: int | None = None,
    tell: Tell | None = None,
    what: str = "work on",
) -> list[R]:
    """Call `work` on every unit through Spark, in so many tasks; results in the order of `units`.

    `what` says what that is ("read"), for Spark's list of jobs.

    Tasks may be tried again or run twice: `work` writes each part under a temporary name and renames it.
    """
    if not units:
        return []
    tasks = assign([u.size for u in units], partitions)
    named = describing(spark, f"{what} {len(units):,} units")
    with named, watched(spark, progress, sum(u.size for u in units), tell):
        rows = _frame(spark, len(tasks)).mapInArrow(_task(units, tasks, work), "index long, result binary")
        found = {row["index"]: pickle.loads(row["result"]) for row in rows.collect()}
    return [found[i] for i in range(len(units))]


def scan_units(
    spark: SparkSession,
    units: Sequence[U],
    read: Callable[[U], Iterator[pa.RecordBatch]],
    schema: str,
    partitions: int | None = None,
) -> DataFrame:
    """A DataFrame of what `read` yields for every unit; `schema` as Spark DDL."""

    tasks = assign([u.size for u in units], partitions)

    def scan(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for index in _indices(batches, tasks):
            yield from read(units[index])

    return _frame(spark, len(tasks)).mapInArrow(scan, schema)


def _frame(spark: SparkSession, tasks: int) -> DataFrame:
    """One row a task, its number."""
    return spark.range(0, tasks, 1, numPartitions=tasks)


def _indices(batches: Iterator[pa.RecordBatch], tasks: Sequence[Sequence[int]]) -> Iterator[int]:
    for batch in batches:
        for task in batch.column(0).to_pylist():
            yield from tasks[task]


def _task(
    units: Sequence[U], tasks: Sequence[Sequence[int]], work: Callable[[U], R]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for index in _indices(batches, tasks):
            began = time.monotonic()
            result = work(units[index])
            _say(units[index], result, time.monotonic() - began)
            yield pa.RecordBatch.from_arrays(
                [pa.array([index]), pa.array([pickle.dumps(result)], pa.binary())], schema=RESULT
            )
        _settle()

    return task


def _say(unit: Sized, result: object, seconds: float) -> None:
    """A structured line of a worker: its task, the unit, and its documents by stage and outcome."""
    if not logs.wanted():
        return
    from pyspark import TaskContext

    task = TaskContext.get()
    where = (
        {"stage": task.stageId(), "partition": task.partitionId(), "attempt": task.attemptNumber()}
        if task
        else {}
    )
    results = [r for r in (result if isinstance(result, list) else [result]) if isinstance(r, UnitResult)]
    counts: dict[str, Counter[str]] = {}
    for count in (c for r in results for c in r.counts):
        counts.setdefault(count.stage, Counter())[count.outcome] += count.documents
    failed = any(r.failure for r in results)
    logs.say("unit", unit=unit.unit, **where, seconds=round(seconds, 3), failed=failed, documents=counts)


@cache
def _settle() -> None:
    """Take what a worker's first task loaded out of garbage collection, once a process.

    Spark collects after every task: through all modules and kernels that is a twentieth of a second and more.
    """
    gc.collect()
    gc.freeze()


class watched:
    """Draws a Spark job's progress while the body runs: by its finished tasks, or as `tell` has it."""

    def __init__(self, spark: SparkSession, progress: Progress, size: int, tell: Tell | None = None) -> None:
        self._tracker = spark.sparkContext.statusTracker()
        self._progress, self._size, self._tell = progress, size, tell
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            if self._tell is not None:
                self._progress.at(*self._tell())
                continue
            stages = [self._tracker.getStageInfo(s) for s in self._tracker.getActiveStageIds()]
            infos = [s for s in stages if s is not None]
            if infos:
                done, tasks = sum(s.numCompletedTasks for s in infos), sum(s.numTasks for s in infos)
                self._progress.tasks(done, tasks, self._size)
