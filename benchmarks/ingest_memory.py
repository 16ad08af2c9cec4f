"""Peak memory of an ingest worker on a file and on one ten times as large: a flat line.

`python -m benchmarks.ingest_memory [MB]`. Each file is read by a process of its own, as a task works through it:
unit by unit, all stages, tables written. MB of text in the smaller file, 32 by default. The peak is of resident memory.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from rich.console import Console
from rich.table import Table
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.corpus import bench_rows
from daybreak.recipe import Recipe
from daybreak.storage import Store
from pipelines.fused.units import Cut, Work, jobs, large
from pipelines.spark.finished import Finished
from pipelines.steps.ingest import IngestUnit, inputs

FACTOR = 10
UNIT_BYTES = 8 << 20
ROWS = 2000


def texts(size: int) -> Iterator[str]:
    """Real texts of about `size` bytes in all, from the beginning again where they end."""
    for row in cycle(bench_rows()):
        yield row["text"]
        size -= len(row["text"].encode())
        if size <= 0:
            return


def write_lines(path: Path, size: int) -> None:
    """One Zstandard frame of JSON Lines."""
    with open(path, "wb") as file, zstandard.ZstdCompressor(3).stream_writer(file) as out:
        for text in texts(size):
            out.write(json.dumps({"text": text}).encode() + b"\n")


def write_archive(path: Path, size: int) -> None:
    """A WARC file of HTML pages, a gzip member a record."""
    with open(path, "wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number, text in enumerate(texts(size)):
            body = f"<html><body><p>{text}</p></body></html>".encode()
            http = StatusAndHeaders(
                "200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
            )
            address = f"http://example.org/{number}"
            writer.write_record(
                writer.create_warc_record(address, "response", pa.BufferReader(body), http_headers=http)
            )


def write_rows(path: Path, size: int) -> None:
    """A Parquet file with row groups of ROWS texts."""
    held: list[str] = []
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())])) as writer:
        for text in texts(size):
            held.append(text)
            if len(held) == ROWS:
                writer.write_table(pa.table({"text": held}))
                held = []
        writer.write_table(pa.table({"text": pa.array(held, pa.string())}))


WRITERS: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "JSONL.zst": ("jsonl", write_lines),
    "WARC.gz": ("commoncrawl_warc", write_archive),
    "Parquet": ("parquet", write_rows),
}


def ingest(layout: str, path: Path, out: Path, divided: bool) -> tuple[int, int, float]:
    """Read a file as a worker does: units, peak resident bytes of this process, CPU seconds."""
    unit_bytes = UNIT_BYTES if divided else 1 << 50
    source = {"format": layout, "paths": [str(path)]}
    recipe = Recipe.model_validate(
        {"name": "m", "workspace": "w", "sources": {"s": source}, "ingest": {"unit_bytes": unit_bytes}}
    )
    began, items = time.process_time(), inputs(recipe)
    spans = {item.unit: Cut(recipe)(item) for item in large(recipe, items)}
    work = Work(IngestUnit(Store.at(out), recipe), Finished(Store.at(out)))
    units = sum(len(work(job)) for job in jobs(items, spans, {}, 1))
    return units, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10, time.process_time() - began


def main() -> None:
    """Print the table."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 32) * 10**6
    table = Table(
        "file", "MB of text", "MB stored", "units", "peak MB", "CPU s", title="peak memory of a worker"
    )
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        for kind, (layout, write) in WRITERS.items():
            for times, divided in ((1, True), (FACTOR, True), (FACTOR, False)):
                path = Path(name) / f"{kind}-{times}"
                if not path.exists():
                    write(path, times * size)
                out = Path(name) / f"out-{kind}-{times}-{divided}"
                with context.Pool(1) as pool:
                    units, peak, seconds = pool.apply(ingest, (layout, path, out, divided))
                numbers = (times * size / 1e6, path.stat().st_size / 1e6, units, peak / 1e6, seconds)
                table.add_row(kind if divided else f"{kind}, uncut", *(f"{value:.0f}" for value in numbers))
    Console().print(table)


if __name__ == "__main__":
    main()
