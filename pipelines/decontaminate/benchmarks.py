"""Reading evaluation sets: files of a path, their rows, their items."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from daybreak.errors import DaybreakError, InputError, RecipeError
from daybreak.recipe import Recipe
from daybreak.recipe.decontamination import Benchmark
from pipelines.decontaminate.layouts import LAYOUTS, Item, Layout, Row, of_fields
from pipelines.ingest.inputs import Input, expand

SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".csv", ".tsv")
PACKED = (".gz", ".zst", ".bz2")
SPLITS = frozenset({"train", "test", "validation", "valid", "val", "dev"})
BARE_MMLU = ("question", "A", "B", "C", "D", "answer")

PARTS = pa.schema(
    [
        ("benchmark", pa.string()),
        ("item", pa.int32()),
        ("id", pa.string()),
        ("part", pa.string()),
        ("text", pa.string()),
    ]
)
"""One row a part: `item` numbers items over all benchmarks, `id` is the publisher's, `part` 'text' or 'answer'."""


def read_parts(recipe: Recipe) -> pa.Table:
    """The parts of all items, with schema PARTS, ordered by benchmark, file and row.

    A row of the plain layout that names its `benchmark` counts under that name. Raises InputError with
    file and row where a row does not fit its layout.
    """
    assert recipe.decontaminate is not None
    rows: list[tuple[str, int, str, str, str]] = []
    for name, benchmark in sorted(recipe.decontaminate.benchmarks.items()):
        before = len(rows)
        for called, item in _items(name, benchmark):
            number = rows[-1][1] + 1 if rows else 0
            texts = {"text": item.text, "answer": item.answer}
            rows += [(called, number, item.id or "", part, text) for part, text in texts.items() if text]
        if len(rows) == before:
            raise InputError(f"decontaminate.benchmarks.{name}: no item of the splits {benchmark.splits}")
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, PARTS, strict=True)], schema=PARTS)


def check_benchmarks(recipe: Recipe) -> None:
    """Look at the first row of each file. Raises RecipeError that names the benchmark and what does not fit."""
    assert recipe.decontaminate is not None
    for name, benchmark in sorted(recipe.decontaminate.benchmarks.items()):
        try:
            for file in benchmark_files(name, benchmark):
                row = next(_rows(file), None)
                if row is not None:
                    _layout(benchmark, row, file)
        except (DaybreakError, OSError) as error:
            raise RecipeError(f"benchmarks.{name}: {error}") from error


def benchmark_files(name: str, benchmark: Benchmark) -> list[Input]:
    """The files of a benchmark that can be read, less those of other splits. Raises InputError for none."""
    found = expand(name, [benchmark.path])
    readable = [f for f in found if _bare(f.file).endswith(SUFFIXES)]
    if not readable:
        raise InputError(f"'{benchmark.path}' holds no file of {', '.join(SUFFIXES)}")
    taken = [f for f in readable if not _other_split(f.file, benchmark.splits)]
    if not taken:
        raise InputError(f"'{benchmark.path}' holds no file of the splits {', '.join(benchmark.splits)}")
    return taken


def content_hashes(recipe: Recipe) -> dict[str, str]:
    """SHA-256 of every benchmark file, by benchmark and relative name."""
    assert recipe.decontaminate is not None
    named = sorted(recipe.decontaminate.benchmarks.items())
    files = {f"{name}/{f.file}": f for name, benchmark in named for f in benchmark_files(name, benchmark)}
    return {key: hashlib.sha256(_bytes(file, None)).hexdigest() for key, file in files.items()}


def _items(name: str, benchmark: Benchmark) -> Iterator[tuple[str, Item]]:
    for file in benchmark_files(name, benchmark):
        layout: Layout | None = None
        for number, row in enumerate(_rows(file)):
            layout = layout or _layout(benchmark, row, file)
            if str(row.get("split") or benchmark.splits[0]) not in benchmark.splits:
                continue
            yield str(row.get("benchmark") or name), _item(layout, row, file, number)


def _item(layout: Layout, row: Row, file: Input, number: int) -> Item:
    try:
        item = layout.read(row)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{file.path}, row {number}: {type(error).__name__} {error}") from error
    return Item(item.id or f"{file.file}:{number}", item.text, item.answer)


def _layout(benchmark: Benchmark, row: Row, file: Input) -> Layout:
    if benchmark.fields:
        wanted, layout = "fields", of_fields(benchmark.fields)
    elif benchmark.format:
        wanted, layout = f"format {benchmark.format}", LAYOUTS[benchmark.format]
    else:
        wanted = "any known format"
        layout = next(
            (known for known in LAYOUTS.values() if known.fits(row)), Layout((("text",),), _no_item)
        )
    if not layout.fits(row):
        raise InputError(f"{file.path} does not fit {wanted}: its keys are {', '.join(row)}")
    return layout


def _no_item(row: Row) -> Item:
    raise KeyError("text")


def _bare(name: str) -> str:
    """A file's name in lower case without the ending of its compression."""
    lower = name.lower()
    return next((lower.removesuffix(p) for p in PACKED if lower.endswith(p)), lower)


def _other_split(name: str, splits: Sequence[str]) -> bool:
    words = SPLITS & set(re.split(r"[^a-z]+", _bare(name)))
    return bool(words) and not words & set(splits)


def _bytes(file: Input, compression: str | None) -> bytes:
    local = "://" not in file.path
    system, path = (fs.LocalFileSystem(), file.path) if local else fs.FileSystem.from_uri(file.path)
    with system.open_input_stream(path, compression=compression) as stream:
        return stream.read()


def _rows(file: Input) -> Iterator[Row]:
    """All rows. Raises InputError where the file cannot be read."""
    try:
        yield from _read(file)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{file.path} cannot be read: {error}") from error


def _read(file: Input) -> Iterator[Row]:
    data, bare = _bytes(file, "detect"), _bare(file.file)
    if bare.endswith(".parquet"):
        for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches():
            yield from batch.to_pylist()
    elif bare.endswith((".csv", ".tsv")):
        yield from _separated(data.decode("utf-8-sig"), "\t" if bare.endswith(".tsv") else ",")
    else:
        yield from _json(data, file)


def _separated(text: str, delimiter: str) -> Iterator[Row]:
    """Rows under their header; the original MMLU files have none."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = next(rows, [])
    if len(header) == len(BARE_MMLU) and header[-1] in ("A", "B", "C", "D"):
        yield dict(zip(BARE_MMLU, header, strict=True))
        header = list(BARE_MMLU)
    for row in rows:
        yield dict(zip(header, row, strict=False))


def _json(data: bytes, file: Input) -> Iterator[Row]:
    """Objects a line each, or one array of objects."""
    if data.lstrip()[:1] == b"[":
        yield from (_object(row, file, n) for n, row in enumerate(orjson.loads(data)))
        return
    for number, line in enumerate(data.splitlines()):
        if line.strip():
            yield _object(_parsed(line, file, number), file, number)


def _parsed(line: bytes, file: Input, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file.path}, line {number + 1}: not JSON ({error})") from None


def _object(row: Any, file: Input, number: int) -> Row:
    if not isinstance(row, Mapping):
        raise InputError(f"{file.path}, row {number}: an object was expected, not {type(row).__name__}")
    return row
