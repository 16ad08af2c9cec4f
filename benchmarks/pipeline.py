"""Ingest and filter through Spark: MB of text a second and core, everything on, and where the time goes.

`python -m benchmarks.pipeline [COPIES]`. The bench corpus is written several times over as Parquet shards; one small
run warms the workers (imports, kernels), then the whole is timed twice: with all tables written, and with the same
stages and nothing written, each stage timed in the workers. Spark's start is not counted.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import bench_rows, text_bytes
from daybreak.progress import Progress
from daybreak.recipe import Recipe, load_recipe
from daybreak.schema import DOCUMENTS
from pipelines.extract.html import Extract
from pipelines.fused.chain import build_chain
from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input
from pipelines.ingest.registry import READERS
from pipelines.runner import Runner
from pipelines.spark.narrow import UnitResult, run_units
from pipelines.steps.filter import decider
from pipelines.steps.ingest import inputs

CORES = 2
SHARDS = 8
KINDS = ("driver", "JVM", "workers")
RECIPE = """
name: bench
workspace: {folder}/ws
sources:
  bench: {{format: parquet, paths: ["{folder}/shards/{which}*.parquet"]}}
spark: {{master: "local[{cores}]", driver_memory: 2g}}
language: {{min_score: 0.5}}
"""


def write_shards(folder: Path, rows: list[dict[str, str]], copies: int) -> None:
    """`SHARDS` shards of all texts, `copies` times over, and a small one to warm up with."""
    folder.mkdir()
    texts = [row["text"] for row in rows] * copies
    for shard in range(SHARDS):
        part = texts[shard::SHARDS]
        pq.write_table(pa.table({"text": part}), folder / f"shard-{shard}.parquet", row_group_size=2000)
    for shard in range(CORES):
        pq.write_table(pa.table({"text": texts[:200]}), folder / f"warm-{shard}.parquet")


def runner(folder: Path, which: str) -> Runner:
    """A runner over the shards whose names begin with `which`."""
    file = folder / f"{which}.yaml"
    file.write_text(RECIPE.format(folder=folder, which=which, cores=CORES))
    return Runner(load_recipe(file))


@dataclass(frozen=True)
class BareUnit:
    """The work on one file without its tables: read, extract, all stages of the chain, decide; CPU seconds of each."""

    recipe: Recipe

    def __call__(self, item: Input) -> UnitResult:
        """`facts` holds the seconds by name."""
        spent: dict[str, float] = {}
        source = self.recipe.sources[item.source]
        chain, decide, extract = build_chain(self.recipe, item.source), decider(self.recipe), Extract()
        size, files = self.recipe.ingest.batch_bytes, fs.LocalFileSystem()
        read = READERS[source.format](item.path, files, batch_bytes=size, options=source.options)
        while (raw := timed(spent, "read", next, read, None)) is not None:
            ids = timed(spent, "doc_id", doc_id, item.source, item.file, raw)
            batch = as_documents(timed(spent, "extract", extract, raw), ids, item)
            for stage in chain.stages:
                batch = timed(spent, getattr(stage, "name", type(stage).__name__), stage, batch)
            timed(spent, "filter", decide, batch)
        return UnitResult(item.unit, facts=spent)


def timed(spent: dict[str, float], name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """`work(*arguments)`, its CPU seconds added to `spent`."""
    began = time.process_time()
    result = work(*arguments)
    spent[name] = spent.get(name, 0.0) + time.process_time() - began
    return result


def as_documents(raw: pa.RecordBatch, ids: pa.Array, item: Input) -> pa.RecordBatch:
    """RAW batch -> DOCUMENTS batch; every row of the bench corpus is readable."""
    known = {name: raw.column(name) for name in raw.schema.names}
    known |= {name: pa.repeat(getattr(item, name), len(raw)) for name in ("source", "file")}
    return pa.RecordBatch.from_arrays(
        [(known | {"doc_id": ids})[f.name] for f in DOCUMENTS], schema=DOCUMENTS
    )


def cpu_seconds() -> dict[str, float]:
    """CPU time by kind of process: this one, its JVM, and Spark's Python workers (with children they waited for)."""
    total = dict.fromkeys(KINDS, 0.0)
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            own = process.pid == psutil.Process().pid
            kind = "driver" if own else "JVM" if process.name() == "java" else "workers"
            total[kind] += sum(process.cpu_times()[: 4 if kind == "workers" else 2])
    return total


@contextlib.contextmanager
def measured(table: Table, name: str, size: float) -> Iterator[None]:
    """Add a row to `table`: seconds, MB/s a core, MB a CPU second, CPU seconds by kind."""
    began, before = time.monotonic(), cpu_seconds()
    yield
    spent, after = time.monotonic() - began, cpu_seconds()
    used = {kind: after[kind] - before[kind] for kind in KINDS}
    rates = (spent, size / spent / CORES, size / sum(used.values()))
    table.add_row(name, *(f"{value:.1f}" for value in (*rates, *used.values())))


def main() -> None:
    """Print both tables."""
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    rows = bench_rows()
    size = copies * text_bytes([row["text"] for row in rows]) / 1e6
    title = f"{size:.0f} MB of text, local[{CORES}]; CPU seconds by kind of process"
    table = Table("", "s", "MB/s a core", "MB a CPU s", *KINDS, title=title)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shards(folder / "shards", rows, copies)
        list(runner(folder, "warm").run(["ingest", "filter"]))
        whole = runner(folder, "shard")
        with measured(table, "everything written", size):
            for step in ("ingest", "filter"):
                with measured(table, f"  {step}", size):
                    list(whole.run([step]))
        with measured(table, "nothing written", size):
            units, work = inputs(whole.recipe), BareUnit(whole.recipe)
            results = run_units(whole.session(), units, work, Progress())
    Console().print(table)
    spent = {stage: sum(result.facts[stage] for result in results) for stage in results[0].facts}
    stages = Table("stage", "ns a byte", "MB/s", title="in the workers, nothing written")
    for stage, seconds in {**spent, "all": sum(spent.values())}.items():
        stages.add_row(stage, f"{seconds / size * 1e3:.2f}", f"{size / max(seconds, 1e-9):,.0f}")
    Console().print(stages)


if __name__ == "__main__":
    main()
