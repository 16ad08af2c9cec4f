"""Parquet and RefinedWeb: types, nulls, bad UTF-8, a damaged row group, files without a footer."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_shards import errors, kinds, read, texts

from daybreak.errors import InputError
from pipelines.ingest import READERS


def save(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "shard.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_every_kind_of_text_column_is_read(tmp_path: Path, kind: pa.DataType) -> None:
    path = save(tmp_path, {"text": pa.array(["a", "日本語", "a"]).cast(kind), "id": [1, 2, 3]})
    rows = read("parquet", path)
    assert texts(rows) == ["a", "日本語", "a"]
    assert [(row["offset"], row["length"], row["n_raw"]) for row in rows] == [(0, 1, 1), (1, 1, 9), (2, 1, 1)]
    assert json.loads(rows[1]["metadata"]) == {"id": 2}


def test_refinedweb_rows_carry_address_date_and_crawl(tmp_path: Path) -> None:
    when = datetime.datetime(2013, 5, 18, 10, 42, 0, 999000)
    columns = {"content": ["text"], "url": ["http://a/"], "timestamp": pa.array([when], pa.timestamp("ms"))}
    path = save(
        tmp_path, columns | {"dump": ["CC-MAIN-2013-20"], "segment": ["1"], "image_urls": [[["x", "y"]]]}
    )
    (row,) = read("refinedweb", path)
    assert (row["text"], row["url"], row["timestamp"]) == ("text", "http://a/", "2013-05-18T10:42:00Z")
    assert json.loads(row["metadata"]) == {"dump": "CC-MAIN-2013-20", "segment": "1"}


@pytest.mark.parametrize(
    "column",
    [
        pa.array([datetime.datetime(2020, 1, 2, 3, 4, 5)], pa.timestamp("us", "Europe/Berlin")),
        pa.array(["2020-01-02T04:04:05+01:00"]),
    ],
)
def test_dates_become_utc_whatever_their_type(tmp_path: Path, column: pa.Array) -> None:
    (row,) = read("parquet", save(tmp_path, {"text": ["a"], "timestamp": column}))
    assert row["timestamp"] == "2020-01-02T03:04:05Z"


def test_null_and_bad_text_are_errors_among_good_rows(tmp_path: Path) -> None:
    text = pa.array([b"a", None, b"caf\xe9", b"d"], pa.binary()).view(pa.string())
    rows = read("parquet", save(tmp_path, {"text": text, "url": ["u"] * 4}))
    assert kinds(rows) == ["document", "error", "error", "document"]
    assert errors(rows)[0] == "The value of 'text' is null"
    assert "not valid UTF-8" in errors(rows)[1]
    assert rows[2]["payload"] == b"caf\xe9"


def test_a_damaged_row_group_costs_its_own_rows(tmp_path: Path) -> None:
    values = [f"{number} {number**5}" for number in range(900)]
    path = save(tmp_path, {"text": values}, row_group_size=300, use_dictionary=False, compression="zstd")
    at = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[at : at + 60] = b"\xff" * 60
    path.write_bytes(data)
    rows = read("parquet", path)
    assert texts(rows) == values[:300] + values[600:]
    assert [(row["offset"], row["length"]) for row in rows if row["error"]] == [
        (number, 1) for number in range(300, 600)
    ]
    assert "row group 1 cannot be decoded from row 300 to 599" in errors(rows)[0]


def test_batches_are_bounded_in_bytes_even_where_rows_differ_in_size(tmp_path: Path) -> None:
    values = ["x"] * 500 + ["y" * 100_000] * 20 + ["z"] * 500
    path = save(tmp_path, {"text": values}, use_dictionary=False)
    batches = list(READERS["parquet"](str(path), batch_bytes=250_000, options={}))
    assert sum(map(len, batches)) == 1020
    assert max(sum(batch["n_raw"].to_pylist()) for batch in batches) <= 250_000


def test_files_that_cannot_be_understood_are_refused_with_the_reason(tmp_path: Path) -> None:
    whole = save(tmp_path, {"content": ["a"], "n": [1]}).read_bytes()
    with pytest.raises(InputError, match=r"no column 'text'; its columns are: content, n.*text_key"):
        read("parquet", tmp_path / "shard.parquet")
    with pytest.raises(InputError, match="holds int64, not text"):
        read("parquet", tmp_path / "shard.parquet", text_key="n")
    for data in (whole[:-20], b"", b"PAR1", whole[:4] + bytes(100)):
        (tmp_path / "bad.parquet").write_bytes(data)
        with pytest.raises(InputError, match=r"bad\.parquet: it is no whole Parquet file"):
            read("parquet", tmp_path / "bad.parquet")
