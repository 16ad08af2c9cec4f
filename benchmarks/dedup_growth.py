"""How dedup grows: 1, 4, 16 and 64 times as many documents, made up with the bigrams of real texts.

`python -m benchmarks.dedup_growth [--base N] [--sizes 1 4 16 64] [--adversarial N] [--chain N] [--most N]
[--out FOLDER]` prints, by size, the time of the step, shuffled bytes and CPU a document, the largest Python worker
and what the driver grew by; the exponents of CPU and clock time against documents; and writes growth.json and
growth.svg.
`--adversarial` adds N near-identical pages, `--chain` a chain of N documents of which only neighbours resemble
each other. `--most` is the recipe's dedup.max_driver_documents: 0 has all of it done in Spark.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow.dataset as ds
import vl_convert
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import bench_rows, text_bytes
from benchmarks.dedup_ours import cpu_seconds, removed, write_workspace
from benchmarks.dedup_texts import Chain, identical, long_chain, planted
from pipelines.runner import Runner

BANDS, ROWS, THRESHOLD = 14, 8, 0.75
SAMPLED = 0.2
FITTED = 1500
"""Texts that the chain is fitted on, at most."""


@dataclass(frozen=True)
class Grown:
    """One run of the step dedup. seconds by the clock; worker: most resident bytes of one Python worker; driver: by how
    many those of this process grew.

    least: smallest similarity of a removed document to the one it matched; largest: documents of the largest cluster.
    """

    name: str
    documents: int
    bytes: int
    seconds: float
    cpu: float
    shuffled: int
    worker: int
    driver: int
    removed: int
    least: float | None
    largest: int


class Watch:
    """Looks at this process and its Python workers until it is told to stop."""

    def __init__(self) -> None:
        self.worker = self.driver = 0
        self._before = psutil.Process().memory_info().rss
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(SAMPLED):
            self.driver = max(self.driver, psutil.Process().memory_info().rss - self._before)
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if "python" in process.name():
                        self.worker = max(self.worker, process.memory_info().rss)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def grown(name: str, texts: Sequence[str], logs: Path, most: int) -> Grown:
    """Run dedup alone over the texts and measure it; ingest before it is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        runner = write_workspace(Path(folder), texts, BANDS, ROWS, THRESHOLD, most=most)
        _logged(runner, logs)
        list(runner.run(["ingest", "filter"]))
        began, used, at = time.monotonic(), cpu_seconds(), time.time()
        with Watch() as watch:
            list(runner.run(["dedup"]))
        spent, used = time.monotonic() - began, cpu_seconds() - used
        files = [str(file) for file in Path(folder).glob("ws/dedup/*/clusters/*.parquet")]
        clusters = ds.dataset(files).to_table(columns=["similarity", "size", "matched"]) if files else None
        similarities = clusters["similarity"].drop_null().to_numpy() if clusters else np.empty(0)
        run = Grown(
            name, len(texts), text_bytes(list(texts)), spent, used, shuffled_since(logs, at), watch.worker,
            watch.driver,
            len(removed(Path(folder))), float(similarities.min()) if len(similarities) else None,
            int(clusters["size"].to_numpy().max()) if clusters else 0,
        )  # fmt: skip
        print(json.dumps(asdict(run)), file=sys.stderr)
        return run


def _logged(runner: Runner, logs: Path) -> None:
    """Have Spark keep its events: a finished session tells nothing more."""
    conf = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": logs.as_uri(),
        "spark.eventLog.compress": "false",
    }
    runner.recipe.spark.conf.update(conf)


