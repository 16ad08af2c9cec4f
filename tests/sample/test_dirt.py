"""What the manifest calls damaged is damaged, and nothing else is."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

Entries = dict[str, dict[str, Any]]


def by_name(entries: Entries, part: str) -> dict[str, Any]:
    (entry,) = [e for e in entries.values() if part in e["path"]]
    return entry


def test_totals_count_the_damage(manifest: dict[str, Any], entries: Entries) -> None:
    dirty = [e for e in entries.values() if "-dirty" in e["path"]]
    assert manifest["totals"]["expected_bad"] == sum(len(e["damage"]) for e in dirty) == 10
    assert [e["path"] for e in entries.values() if not e["opens"]] == ["refinedweb/no-footer-dirty.parquet"]
    assert not [e for e in entries.values() if e["damage"] and "-dirty" not in e["path"]]


@pytest.mark.parametrize("kind", ["bad-utf8", "broken-json", "missing-keys"])
def test_lines_fail_exactly_where_the_manifest_says(sample: Path, entries: Entries, kind: str) -> None:
    entry = by_name(entries, kind)
    offset, bad = 0, []
    for number, row in enumerate(gzip.decompress((sample / entry["path"]).read_bytes()).splitlines(True)):
        try:
            assert isinstance(json.loads(row.decode("utf-8"))["text"], str)
        except (ValueError, KeyError, AssertionError):
            bad.append((number, offset))
        offset += len(row)
    assert bad == [(d["record"], d["offset"]) for d in entry["damage"]]
    assert entry["documents"] == entry["records"] - len(bad) == 4


def test_bad_utf8_is_no_utf8_and_broken_json_is_utf8(sample: Path, entries: Entries) -> None:
    with pytest.raises(UnicodeDecodeError):
        gzip.decompress((sample / by_name(entries, "bad-utf8")["path"]).read_bytes()).decode()
    gzip.decompress((sample / by_name(entries, "broken-json")["path"]).read_bytes()).decode()


def test_the_last_gzip_member_is_truncated(sample: Path, entries: Entries) -> None:
    entry = by_name(entries, "truncated-dirty.warc")
    data, offset, members = (sample / entry["path"]).read_bytes(), 0, []
    while offset < len(data):
        inflate = zlib.decompressobj(wbits=31)
        inflate.decompress(data[offset:])
        members.append((offset, inflate.eof))
        offset = len(data) - len(inflate.unused_data)
    assert [whole for _, whole in members] == [True] * 5 + [False]
    assert members[-1][0] == entry["damage"][0]["offset"]


def test_content_lengths_are_wrong_where_the_manifest_says(sample: Path, entries: Entries) -> None:
    entry = by_name(entries, "length-dirty")
    data, offset, wrong = (sample / entry["path"]).read_bytes(), 0, []
    for number in range(entry["records"]):
        head_end = data.index(b"\r\n\r\n", offset) + 4
        length = int(data[offset:head_end].partition(b"\r\nContent-Length: ")[2].split(b"\r\n")[0])
        following = data.find(b"WARC/1.0\r\nWARC-", head_end)
        following = len(data) if following < 0 else following
        if head_end + length + 4 != following:
            wrong.append((number, offset))
        offset = following
    assert wrong == [(d["record"], d["offset"]) for d in entry["damage"]]


def test_the_zstd_stream_breaks_off(sample: Path, entries: Entries) -> None:
    entry = by_name(entries, "truncated-dirty.jsonl")
    data = (sample / entry["path"]).read_bytes()
    first = zstandard.ZstdDecompressor().decompressobj()
    whole = first.decompress(data)
    assert whole.count(b"\n") == entry["documents"] == entry["records"] - 1
    assert len(whole) == entry["damage"][0]["offset"]
    second = zstandard.ZstdDecompressor().decompressobj()
    assert not second.decompress(first.unused_data).endswith(b"\n") and not second.eof


def test_the_parquet_file_cannot_be_opened(sample: Path, entries: Entries) -> None:
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(sample / by_name(entries, "no-footer")["path"])
