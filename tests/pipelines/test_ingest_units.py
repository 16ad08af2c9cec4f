"""Units of large files: their tables are those of the file read whole, however tasks share them or are interrupted."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from daybreak.accounting import Ledger, differences
from daybreak.recipe import Recipe
from daybreak.storage import Store
from pipelines.fused.tables import TABLES
from pipelines.fused.units import Cut, Job, Work, failures, jobs, large, misread
from pipelines.ingest.inputs import Input
from pipelines.spark.balance import assign
from pipelines.spark.finished import Finished
from pipelines.spark.narrow import UnitResult
from pipelines.steps.ingest import IngestUnit, inputs

sys.path.append(str(Path(__file__).parents[1] / "ingest"))
from ingest_shards import page, warc


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Plain lines, a compressed stream with a broken line, Parquet, and an archive with archives in its pages."""
    folder, drawn = tmp_path_factory.mktemp("in"), random.Random(3)
    texts = [" ".join(f"word{drawn.randrange(900)}" for _ in range(60)) for _ in range(50)]
    data = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    (folder / "plain.jsonl").write_bytes(data)
    (folder / "stream.jsonl").write_bytes(zstandard.compress(data[:9000] + b"{broken}\n" + data))
    pq.write_table(pa.table({"text": texts}), folder / "rows.parquet", row_group_size=7)
    pages = [page(number) * 20 for number in range(20)]
    inside = warc([*pages, warc(pages, gzipped=False) * 3, *pages], gzipped=False)
    (folder / "web.warc").write_bytes(inside)
    formats = {
        "lines": ("jsonl", "*.jsonl"),
        "rows": ("parquet", "*.parquet"),
        "web": ("commoncrawl_warc", "*.warc"),
    }
    sources = {n: {"format": f, "paths": [str(folder / p)], "rules": []} for n, (f, p) in formats.items()}
    return Recipe.model_validate(
        {"name": "u", "workspace": "w", "sources": sources, "ingest": {"unit_bytes": 6000}}
    )


def read(recipe: Recipe, out: Store, slots: int, divided: bool = True) -> tuple[dict[str, UnitResult], int]:
    """Every unit's result as the step reads them, without Spark; and how many jobs were left to do."""
    finished, items = Finished(out), inputs(recipe)
    found, work = finished.take_over(TABLES), Work(IngestUnit(out, recipe), finished)
    big = large(recipe, items) if divided else []
    spans = {item.unit: Cut(recipe)(item) for item in big}
    wanted = jobs(items, spans, found, slots)
    number = len(wanted)
    while wanted:
        found |= {result.unit: result for job in reversed(wanted) for result in work(job)}
        wanted = misread(big, spans, found)
        for job in wanted:
            finished.forget(job.unit)
    return found, number


def rows(out: Store, results: dict[str, UnitResult], table: str) -> list[dict[str, object]]:
    paths = (results[unit].parts[table].path for unit in sorted(results))
    return [row for path in paths for row in pq.read_table(out.path(path)).to_pylist()]


def store(folder: Path, name: str) -> Store:
    out = Store.at(folder / name)
    out.make()
    return out


def test_units_hold_what_the_files_read_whole_hold(recipe: Recipe, tmp_path: Path) -> None:
    cut, uncut = store(tmp_path, "cut"), store(tmp_path, "uncut")
    (parts, _), (whole, _) = read(recipe, cut, slots=3), read(recipe, uncut, slots=1, divided=False)
    assert len(whole) == 4 and len(parts) > 15
    for table in TABLES:
        assert rows(cut, parts, table) == rows(uncut, whole, table)
    counts = [Ledger(c for r in results.values() for c in r.counts).counts() for results in (parts, whole)]
    assert counts[0] == counts[1] and differences(counts[0]) == []


def test_tasks_and_interruptions_change_no_byte(recipe: Recipe, tmp_path: Path) -> None:
    once, often = store(tmp_path, "once"), store(tmp_path, "often")
    expected, _ = read(recipe, once, slots=1)
    whole, _ = read(recipe, often, slots=4)
    assert {u: r.parts for u, r in whole.items()} == {u: r.parts for u, r in expected.items()}
    lost = sorted(expected)[3::7]
    for unit in lost:
        often.write(f"units/{unit}.json", b"{")
    (tmp_path / "often/documents/dead.parquet.0.tmp").write_bytes(b"a part that was not finished")
    truncated = next(unit for unit in sorted(expected) if unit not in lost)
    part = tmp_path / "often" / expected[truncated].parts["documents"].path
    part.write_bytes(part.read_bytes()[:50])
    again, left = read(recipe, often, slots=2)
    assert again == expected and left <= len(lost) + 1
    assert len(list((tmp_path / "often/documents").iterdir())) == len(expected)
    assert read(recipe, often, slots=2)[1] == 0


def test_bad_files_are_counted_once_and_tried_again(tmp_path: Path) -> None:
    data = b'{"content": "no text"}\n' * 1000
    (tmp_path / "a.jsonl").write_bytes(data)
    source = {"format": "jsonl", "paths": [str(tmp_path / "a.jsonl")]}
    built = Recipe.model_validate(
        {"name": "u", "workspace": "w", "sources": {"s": source}, "ingest": {"unit_bytes": 4000}}
    )
    out = store(tmp_path, "out")
    results, _ = read(built, out, slots=1)
    assert len(results) == 6
    assert list(failures(inputs(built), results.values())) == [inputs(built)[0].unit]
    assert len(rows(out, results, "quarantine")) == 1
    assert read(built, out, slots=1)[1] == 1


@given(sizes=st.lists(st.integers(0, 10**9), max_size=80), tasks=st.none() | st.integers(1, 40))
def test_every_unit_is_dealt_once_and_no_task_holds_much_more_than_its_share(
    sizes: Sequence[int], tasks: int | None
) -> None:
    dealt = assign(sizes, tasks)
    assert sorted(index for task in dealt for index in task) == list(range(len(sizes)))
    loads = [sum(sizes[index] for index in task) for task in dealt]
    assert loads == sorted(loads, reverse=True)
    assert loads[0] <= max([*sizes, 0]) + sum(sizes) / len(dealt)
    assert dealt == assign(sizes, tasks)


def test_a_long_unit_among_many_short_ones_has_a_task_for_itself() -> None:
    assert assign([1] * 500 + [1000], 3)[0] == [500]
    item = Input("s", "f", "f", 0, 0)
    assert [job.unit for job in jobs([item], {}, {}, 2)] == [Job(item, 0).unit]
