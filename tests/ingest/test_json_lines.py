"""JSON Lines and the layouts on it: every record once in any compression, one error row for damage."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_shards import COMPRESS, errors, kinds, read, texts

from daybreak.errors import InputError
from pipelines.ingest import READERS

documents = st.lists(
    st.fixed_dictionaries({"text": st.text(), "id": st.integers(-(2**70), 2**70)}), max_size=12
)
reuse = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])

Save = Callable[[bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save_as(data: bytes) -> Path:
        path = tmp_path / "shard"
        path.write_bytes(data)
        return path

    return save_as


def jsonl(values: list[Any], ascii_only: bool = False) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=ascii_only).encode() + b"\n" for value in values)


@pytest.mark.parametrize("codec", COMPRESS)
@reuse
@given(values=documents)
def test_documents_come_back_in_order_from_every_compression(
    save: Save, codec: str, values: list[Any]
) -> None:
    rows = read("jsonl", save(COMPRESS[codec](jsonl(values))))
    assert [row["text"] for row in rows] == [value["text"] for value in values]
    assert sum(row["length"] for row in rows) == len(jsonl(values))
    assert [row["error"] for row in rows] == [None] * len(values)


@pytest.mark.parametrize("codec", [name for name in COMPRESS if name != "plain"])
@reuse
@given(values=documents, cut=st.floats(0.01, 0.999))
def test_a_cut_anywhere_keeps_what_stands_before_it_and_makes_one_error(
    save: Save, codec: str, values: list[Any], cut: float
) -> None:
    whole = COMPRESS[codec](jsonl(values))
    rows = read("jsonl", save(whole[: max(1, int(len(whole) * cut))]))
    kept = texts(rows)
    assert kept == [value["text"] for value in values][: len(kept)]
    assert kinds(rows) == ["document"] * len(kept) + ["error"]


@reuse
@given(values=documents, cut=st.integers(0, 2000))
def test_a_plain_file_cut_anywhere_keeps_every_whole_line(save: Save, values: list[Any], cut: int) -> None:
    data = jsonl(values)[:cut]
    rows = read("jsonl", save(data))
    whole = sum(data.startswith(jsonl(values[: n + 1]).rstrip(b"\n")) for n in range(len(values)))
    assert texts(rows) == [value["text"] for value in values[:whole]]
    assert len(errors(rows)) == (data.rstrip(b"\n") != jsonl(values[:whole]).rstrip(b"\n"))


def test_gzip_keeps_every_line_before_the_byte_that_breaks(save: Save) -> None:
    values = [{"text": f"{n} {n * n} {n**3}"} for n in range(2000)]
    stored = bytearray(gzip.compress(jsonl(values)))
    stored[len(stored) // 2] ^= 0x55
    rows = read("jsonl", save(bytes(stored)))
    assert len(texts(rows)) > 500
    assert texts(rows)[:500] == [value["text"] for value in values[:500]]
    assert kinds(rows)[-1] == "error"
    assert "damaged" in errors(rows)[-1]


@pytest.mark.parametrize("codec", ["gzip", "zstd", "xz", "bz2", "lz4"])
def test_reading_goes_on_with_the_member_behind_a_broken_one(save: Save, codec: str) -> None:
    members = [
        COMPRESS[codec](jsonl([{"text": f"{part} {n} {n * 7919}"} for n in range(50)])) for part in "abc"
    ]
    broken = members[1][: len(members[1]) // 2]
    rows = read("jsonl", save(members[0] + broken + members[2]))
    first, last = texts(rows)[:50], texts(rows)[-50:]
    assert {text[0] for text in first} == {"a"}
    assert {text[0] for text in last} == {"c"}
    assert 1 <= len(errors(rows)) <= 2


def test_bytes_that_are_no_member_are_one_error_and_zero_padding_is_none(save: Save) -> None:
    member = gzip.compress(jsonl([{"text": "a"}]))
    assert kinds(read("jsonl", save(member + bytes(1000)))) == ["document"]
    assert kinds(read("jsonl", save(member + b"junk" * 9 + member))) == ["document", "error", "document"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a"', "not valid JSON"),
        (b'{"text": "caf\xe9"}', "not valid UTF-8"),
        (b'{"text": "\\ud800"}', "cannot carry"),
        (b'{"text": null}', "JSON null, not a string"),
        (b'{"text": 7}', "JSON number, not a string"),
        (b'{"title": "a"}', "no key 'text'; its keys are: title"),
        (b"[1, 2]", "JSON array, not an object"),
        (b"[" * 100_000, "too deeply"),
        (b"\x00\x01\x02", "not valid JSON"),
    ],
)
def test_a_bad_line_says_what_is_wrong_and_its_neighbours_are_read(
    save: Save, line: bytes, reason: str
) -> None:
    rows = read("jsonl", save(b'{"text": "before"}\n' + line + b'\n{"text": "after"}\n'))
    assert kinds(rows) == ["document", "error", "document"]
    assert reason in rows[1]["error"]
    assert (rows[1]["offset"], rows[1]["length"], rows[1]["payload"]) == (19, len(line) + 1, line)


def test_offsets_find_the_lines_again_and_blank_lines_are_no_records(save: Save) -> None:
    data = b'\xef\xbb\xbf{"text": "a"}\r\n\n  \n{"text": "b\xe2\x80\xa8c"}'
    rows = read("jsonl", save(data))
    assert texts(rows) == ["a", "b\u2028c"]
    assert data[rows[1]["offset"] :] == b'{"text": "b\xe2\x80\xa8c"}'


def test_nan_and_huge_integers_are_read_as_python_writes_them(save: Save) -> None:
    rows = read("jsonl", save(b'{"text": "a", "score": NaN}\n{"text": "b", "n": %d}\n' % 10**30))
    assert kinds(rows)[0] == "document"
    assert len(rows) == 2


def test_a_line_past_the_limit_is_an_error_that_keeps_its_first_mebibyte(save: Save) -> None:
    long = b'{"text": "' + b"x" * (65 << 20) + b'"}\n'
    rows = read("jsonl", save(gzip.compress(long + b'{"text": "next"}\n', 1)))
    assert kinds(rows) == ["error", "document"]
    assert (rows[0]["length"], len(rows[0]["payload"]), rows[1]["offset"]) == (len(long), 1 << 20, len(long))


def test_a_file_with_the_wrong_key_is_refused_whole_and_named(save: Save) -> None:
    path = save(jsonl([{"content": "x"}] * 200))
    with pytest.raises(InputError, match=r"shard: none of its first 100 .*its keys are: content.*text_key"):
        read("jsonl", path)
    assert len(texts(read("jsonl", path, text_key="content"))) == 200


def test_empty_files_hold_no_records_and_missing_ones_are_refused(save: Save, tmp_path: Path) -> None:
    assert read("jsonl", save(b"")) == []
    assert read("c4", save(gzip.compress(b""))) == []
    with pytest.raises(InputError, match="there is no such file"):
        read("jsonl", tmp_path / "absent")


def test_batches_are_bounded_in_bytes_and_rows(save: Save) -> None:
    path = save(jsonl([{"text": "x" * 1000}] * 3000))
    sizes = [len(batch) for batch in READERS["jsonl"](str(path), batch_bytes=100_000, options={})]
    assert sum(sizes) == 3000
    assert max(sizes) <= 100
    assert max(len(batch) for batch in READERS["jsonl"](str(path), options={})) == 1024


def test_keys_may_be_paths_and_the_rest_is_metadata(save: Save) -> None:
    value = {
        "body": {"main": "text"},
        "z": 1,
        "a": [2],
        "meta": {"url": "http://x/", "when": "2020-01-02T03:04:05+01:00"},
    }
    options = {"text_key": "body.main", "url_key": "meta.url", "timestamp_key": "meta.when"}
    (row,) = read("jsonl", save(jsonl([value])), **options)
    assert (row["text"], row["url"], row["timestamp"]) == ("text", "http://x/", "2020-01-02T02:04:05Z")
    assert list(json.loads(row["metadata"])) == ["a", "body", "meta", "z"]


def test_each_layout_fills_the_fields_that_it_declares(save: Save) -> None:
    (c4,) = read("c4", save(jsonl([{"text": "t", "timestamp": "2019-04-25T12:57:54Z", "url": "http://a/"}])))
    assert (c4["url"], c4["timestamp"], c4["metadata"]) == ("http://a/", "2019-04-25T12:57:54Z", None)
    (pile,) = read("the_pile", save(jsonl([{"text": "t", "meta": {"pile_set_name": "ArXiv"}}])))
    assert json.loads(pile["metadata"]) == {"pile_set_name": "ArXiv"}
    warc = {
        "warc-target-uri": "http://b/",
        "warc-date": "2022-09-25T01:02:03Z",
        "warc-record-id": "<urn:uuid:1>",
    }
    labels = {
        "identification": {"label": "de", "prob": 0.9},
        "quality_warnings": ["tiny"],
        "categories": None,
    }
    (oscar,) = read("oscar", save(jsonl([{"content": "t", "warc_headers": warc, "metadata": labels}])))
    assert (oscar["lang"], oscar["url"], oscar["timestamp"]) == ("de", "http://b/", "2022-09-25T01:02:03Z")
    assert json.loads(oscar["metadata"]) == {"quality_warnings": ["tiny"], "record_id": "<urn:uuid:1>"}


@pytest.mark.parametrize(
    "value", [1, "not a date", "2019-13-45T00:00:00Z", None, "0001-01-01T00:00:00+14:00"]
)
def test_a_date_that_is_none_is_null(save: Save, value: object) -> None:
    (row,) = read("c4", save(jsonl([{"text": "t", "timestamp": value, "url": value if value == 1 else "u"}])))
    assert row["timestamp"] is None
    assert row["error"] is None
