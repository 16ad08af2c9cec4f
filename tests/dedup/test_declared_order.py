"""The declared order as bytes."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RecipeError
from pipelines.dedup.order import NEW, DeclaredOrder, earlier

DOCUMENT = st.fixed_dictionaries(
    {
        "timestamp": st.sampled_from(
            [None, "2019-05-01T00:00:00Z", "2019-05-01T10:00:00Z", "2020-01-01", "2"]
        ),
        "n_bytes": st.integers(0, 2**62),
        "score": st.none() | st.floats(allow_infinity=True, allow_nan=True),
        "source": st.sampled_from(["web", "wiki", "other"]),
        "metadata": st.sampled_from(
            [None, "no JSON", '{"meta": {"rights": "cc0"}}', '{"meta": {"rights": "by"}}']
        ),
    }
)


def columns(rows: list[dict[str, Any]]) -> dict[str, pa.Array]:
    schema = pa.schema(
        [
            ("doc_id", pa.string()),
            ("timestamp", pa.string()),
            ("n_bytes", pa.int64()),
            ("score", pa.float64()),
            ("source", pa.string()),
            ("metadata", pa.string()),
        ]
    )
    batch = pa.RecordBatch.from_pylist(rows, schema)
    return {name: batch.column(name) for name in schema.names}


def placed(order: DeclaredOrder, rows: list[dict[str, Any]]) -> list[str]:
    """doc_ids in the order."""
    keys = order(columns(rows)).to_pylist()
    return [rows[i]["doc_id"] for i in sorted(range(len(rows)), key=keys.__getitem__)]


def test_by_default_longest_then_earliest_then_smallest_id() -> None:
    rows = [
        {"doc_id": "d", "n_bytes": 5},
        {"doc_id": "c", "n_bytes": 5, "timestamp": "2020-01-01T00:00:00Z"},
        {"doc_id": "b", "n_bytes": 5, "timestamp": "2020-01-01T00:00:00Z"},
        {"doc_id": "a", "n_bytes": 5, "timestamp": "2019-01-01T00:00:00Z"},
        {"doc_id": "e", "n_bytes": 9},
    ]
    assert placed(DeclaredOrder(), rows) == ["e", "a", "b", "c", "d"]


def _key(row: dict[str, Any]) -> tuple:
    date = (row["timestamp"] is None, (row["timestamp"] or "")[:10])
    missing = row["score"] is None or math.isnan(row["score"])
    score = (missing, 0.0 if missing else -row["score"])
    licence = {'{"meta": {"rights": "by"}}': 0, '{"meta": {"rights": "cc0"}}': 1}.get(row["metadata"], 2)
    source = {"wiki": 0, "web": 1}.get(row["source"], 2)
    return date, score, source, licence, -row["n_bytes"], row["doc_id"]


@given(st.lists(DOCUMENT, min_size=1, max_size=12))
def test_bytes_compare_as_the_keys_do(rows: list[dict[str, Any]]) -> None:
    rows = [row | {"doc_id": f"{i % 3}{i}"} for i, row in enumerate(rows)]
    keys = ("date", "quality:score", "source", "licence", "length", "doc_id")
    order = DeclaredOrder(keys, ("wiki", "web"), "meta.rights", ("by", "cc0"))
    assert placed(order, rows) == [row["doc_id"] for row in sorted(rows, key=_key)]


def test_documents_of_earlier_runs_stand_first_in_order_of_their_batches() -> None:
    prefixes = [earlier(0), earlier(1), earlier(255), earlier(256), NEW]
    assert prefixes == sorted(prefixes)


@pytest.mark.parametrize(
    ("keys", "said"), [(("lenght",), "length"), (("source",), "source_order"), (("licence",), "licence_key")]
)
def test_keys_that_cannot_work_are_refused(keys: tuple[str, ...], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        DeclaredOrder(keys)
