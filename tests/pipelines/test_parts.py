"""Parts have bytes that depend on their rows alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.manifest import FileEntry
from daybreak.storage import Store
from pipelines.parts import PLAIN, Layout, filtered, narrow_mask, read_part, runs, write_part

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("n", pa.int64())])


def batch(rows: int, width: int = 20) -> pa.RecordBatch:
    ids = [f"{i:08d}" for i in range(rows)]
    return pa.RecordBatch.from_pydict(
        {"n": list(range(rows)), "text": ["x" * (i * 7 % width) for i in range(rows)], "id": ids}
    )


def write(folder: Path, batches: list[pa.RecordBatch], layout: Layout = PLAIN) -> FileEntry:
    return write_part(Store.at(folder), "t/p.parquet", SCHEMA, batches, layout)


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=6))
def test_bytes_do_not_depend_on_the_batches_that_came_in(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    whole = batch(300)
    edges = [0, *sorted(cuts), 300]
    pieces = [whole.slice(a, b - a) for a, b in itertools.pairwise(edges)]
    small = Layout(group_rows=64, group_bytes=900)
    first = write(tmp_path_factory.mktemp("a"), [whole], small)
    second = write(tmp_path_factory.mktemp("b"), pieces, small)
    assert first == second


def test_row_groups_are_bounded_by_bytes(tmp_path: Path) -> None:
    write(tmp_path, [batch(200)], Layout(group_bytes=1000))
    assert pq.ParquetFile(tmp_path / "t/p.parquet").metadata.num_row_groups > 2


def test_strings_that_repeat_have_a_dictionary_and_numbers_have_none(tmp_path: Path) -> None:
    schema = pa.schema([("text", pa.string()), ("source", pa.string()), ("n", pa.int64())])
    schema = schema.append(pa.field("failed", pa.list_(pa.string())))
    spans = pa.list_(pa.struct([("begin", pa.int64()), ("end", pa.int64())]))
    schema = schema.append(pa.field("spans", spans))
    row = {"text": "a", "source": "s", "n": 1, "failed": ["x", "x"], "spans": [{"begin": 1, "end": 2}]}
    write_part(
        Store.at(tmp_path), "t/p.parquet", schema, [pa.RecordBatch.from_pylist([row] * 9, schema=schema)]
    )
    group = pq.ParquetFile(tmp_path / "t/p.parquet").metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    with_one = [column.path_in_schema for column in columns if "RLE_DICTIONARY" in column.encodings]
    assert with_one == [
        "source", "failed.list.element", "spans.list.element.begin", "spans.list.element.end"
    ]  # fmt: skip


def test_a_part_without_rows_has_its_schema(tmp_path: Path) -> None:
    entry = write(tmp_path, [])
    assert entry.rows == 0
    assert pq.read_schema(tmp_path / "t/p.parquet").names == SCHEMA.names


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken():
        yield batch(3)
        raise RuntimeError("stage failed")

    with pytest.raises(RuntimeError):
        write_part(Store.at(tmp_path), "t/p.parquet", SCHEMA, broken())
    assert list((tmp_path / "t").iterdir()) == []


def test_filtering_follows_the_mask_across_batches(tmp_path: Path) -> None:
    write(tmp_path, [batch(100)])
    mask = np.arange(100) % 3 == 0
    rows = filtered(read_part(Store.at(tmp_path), "t/p.parquet", ["n"], rows=7), mask)
    assert [n for b in rows for n in b.column(0).to_pylist()] == list(range(0, 100, 3))


def test_masks_that_do_not_line_up_are_refused() -> None:
    outer = np.array([True, False, True])
    assert narrow_mask(outer, np.array([False, True])).tolist() == [False, False, True]
    with pytest.raises(ValueError, match="do not line up"):
        narrow_mask(outer, np.array([True]))


def test_runs_of_a_sliced_column() -> None:
    column = pa.array(["z", "a", "a", "b", "c", "c"]).slice(1)
    assert list(runs(column)) == [("a", 0, 2), ("b", 2, 3), ("c", 3, 5)]
