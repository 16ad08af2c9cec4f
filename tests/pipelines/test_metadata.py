"""Numbers from metadata, by path."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from pipelines.fused.metadata import Metadata


def pick(path: str, *rows: Any) -> list[float | None]:
    texts = [row if row is None or isinstance(row, str) else json.dumps(row) for row in rows]
    batch = pa.record_batch({"metadata": pa.array(texts, pa.string())})
    return Metadata((("likes", path),))(batch).column("meta_likes").to_pylist()


@pytest.mark.parametrize(
    ("path", "row", "value"),
    [
        ("score", {"score": 3}, 3.0),
        ("meta.score", {"meta": {"score": -1.5}}, -1.5),
        ("meta.score", {"meta.score": 7}, 7.0),
        ("a.b.c", {"a.b": {"c": 1}}, 1.0),
        ("votes.1", {"votes": [4, 5]}, 5.0),
        ("votes.2", {"votes": [4, 5]}, None),
        ("ok", {"ok": True}, 1.0),
        ("score", {"score": " 12 "}, 12.0),
        ("score", {"score": "many"}, None),
        ("score", {"score": "nan"}, None),
        ("score", {"score": None}, None),
        ("score", {"score": {}}, None),
        ("score.x", {"score": 3}, None),
        ("score", {}, None),
        ("score", [1], None),
        ("score", "not json", None),
        ("score", None, None),
    ],
)
def test_a_number_by_its_path(path: str, row: Any, value: float | None) -> None:
    assert pick(path, row) == [value]


def test_columns_keep_rows_and_types() -> None:
    batch = pa.record_batch({"metadata": ['{"a": 1, "b": 2}', None]})
    found = Metadata((("one", "a"), ("two", "b")))(batch)
    assert found.select(["meta_one", "meta_two"]).to_pylist() == [
        {"meta_one": 1.0, "meta_two": 2.0},
        {"meta_one": None, "meta_two": None},
    ]
    empty = Metadata((("one", "a"), ("two", "b")))(batch.slice(0, 0))
    assert empty.schema == found.schema
