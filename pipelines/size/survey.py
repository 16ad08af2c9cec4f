"""What the input is: its files and stored bytes by source, and what a few of them come to when they are read.

The sample goes through the same code as ingest and filter, into a temporary folder: ratios and table sizes are
measured, not assumed. Files are taken at even distances through a source's list, of large ones the beginning.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.errors import DaybreakError
from daybreak.recipe import Recipe
from daybreak.storage import Store
from pipelines.extract.settings import extract_stage
from pipelines.fused.chain import build_chain
from pipelines.fused.tables import IngestTables
from pipelines.fused.watched import Warm
from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input
from pipelines.ingest.places import use
from pipelines.ingest.registry import READERS
from pipelines.ingest.sources import files_of, options_of
from pipelines.ingest.streams import open_file
from pipelines.observe.spark_metrics import flows
from pipelines.parts import read_part, row_bytes, write_part
from pipelines.steps.filter import FilterUnit, SignalsUnit, decider
from pipelines.steps.ingest import SELECTIONS

LEAST_FILES, FILES = 2, 8
"""Files of a source that are looked into however long that takes, and at most."""

HEAD_BYTES = 2 << 20
"""Stored bytes of a file that are read, at most; of Parquet, text bytes."""

RANGES = 50
"""Chosen pages of a file that are read, at most."""

PATIENCE = 4.0
"""A source that takes so many times its seconds (a record that hangs) is given up."""


@dataclass(frozen=True)
class Sample:
    """What was read of one source. file_bytes: of the files as a whole; stored_bytes: of what was read of them.

    ingest, filter: documents and bytes into and out of the step (`spark_metrics.flows`). tables: rows, bytes, and
    bytes of a file that hold no row, of both steps' tables. spread: of text a stored byte, lowest and highest of the
    files. why: the reason, where nothing could be read.
    """

    files: int = 0
    file_bytes: int = 0
    stored_bytes: int = 0
    cpu_seconds: float = 0.0
    ingest: Mapping[str, int] = field(default_factory=dict)
    filter: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    spread: tuple[float, float] = (0.0, 0.0)
    why: str = ""


@dataclass(frozen=True)
class SourceSurvey:
    """One source: its files, their stored bytes, units of work, how many sizes are guesses, and the sample."""

    files: int
    stored_bytes: int
    units: int
    unknown_sizes: int
    sample: Sample


def survey(recipe: Recipe, seconds: float) -> dict[str, SourceSurvey]:
    """Look into every source, for about so many seconds each; only searches of an index stay in the workspace."""
    use(recipe.remote)
    kept = Store.at(recipe.workspace).below(SELECTIONS)
    found = {name: files_of(name, source, kept) for name, source in sorted(recipe.sources.items())}
    chosen = {name: _chosen([i for i in items if not i.missing]) for name, items in found.items()}
    samples = _samples(recipe, chosen, seconds)
    return {name: surveyed(recipe, items, samples[name]) for name, items in found.items()}


def surveyed(recipe: Recipe, items: Sequence[Input], sample: Sample) -> SourceSurvey:
    """A source from the list of its files and its sample; files of unknown size count as the mean of the others."""
    sizes = [_size(item) for item in items if not item.missing]
    known = [size for size in sizes if size]
    mean = sum(known) / len(known) if known else sample.file_bytes / max(1, sample.files)
    units = sum(max(1, math.ceil((size or mean) / recipe.ingest.unit_bytes)) for size in sizes)
    unknown = len(sizes) - len(known)
    return SourceSurvey(len(items), sum(known) + int(mean * unknown), units, unknown, sample)


def _size(item: Input) -> int:
    return sum(length for _, length in item.ranges) if item.ranges else item.size


def _chosen(items: Sequence[Input]) -> list[Input]:
    """Some at even distances, in the middle of their share of the list."""
    number = min(FILES, len(items))
    return [items[(2 * n + 1) * len(items) // (2 * number)] for n in range(number)]


def _samples(recipe: Recipe, chosen: Mapping[str, Sequence[Input]], seconds: float) -> dict[str, Sample]:
    """Read in a child, which is ended where a source takes too long or brings it down; the next has a new one."""
    left, found = dict(chosen), dict[str, Sample]()
    context = get_context("spawn")
    while left:
        mine, its = context.Pipe(duplex=False)
        child = context.Process(
            target=_child, args=(recipe.model_dump_json(), left, seconds, its), daemon=True
        )
        child.start()
        its.close()
        for name in list(left):
            # the first answer waits for the child's imports, models and kernels as well
            sample = _answer(mine, PATIENCE * seconds + 120)
            found[name] = sample or Sample(why="reading took too long, or ended the process")
            del left[name]
            if sample is None:
                break
        child.kill()
        child.join()
    return found


def _answer(connection: Connection, seconds: float) -> Sample | None:
    try:
        return connection.recv() if connection.poll(seconds) else None
    except EOFError:
        return None


def _child(recipe: str, chosen: Mapping[str, Sequence[Input]], seconds: float, out: Connection) -> None:
    settings = Recipe.model_validate_json(recipe)
    use(settings.remote)
    for items in chosen.values():
        try:
            sample = measure(settings, items, seconds)
        except Exception as error:
            sample = Sample(why=f"{type(error).__name__}: {error}")
        out.send(sample)


def measure(recipe: Recipe, items: Sequence[Input], seconds: float) -> Sample:
    """Read files of one source one after the other, as long as there is time, and add up what they come to."""
    if not items:
        return Sample(why="no file can be had")
    Warm(recipe.model_dump_json())(items[0])
    began, done = time.monotonic(), list[_One]()
    for item in items:
        if len(done) >= LEAST_FILES and time.monotonic() - began > seconds:
            break
        with tempfile.TemporaryDirectory(prefix="daybreak-size-") as folder, suppress(DaybreakError):
            done.append(_one(recipe, item, Path(folder)))
    if not done:
        return Sample(why="none of the files looked into can be read")
    return _added(done)


@dataclass(frozen=True)
class _One:
    """One file's share of a sample."""

    size: int
    stored: int
    cpu: float
    ingest: Mapping[str, int]
    filter: Mapping[str, int]
    tables: Mapping[str, tuple[int, int, int]]


