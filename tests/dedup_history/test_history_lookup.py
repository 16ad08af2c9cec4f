"""Lookups against a plain reading of the same rows."""

from __future__ import annotations

import tempfile
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.storage import Store
from pipelines.dedup.history.compact import merged
from pipelines.dedup.history.history import Piece, View
from pipelines.dedup.history.lookup import find
from pipelines.dedup.history.state import State
from pipelines.dedup.history.tables import BANDS, SETS
from pipelines.parts import Layout, write_part

SMALL = replace(BANDS, layout=Layout(3, encodings=BANDS.layout.encodings))
ROWS = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 50)), max_size=20, unique=True)


def table(rows: list[tuple[int, int]], batch: int) -> pa.Table:
    found = [
        {"bucket": bucket, "order": bytes([batch, place]), "doc_id": f"{batch}-{place}"}
        for bucket, place in sorted(rows)
    ]
    return pa.Table.from_pylist(found, BANDS.schema)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(ROWS, min_size=1, max_size=3),
    st.sets(st.integers(-6, 6)),
    st.none() | st.integers(1, 3),
    st.sets(st.integers(0, 50)),
)
def test_rows_of_keys_in_order_without_the_removed(
    files: list[list[tuple[int, int]]], keys: set[int], limit: int | None, gone: set[int]
) -> None:
    dead = pa.array([f"0-{place}" for place in gone], pa.string())
    with tempfile.TemporaryDirectory() as folder:
        store = Store.at(folder)
        pieces = []
        for number, rows in enumerate(files):
            write_part(
                store, f"{number}.parquet", SMALL.schema, table(rows, number).to_batches(), SMALL.layout
            )
            pieces.append(Piece(f"{number}.parquet", number))
        view = View(store, State(), {"bands": {"0": tuple(pieces)}}, {0: dead})
        found = find(view, SMALL, "0", pa.array(sorted(keys), pa.int64()), limit)
        got = [(row["bucket"], row["doc_id"]) for batch in found for row in batch.to_pylist()]
    expected: list[tuple[int, str]] = []
    for number, rows in enumerate(files):
        for bucket, place in sorted(rows):
            taken = sum(key == bucket for key, _ in expected)
            alive = number > 0 or place not in gone
            if bucket in keys and alive and (limit is None or taken < limit):
                expected.append((bucket, f"{number}-{place}"))
    assert got == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.integers(1, 5))
def test_merged_streams_are_sorted_and_whole(files: list[list[tuple[int, int]]], size: int) -> None:
    tables = [table(rows, number) for number, rows in enumerate(files)]
    streams = [iter([rows.slice(i, size) for i in range(0, len(rows), size)]) for rows in tables]
    got = [row for batch in merged(streams, BANDS) for row in batch.to_pylist()]
    whole = pa.concat_tables(tables).to_pylist()
    assert got == sorted(whole, key=lambda row: (row["bucket"], row["order"]))


def test_shingles_take_less_than_four_bytes_each() -> None:
    sets = [sorted((i * 2654435761 + 97 * d) % 2**31 for i in range(2000)) for d in range(20)]
    made = pa.table({"doc_id": [f"d{d}" for d in range(20)], "shingles": pa.array(sets, SETS.schema[1].type)})
    with tempfile.TemporaryDirectory() as folder:
        entry = write_part(Store.at(folder), "sets.parquet", SETS.schema, made.to_batches(), SETS.layout)
        assert pq.read_table(f"{folder}/sets.parquet").equals(made.cast(SETS.schema))
    assert entry.bytes < 0.85 * 4 * 2000 * 20
