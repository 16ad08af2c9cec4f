"""Reading and extraction side by side on one WARC, and reading alone of JSON Lines and Parquet.

`python -m benchmarks.ingest_race [WARC]` after `make peers`; by default the bench crawl, or the sample's where that is
absent. FastWARC and resiliparse alone in a loop are the limit: they check nothing and keep nothing. Everything is
CPU time, the best of several rounds by turns; of a Spark run all processes count, from behind its start, over several
copies of the file. A record is an HTML page, its bytes are those of its HTML as decoded.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pyarrow import fs
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from rich.console import Console
from rich.table import Table
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from benchmarks.corpus import bench_rows, shared_data
from benchmarks.pipeline import CORES, cpu_seconds
from benchmarks.rules_race import PEERS, ROOT
from daybreak.progress import Progress
from daybreak.recipe import Recipe, load_recipe
from pipelines.extract.html import Extract
from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input
from pipelines.ingest.registry import READERS
from pipelines.runner import Runner
from pipelines.spark.narrow import UnitResult, run_units
from pipelines.steps.ingest import IngestUnit, inputs

ROUNDS = 3
COPIES = 8
RECIPE = """
name: bench
workspace: {folder}/ws
sources:
  bench: {{format: commoncrawl_warc, paths: ["{folder}/{which}*.warc.gz"]}}
spark: {{master: "local[{cores}]", driver_memory: 2g}}
"""


@dataclass(frozen=True)
class Cost:
    """Records, bytes of content, CPU seconds, and what to know of them."""

    records: int
    bytes: int
    seconds: float
    remark: str = ""


def bodies_fastwarc(path: Path) -> Iterator[bytes]:
    """Bodies of responses by FastWARC."""
    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
            yield record.reader.read()


def bodies_warcio(path: Path) -> Iterator[bytes]:
    """Bodies of responses by warcio."""
    with path.open("rb") as file:
        for record in WarcioIterator(file):
            if record.rec_type == "response":
                yield record.content_stream().read()


def loop(bodies: Callable[[Path], Iterator[bytes]], extract: bool) -> Callable[[Path], tuple[int, int]]:
    """A bare loop over bodies: records and bytes. extract: with resiliparse's main content of each."""

    def run(path: Path) -> tuple[int, int]:
        records = size = 0
        for body in bodies(path):
            records, size = records + 1, size + len(body)
            if extract:
                extract_plain_text(bytes_to_str(body, detect_encoding(body)), main_content=True)
        return records, size

    return run


def ours(layout: str, extract: bool = False) -> Callable[[Path], tuple[int, int]]:
    """Our reader of a layout, in this process. extract: with Extract behind it."""
    stage = Extract()

    def run(path: Path) -> tuple[int, int]:
        records = size = 0
        for raw in READERS[layout](str(path), fs.LocalFileSystem(), options={}):
            good = pc.and_(raw["drop"].is_null(), raw["error"].is_null())
            records += pc.sum(good).as_py()
            size += pc.sum(raw["n_raw"].filter(good)).as_py() or 0
            if extract:
                stage(raw)
        return records, size

    return run


def arrow_json(path: Path) -> tuple[int, int]:
    """pyarrow's own reading of JSON Lines, in one thread as a Spark task has it."""
    return _text_size(pj.read_json(path, pj.ReadOptions(use_threads=False, block_size=4 << 20)))


def arrow_parquet(path: Path) -> tuple[int, int]:
    """pyarrow's own reading of Parquet, in one thread."""
    return _text_size(pq.read_table(path, use_threads=False))


def _text_size(table: pa.Table) -> tuple[int, int]:
    return len(table), pc.sum(pc.binary_length(table["text"])).as_py()


def race(path: Path, contestants: dict[str, Callable[[Path], tuple[int, int]]]) -> dict[str, Cost]:
    """CPU seconds of each over `path`, by turns, the best of all rounds; what compiles does so before."""
    best: dict[str, Cost] = {}
    for attempt in range(ROUNDS + 1):
        for name, run in contestants.items():
            began = time.process_time()
            records, size = run(path)
            cost = Cost(records, size, time.process_time() - began)
            if attempt and (name not in best or cost.seconds < best[name].seconds):
                best[name] = cost
    return best


@dataclass(frozen=True)
class ReadUnit:
    """A task that reads and extracts one file, names its records, and writes nothing."""

    recipe: Recipe

    def __call__(self, item: Input) -> UnitResult:
        """Nothing but that it was done."""
        read, extract = READERS["commoncrawl_warc"], Extract()
        for raw in read(item.path, fs.LocalFileSystem(), options={}):
            doc_id(item.source, item.file, raw)
            extract(raw)
        return UnitResult(item.unit)