def _one(recipe: Recipe, item: Input, folder: Path) -> _One:
    head, size, stored = _head(item, folder)
    began = time.process_time()
    tables = IngestTables(Store.at(folder / "ingest"), head, build_chain(recipe, item.source))
    with tables:
        share = _read(recipe, head, tables)
        parts = tables.close()
    work = FilterUnit(Store.at(folder / "ingest"), Store.at(folder / "filter"), decider(recipe))
    cpu = time.process_time() - began
    decided = work(SignalsUnit(item.unit, 0, parts["signals"].path))
    sizes = {
        f"ingest.{table}": (entry.rows, entry.bytes, _overhead(folder / "ingest" / entry.path))
        for table, entry in parts.items()
    }
    path = decided.parts["decisions"].path
    entry = decided.parts["decisions"]
    sizes["filter.decisions"] = (entry.rows, entry.bytes, _overhead(folder / "filter" / path))
    ingest = flows(tables.ledger.counts(), {}).get(item.source, {})
    kept = flows(decided.counts, {}).get(item.source, {})
    return _One(size, max(1, int(stored * share)), cpu, ingest, kept, sizes)


def _head(item: Input, folder: Path) -> tuple[Input, int, int]:
    """The file, or a copy of its beginning where that can be read alone; its stored bytes, and those to be read."""
    if item.ranges:
        few = replace(item, ranges=item.ranges[:RANGES])
        return few, _size(item), _size(few)
    with open_file(item.path) as file:
        size = int(file.size())
        start = bytes(file.read(HEAD_BYTES)) if size > HEAD_BYTES else b""
    if not start or start[:4] in (b"PAR1", b"ARRO"):
        return item, size, size
    copy = folder / Path(item.file).name
    copy.write_bytes(start)
    return replace(item, path=str(copy), size=len(start)), size, len(start)


def _read(recipe: Recipe, item: Input, tables: IngestTables) -> float:
    """Read a file into tables; the share of it that was read, where it is Parquet and long."""
    source = recipe.sources[item.source]
    extract, chain = extract_stage(recipe), build_chain(recipe, item.source)
    rows = size = 0
    batches = READERS[source.format](
        item.path, batch_bytes=recipe.ingest.batch_bytes, options=options_of(source, item)
    )
    for raw in batches:
        raw = raw.append_column("doc_id", doc_id(item.source, item.file, raw))
        rows, size = rows + raw.num_rows, size + raw.nbytes
        live = tables.divert("ingest", raw)
        live = tables.divert("extract", extract.safely(live).append_column("doc_id", live.column("doc_id")))
        tables.keep(chain, live)
        if size > 4 * HEAD_BYTES and (total := _rows(item)):
            return min(1.0, rows / total)
    return 1.0


def _rows(item: Input) -> int:
    """Rows of a Parquet file; 0 of any other."""
    with open_file(item.path) as file:
        if bytes(file.read(4)) != b"PAR1":
            return 0
        file.seek(0)
        return int(pq.ParquetFile(file).metadata.num_rows)


def _overhead(path: Path) -> int:
    """Bytes of a part of the same columns that holds one row, a short one, or none where this one does."""
    store = Store.at(path.parent)
    schema = pq.read_schema(path)
    one = write_part(store, "one.parquet", schema, _shortest(store, path.name))
    return int(one.bytes)


def _shortest(store: Store, name: str) -> Iterator[pa.RecordBatch]:
    for batch in read_part(store, name):
        yield batch.slice(int(np.argmin(row_bytes(batch))), 1)
        return


def _added(done: Sequence[_One]) -> Sample:
    def summed(flows: Iterator[Mapping[str, int]]) -> dict[str, int]:
        ledger: dict[str, int] = {}
        for flow in flows:
            for key, value in flow.items():
                ledger[key] = ledger.get(key, 0) + value
        return ledger

    tables: dict[str, tuple[int, int, int]] = {}
    for one in done:
        for name, (rows, size, overhead) in one.tables.items():
            before = tables.get(name, (0, 0, 0))
            tables[name] = (before[0] + rows, before[1] + size, before[2] + overhead)
    ratios = [one.ingest.get("out_bytes", 0) / one.stored for one in done]
    return Sample(
        len(done),
        sum(one.size for one in done),
        sum(one.stored for one in done),
        sum(one.cpu for one in done),
        summed(one.ingest for one in done),
        summed(one.filter for one in done),
        tables,
        (min(ratios), max(ratios)),
    )
