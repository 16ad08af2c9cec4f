"""Document identities: pinned for ever, and different wherever origin or content differ."""

from __future__ import annotations

import pyarrow as pa
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from ingest_shards import raw_batch

from pipelines.ingest import doc_id

GOLDEN = [
    "6ae3a1a0afba7cbb8b0916a29e382a54",
    "764dbaf4a982fb18004886d3018ad842",
    "87140b9b1a4b7d72c6f7a8244ea399b6",
    "7fee6179fdcf66bb21b2f6c188d299ad",
]


def test_golden_values() -> None:
    batch = raw_batch(
        [{"text": "hello"}, {"text": ""}, {"payload": b"<p>hi"}, {"text": "日本語", "offset": 2**40}]
    )
    assert doc_id("c4", "en/c4-train.00000.json.gz", batch).to_pylist() == GOLDEN


@given(st.lists(st.text(), max_size=8), st.integers(0, 2**62))
def test_it_is_the_hash_of_source_file_offset_and_content(texts: list[str], offset: int) -> None:
    batch = raw_batch([{"text": text, "offset": offset} for text in texts])
    keys = [f"s\0f\0{offset}\0{text}".encode() for text in texts]
    assert doc_id("s", "f", batch).to_pylist() == [xxhash.xxh3_128_hexdigest(key) for key in keys]


def test_equal_records_differ_by_their_place_and_slices_do_not_matter() -> None:
    batch = raw_batch([{"text": "same"}] * 5)
    whole = doc_id("s", "f", batch)
    assert len(set(whole.to_pylist())) == 5
    assert doc_id("s", "f", batch.slice(2, 2)).equals(whole.slice(2, 2))
    assert doc_id("s", "g", batch) != whole
    assert doc_id("s", "f", batch.slice(0, 0)).equals(pa.array([], pa.string()))


def test_the_page_counts_not_what_was_made_of_it() -> None:
    before, after = raw_batch([{"payload": b"<p>a"}]), raw_batch([{"payload": b"<p>a", "text": "a"}])
    assert doc_id("s", "f", before) == doc_id("s", "f", after)
