"""Every clean shard, read by a library that had no part in writing it or by the layout's own rules."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import re
import tarfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator

Entries = dict[str, dict[str, Any]]
TIMESTAMP = re.compile(r"2025-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def clean(entries: Entries, layout: str) -> list[dict[str, Any]]:
    found = [e for e in entries.values() if e["layout"] == layout and "-dirty" not in e["path"]]
    assert found, f"no clean file of layout {layout}"
    return found


def zst_rows(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as stream:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))
        return [json.loads(row) for row in text]


def test_every_file_is_in_the_manifest_and_in_several_shards(sample: Path, entries: Entries) -> None:
    there = {str(p.relative_to(sample)) for p in sample.rglob("*") if p.is_file()}
    assert there == {*entries, "manifest.json"}
    shards = Counter(e["layout"] for e in entries.values())
    assert all(shards[x] >= 2 for x in ("warc", "wet", "c4", "pile", "openwebtext", "oscar", "refinedweb"))


def test_warc_reads_with_digests(sample: Path, entries: Entries) -> None:
    statuses, mimes, types = Counter(), Counter(), Counter()  # type: ignore[var-annotated]
    for entry in clean(entries, "warc"):
        with (sample / entry["path"]).open("rb") as stream:
            records = ArchiveIterator(stream, check_digests="raise")
            held = 0
            for record in records:
                record.raw_stream.read()
                types[record.rec_type] += 1
                held += 1
                if record.rec_type == "response":
                    statuses[record.http_headers.get_statuscode()] += 1
                    mimes[record.http_headers.get_header("Content-Type").partition(";")[0]] += 1
            assert held == entry["records"]
    assert types["response"] == types["request"] == types["metadata"] > 20
    assert statuses["200"] > sum(statuses.values()) / 2 and len(statuses) > 1
    assert mimes["text/html"] > 20 and len(mimes) > 1


def test_warc_has_one_gzip_member_a_record(sample: Path, entries: Entries) -> None:
    entry = clean(entries, "warc")[0]
    data, members = (sample / entry["path"]).read_bytes(), 0
    while data:
        inflate = zlib.decompressobj(wbits=31)
        assert inflate.decompress(data).startswith(b"WARC/1.0\r\n")
        data, members = inflate.unused_data, members + 1
    assert members == entry["records"]


def test_declared_charsets_hold_and_some_are_legacy(sample: Path, entries: Entries) -> None:
    charsets = Counter()  # type: ignore[var-annotated]
    for entry in clean(entries, "warc"):
        with (sample / entry["path"]).open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "response":
                    body = record.content_stream().read()
                    declared = re.search(r"charset=(\S+)", record.http_headers.get_header("Content-Type"))
                    meta = re.search(rb'<meta charset="([\w-]+)"', body[:500])
                    if declared:
                        body.decode(declared[1])
                        charsets[declared[1]] += 1
                        assert meta is None or meta[1].decode().lower() == declared[1]
                    elif meta:
                        body.decode(meta[1].decode())
    assert charsets["utf-8"] > 10
    assert len(charsets) > 2


def test_wet_holds_text_with_language(sample: Path, entries: Entries) -> None:
    languages = set()
    for entry in clean(entries, "wet"):
        with (sample / entry["path"]).open("rb") as stream:
            texts = [r for r in ArchiveIterator(stream, check_digests="raise") if r.rec_type == "conversion"]
        assert len(texts) == entry["documents"] == entry["records"] - 1
        languages |= {record.rec_headers.get_header("WARC-Identified-Content-Language") for record in texts}
    assert "eng" in languages


def test_c4(sample: Path, entries: Entries) -> None:
    for entry in clean(entries, "c4"):
        with gzip.open(sample / entry["path"], "rt", encoding="utf-8") as stream:
            rows = [json.loads(row) for row in stream]
        assert len(rows) == entry["documents"]
        assert all(set(row) == {"text", "timestamp", "url"} for row in rows)
        assert all(TIMESTAMP.fullmatch(row["timestamp"]) for row in rows)
        assert sum(len(row["text"].encode()) for row in rows) == entry["content_bytes"]


def test_pile(sample: Path, entries: Entries) -> None:
    subsets = Counter()  # type: ignore[var-annotated]
    for entry in clean(entries, "pile"):
        rows = zst_rows(sample / entry["path"])
        assert len(rows) == entry["documents"]
        subsets.update(row["meta"]["pile_set_name"] for row in rows)
    assert set(subsets) == {"Github", "Pile-CC"}


def test_openwebtext(sample: Path, entries: Entries) -> None:
    for entry in clean(entries, "openwebtext"):
        with tarfile.open(fileobj=io.BytesIO(lzma.decompress((sample / entry["path"]).read_bytes()))) as tar:
            members = tar.getmembers()
            texts = [tar.extractfile(m).read().decode() for m in members]  # type: ignore[union-attr]
        assert len(members) == entry["documents"]
        assert all(re.fullmatch(r"\d{7}-[0-9a-f]{32}\.txt", member.name) for member in members)
        assert all(texts)


def test_oscar(sample: Path, entries: Entries) -> None:
    for entry in clean(entries, "oscar"):
        lang = re.fullmatch(r"oscar-23.01/(..)_meta/\1_meta_part_\d\.jsonl\.zst", entry["path"])
        assert lang
        rows = zst_rows(sample / entry["path"])
        assert len(rows) == entry["documents"] > 0
        for row in rows:
            assert set(row) == {"content", "warc_headers", "metadata"}
            assert row["metadata"]["identification"]["label"] == lang[1]
            assert len(row["metadata"]["sentence_identifications"]) == len(row["content"].split("\n"))


def test_refinedweb(sample: Path, entries: Entries) -> None:
    for entry in clean(entries, "refinedweb"):
        table = pq.read_table(sample / entry["path"])
        assert table.column_names == ["content", "url", "timestamp", "dump", "segment", "image_urls"]
        assert table.num_rows == entry["documents"]
        assert all(str(year).startswith("2025") for year in table["timestamp"].to_pylist())


@pytest.mark.parametrize("folder", ["c4", "openwebtext", "refinedweb"])
def test_schema_is_that_of_published_shards(shared_data: Path, sample: Path, folder: str) -> None:
    """Keys, types and file names of the real layouts, as real shards have them."""
    pattern = {"c4": "*of*.json.gz", "openwebtext": "*_data.xz", "refinedweb": "train-*.parquet"}[folder]
    theirs, ours = (sorted((root / folder).glob(pattern))[0] for root in (shared_data, sample))
    if folder == "refinedweb":
        assert {f.name: str(f.type).replace("element", "item") for f in pq.read_schema(theirs)} == {
            f.name: str(f.type).replace("element", "item") for f in pq.read_schema(ours)
        }
    elif folder == "c4":
        rows = [json.loads(gzip.decompress(path.read_bytes()).splitlines()[0]) for path in (theirs, ours)]
        assert list(rows[0]) == list(rows[1])
    else:
        names = []
        for path in (theirs, ours):
            with tarfile.open(path) as tar:
                names.append(tar.getnames()[0])
        assert [re.sub(r"[0-9a-f]{32}", "md5", name) for name in names] == ["0000000-md5.txt"] * 2
