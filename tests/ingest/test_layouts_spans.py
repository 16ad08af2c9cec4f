"""The further layouts by spans, and selections, which stay whole however large they are."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_shards import COMPRESS
from test_layouts_accounting import recipe
from test_layouts_wat import envelope, wat
from test_spans import same

from pipelines.fused.units import large
from pipelines.ingest.cuts import cut
from pipelines.ingest.inputs import Input

VALUES = [{"text": f"text {n}", "content": f"code {n}", "id": str(n)} for n in range(300)]
KEYED = ("fineweb", "dolma", "dclm", "the_stack")


@pytest.mark.parametrize("layout", KEYED)
@pytest.mark.parametrize("kind", ["parquet", "plain", "zstd"])
def test_spans_of_a_keyed_layout_are_the_rows_of_the_file(tmp_path: Path, layout: str, kind: str) -> None:
    path = tmp_path / "shard"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(VALUES), path, row_group_size=50)
    else:
        path.write_bytes(COMPRESS[kind](b"".join(json.dumps(v).encode() + b"\n" for v in VALUES)))
    assert same(layout, path, 800) > 1


def test_spans_of_wat_are_the_records_of_the_file(tmp_path: Path) -> None:
    page = {"Head": {"Title": "A page"}}
    path = wat(tmp_path, [json.dumps(envelope(html=page)).encode()] * 40)
    assert same("commoncrawl_wat", path, 2000) > 1


def test_an_arrow_file_stays_whole(tmp_path: Path) -> None:
    path, table = tmp_path / "x.arrow", pa.Table.from_pylist(VALUES)
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    assert cut("fineweb", str(path), None, 1000) == []


def test_ranges_are_never_cut_for_each_span_would_read_them_all(tmp_path: Path) -> None:
    asked = recipe(tmp_path)
    whole = Input("whole", "a", "a", 1 << 40, 0)
    chosen = Input("chosen", "a", "a", 1 << 40, 0, ranges=((0, 1 << 39), (1 << 39, 1 << 39)))
    assert large(asked, [whole, chosen]) == [whole]