def shuffled_since(logs: Path, at: float) -> int:
    """Bytes that tasks launched since `at` (seconds since 1970) wrote into shuffles."""
    return sum(
        event["Task Metrics"]["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        for event in _events(logs)
        if event["Task Info"]["Launch Time"] >= at * 1000 and event.get("Task Metrics")
    )


def _events(logs: Path) -> Iterator[dict]:
    for file in sorted(path for path in logs.rglob("*") if path.is_file()):
        for line in file.read_text(encoding="utf-8").splitlines():
            if '"SparkListenerTaskEnd"' in line[:60]:
                with contextlib.suppress(json.JSONDecodeError):  # a line that is being written
                    yield json.loads(line)


def exponent(runs: Sequence[Grown], of: str) -> float:
    """Slope of the logarithm of a figure against that of documents."""
    points = np.log([[run.documents, getattr(run, of)] for run in runs])
    return float(np.polyfit(points[:, 0], points[:, 1], 1)[0])


def chart(runs: Sequence[Grown], slope: float) -> str:
    """Time against documents, both logarithmic, as SVG; the dashed line grows as documents do."""
    rows = [asdict(run) for run in runs]
    first = rows[0]
    straight = [{"documents": r["documents"], "seconds": first["seconds"] * r["documents"] / first["documents"]}
                for r in (first, rows[-1])]  # fmt: skip
    x = {
        "field": "documents",
        "type": "quantitative",
        "scale": {"type": "log"},
        "axis": {"title": "documents", "format": "~s"},
    }
    y = {"field": "seconds", "type": "quantitative", "scale": {"type": "log"}, "axis": {"title": "seconds"}}
    shared = {"encoding": {"x": x, "y": y}}
    layers = [
        {
            "data": {"values": straight},
            "mark": {"type": "line", "color": "#8a94a0", "strokeDash": [4, 3]},
            **shared,
        },
        {"data": {"values": rows}, "mark": {"type": "line", "color": "#1f5fbf", "point": True}, **shared},
    ]
    spec = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": 420, "height": 260,
            "title": f"Dedup by documents: exponent {slope:.2f}", "layer": layers}  # fmt: skip
    return str(vl_convert.vegalite_to_svg(spec, vl_version="6.4"))


def main() -> None:
    """Print the table, write figures and chart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=int, default=2000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1, 4, 16, 64])
    parser.add_argument("--adversarial", type=int, default=0)
    parser.add_argument("--chain", type=int, default=0)
    parser.add_argument("--most", type=int, default=200_000)
    parser.add_argument("--out", type=Path, default=Path("work/bench"))
    asked = parser.parse_args()
    chain = Chain.fitted([row["text"] for row in bench_rows()[::3]][:FITTED])
    with tempfile.TemporaryDirectory() as name:
        logs = Path(name)
        grown("warm", planted(chain, 200, 0), logs, asked.most)
        runs = [
            grown(f"{size}x", planted(chain, size * asked.base, size), logs, asked.most)
            for size in asked.sizes
        ]
        nasty = (
            [(f"{asked.adversarial:,} near-identical", identical(chain, asked.adversarial, 1))]
            if asked.adversarial
            else []
        )
        nasty += [(f"chain of {asked.chain:,}", long_chain(chain, asked.chain, 1))] if asked.chain else []
        extra = [grown(label, texts, logs, asked.most) for label, texts in nasty]
    _show(runs, extra, asked.out)


def _show(runs: Sequence[Grown], extra: Sequence[Grown], out: Path) -> None:
    table = Table("set", "documents", "MB", "s", "CPU ms a document", "shuffled a document", "largest worker",
                  "driver grew", "removed", "least similar", "largest cluster")  # fmt: skip
    for run in [*runs, *extra]:
        table.add_row(
            run.name, f"{run.documents:,}", f"{run.bytes / 1e6:.1f}", f"{run.seconds:.1f}",
            f"{1000 * run.cpu / run.documents:.2f}", f"{run.shuffled / run.documents:,.0f} B",
            f"{run.worker / 1e6:.0f} MB", f"{run.driver / 1e6:.0f} MB",
            f"{run.removed:,}", "" if run.least is None else f"{run.least:.3f}",
            f"{run.largest:,}",
        )  # fmt: skip
    Console(width=150).print(table)
    out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {"runs": [asdict(run) for run in [*runs, *extra]]}
    if len(runs) > 1:
        slope = exponent(runs, "seconds")
        print(f"time grows as documents to the power {slope:.2f}, CPU time to {exponent(runs, 'cpu'):.2f}")
        figures |= {"exponent": slope, "cpu_exponent": exponent(runs, "cpu")}
        (out / "growth.svg").write_text(chart(runs, slope), encoding="utf-8")
    (out / "growth.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