def through_spark(path: Path, folder: Path, one: Cost) -> dict[str, Cost]:
    """Two passes over copies of the file: reading and extraction alone, and the ingest step's whole unit."""
    for which, copies in (("warm", CORES), ("shard", COPIES)):
        for copy in range(copies):
            shutil.copyfile(path, folder / f"{which}-{copy}.warc.gz")
    found = {}
    for which in ("warm", "shard"):
        (folder / f"{which}.yaml").write_text(RECIPE.format(folder=folder, which=which, cores=CORES))
        run = Runner(load_recipe(folder / f"{which}.yaml"))
        store = run.workspace.store.below(f"bench-{which}")
        works = {"ours through Spark": ReadUnit(run.recipe), "  all of ingest": IngestUnit(store, run.recipe)}
        for name, work in works.items():
            before = cpu_seconds()
            run_units(run.session(), inputs(run.recipe), work, Progress())
            used = {kind: seconds - before[kind] for kind, seconds in cpu_seconds().items()}
            remark = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in used.items())
            found[name] = Cost(one.records * COPIES, one.bytes * COPIES, sum(used.values()), remark)
    return found


def datatrove(path: Path, one: Cost) -> Cost | None:
    """WarcReader and Trafilatura as they come; None where datatrove is not installed."""
    python, script = PEERS / "datatrove/bin/python", ROOT / "benchmarks/peers/run_datatrove_warc.py"
    if not python.exists():
        return None
    done = subprocess.run([python, script, path], check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return Cost(one.records, one.bytes, told["cpu_seconds"], f"{told['pages']} pages with text")


def table_of(title: str, limit: str, costs: dict[str, Cost]) -> Table:
    """One row a contestant; `of the limit` is its records per CPU second over those of `limit`."""
    table = Table(title, "records", "CPU s", "records / CPU s", "MB / CPU s", "of the limit", "")
    rates = {name: cost.records / cost.seconds for name, cost in costs.items()}
    for name, cost in costs.items():
        share = f"{rates[name] / rates[limit]:.1%}"
        speed = f"{cost.bytes / cost.seconds / 1e6:,.1f}"
        table.add_row(
            name, f"{cost.records:,}", f"{cost.seconds:.2f}", f"{rates[name]:,.0f}", speed, share, cost.remark
        )
    return table


def race_warc(path: Path, folder: Path) -> Table:
    """All contestants over one WARC."""
    limit = "FastWARC + resiliparse, bare loop"
    costs = race(
        path,
        {
            limit: loop(bodies_fastwarc, extract=True),
            "ours, one process": ours("commoncrawl_warc", extract=True),
            "warcio + resiliparse": loop(bodies_warcio, extract=True),
            "reading alone: FastWARC": loop(bodies_fastwarc, extract=False),
            "reading alone: ours": ours("commoncrawl_warc"),
            "reading alone: warcio": loop(bodies_warcio, extract=False),
        },
    )
    costs |= through_spark(path, folder, costs[limit])
    peer = datatrove(path, costs[limit])
    return table_of(path.name, limit, costs | ({"datatrove + Trafilatura": peer} if peer else {}))


def race_texts(folder: Path) -> Iterator[Table]:
    """Reading of the bench corpus as JSON Lines and Parquet."""
    rows = bench_rows()
    lines, parquet = folder / "texts.jsonl.gz", folder / "texts.parquet"
    with gzip.open(lines, "wt", compresslevel=6, encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    pq.write_table(pa.Table.from_pylist(rows), parquet, row_group_size=2000)
    for path, layout, theirs in ((lines, "jsonl", arrow_json), (parquet, "parquet", arrow_parquet)):
        yield table_of(path.name, "pyarrow", race(path, {"pyarrow": theirs, "ours": ours(layout)}))


def warc_file(folder: Path) -> Path:
    """The WARC to race on: the one that is named, the bench crawl, else the sample's."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    known = sorted((shared_data() / "bench").glob("*.warc.gz"))
    if known:
        return known[0]
    command = [sys.executable, "-m", "daybreak", "sample", str(folder / "sample")]
    subprocess.run(command, check=True, capture_output=True)
    return max((folder / "sample").rglob("*.warc.gz"), key=lambda file: file.stat().st_size)


def main() -> None:
    """Print the tables."""
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        console.print(race_warc(warc_file(folder), folder))
        if (shared_data() / "bench").is_dir():
            console.print(*race_texts(folder))


if __name__ == "__main__":
    main()
