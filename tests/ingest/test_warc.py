"""WARC, ARC and WET: every record once, in warcio's count, and a new start after every damage."""

from __future__ import annotations

import gzip
import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_shards import COMPRESS, errors, kinds, page, read, texts, warc, wet
from warcio.archiveiterator import ArchiveIterator

from daybreak.errors import InputError

PAGES = [page(number) for number in range(8)]
STORED = warc(PAGES)
reuse = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def save(folder: Path, data: bytes, name: str = "a.warc.gz") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def payloads(rows: list[dict[str, object]]) -> list[object]:
    return [row["payload"] for row in rows if row["payload"] is not None and row["error"] is None]


def starts(data: bytes) -> list[int]:
    """Where warcio finds each record of a file."""
    iterator = ArchiveIterator(io.BytesIO(data))
    return [iterator.get_record_offset() for record in iterator if record.content_stream().read() is not None]


def test_pages_dates_addresses_and_offsets_are_those_of_warcio(tmp_path: Path) -> None:
    rows = read("commoncrawl_warc", save(tmp_path, STORED))
    assert kinds(rows) == ["record_type"] + ["document"] * 8
    assert payloads(rows) == PAGES
    assert [row["offset"] for row in rows] == starts(STORED)
    assert rows[3]["url"] == "http://example.org/2"
    assert (rows[3]["timestamp"], rows[3]["mime"], rows[3]["charset"]) == (
        "2024-05-18T01:58:10Z",
        "text/html",
        "utf-8",
    )
    one = STORED[rows[3]["offset"] :][: rows[3]["length"]]
    assert PAGES[2] in gzip.decompress(one)


@pytest.mark.parametrize("codec", COMPRESS)
def test_one_member_for_all_records_and_misleading_names_are_no_hindrance(tmp_path: Path, codec: str) -> None:
    rows = read("commoncrawl_warc", save(tmp_path, COMPRESS[codec](warc(PAGES, gzipped=False))))
    assert payloads(rows) == PAGES
    assert len({row["offset"] for row in rows}) == 9


def test_records_may_span_members(tmp_path: Path) -> None:
    plain = warc(PAGES, gzipped=False)
    blocks = b"".join(gzip.compress(plain[at : at + 700]) for at in range(0, len(plain), 700))
    assert payloads(read("commoncrawl_warc", save(tmp_path, blocks))) == PAGES


@reuse
@given(cut=st.integers(1, len(STORED) - 1))
def test_a_cut_anywhere_keeps_the_records_before_it(tmp_path: Path, cut: int) -> None:
    rows = read("commoncrawl_warc", save(tmp_path, STORED[:cut])) if cut > 2 else []
    ends = [*starts(STORED)[1:], len(STORED)]
    whole = sum(end <= cut for end in ends)
    if cut > 2:
        assert payloads(rows) == PAGES[: max(whole - 1, 0)]
        assert len(errors(rows)) == (cut not in ends)
        assert sum(row["length"] for row in rows) == cut


@reuse
@given(flips=st.integers(0, 2**32))
def test_flipped_bits_cost_their_own_member_and_no_other(tmp_path: Path, flips: int) -> None:
    chance, bounds = random.Random(flips), [*starts(STORED), len(STORED)]
    victim = chance.randrange(1, 9)
    stored = bytearray(STORED)
    stored[chance.randrange(bounds[victim] + 10, bounds[victim + 1])] ^= 1 << chance.randrange(8)
    rows = read("commoncrawl_warc", save(tmp_path, bytes(stored)))
    others = PAGES[: victim - 1] + PAGES[victim:]
    assert [body for body in payloads(rows) if body != PAGES[victim - 1]] == others
    assert len(rows) == 9
    if payloads(rows) != PAGES:  # a flip among deflate's padding bits changes nothing
        assert len(errors(rows)) == 1
        assert errors(rows)[0].startswith("The gzip")


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("wrong", [b"7", b"99999", b"999999999999", b"abc", b"-5", b""])
def test_a_wrong_content_length_costs_one_record(tmp_path: Path, gzipped: bool, wrong: bytes) -> None:
    records = warc(PAGES, gzipped=False).split(b"WARC/1.0\r\n")
    head, _, body = records[4].partition(b"\r\n\r\n")
    length = head.split(b"Content-Length: ")[1].split(b"\r\n")[0]
    records[4] = head.replace(b"Content-Length: " + length, b"Content-Length: " + wrong) + b"\r\n\r\n" + body
    parts = [b"WARC/1.0\r\n" + record for record in records[1:]]
    rows = read("commoncrawl_warc", save(tmp_path, b"".join(map(gzip.compress, parts) if gzipped else parts)))
    assert kinds(rows) == ["record_type", "document", "document", "error"] + ["document"] * 5
    assert payloads(rows) == PAGES[:2] + PAGES[3:]
    assert "Content-Length" in errors(rows)[0]
    assert PAGES[2] in rows[3]["payload"] and PAGES[3] not in rows[3]["payload"]


def test_garbage_between_records_is_one_error(tmp_path: Path) -> None:
    members = [STORED[: starts(STORED)[3]], random.Random(5).randbytes(5000), STORED[starts(STORED)[3] :]]
    rows = read("commoncrawl_warc", save(tmp_path, b"".join(members)))
    assert payloads(rows) == PAGES
    assert (len(errors(rows)), sum(row["length"] for row in rows)) == (1, len(b"".join(members)))


def test_a_record_past_the_limit_is_an_error_and_is_passed_over(tmp_path: Path) -> None:
    big = b"<html>" + b"a" * (3 << 20) + b"</html>"
    rows = read("commoncrawl_warc", save(tmp_path, warc([PAGES[0], big, PAGES[1]])), max_record_bytes=1 << 20)
    assert kinds(rows) == ["record_type", "document", "error", "document"]
    assert len(rows[2]["payload"]) == 1 << 20


def test_other_records_are_rows_with_the_rule_that_dropped_them(tmp_path: Path) -> None:
    data = warc([b"gone"], status="404 Not Found") + warc(
        [b"%PDF-1.4"], headers=[("Content-Type", "application/pdf")]
    )
    rows = read("commoncrawl_warc", save(tmp_path, data))
    assert kinds(rows) == ["record_type", "http_status", "record_type", "mime"]
    assert [row["payload"] for row in rows] == [None] * 4


def test_an_arc_file_is_read_and_resynchronised(tmp_path: Path) -> None:
    def record(number: int, length: int | None = None) -> bytes:
        block = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGES[number]
        head = f"http://example.org/{number} 10.0.0.1 20080430204826 text/html {length or len(block)}\n"
        return head.encode() + block + b"\n"

    version = b"1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n\n"
    first = f"filedesc://a.arc 0.0.0.0 20080430204825 text/plain {len(version)}\n".encode() + version
    data = first + record(0) + record(1, 5) + record(2) + record(3, 100_000) + record(4)
    rows = read("commoncrawl_warc", save(tmp_path, data))
    assert kinds(rows) == ["record_type", "document", "error", "document", "error", "document"]
    assert payloads(rows) == [PAGES[0], PAGES[2], PAGES[4]]
    assert (rows[1]["url"], rows[1]["timestamp"]) == ("http://example.org/0", "2008-04-30T20:48:26Z")


def test_what_is_no_archive_is_refused_and_an_empty_file_is_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no WARC or ARC record stands in it"):
        read("commoncrawl_warc", save(tmp_path, b"once upon a time\n" * 50_000))
    assert read("commoncrawl_warc", save(tmp_path, b"")) == []


def test_wet_gives_texts_and_languages_and_refuses_wat_by_name(tmp_path: Path) -> None:
    rows = read("commoncrawl_wet", save(tmp_path, wet(["Guten Tag", "日本語"])))
    assert kinds(rows) == ["record_type", "document", "document"]
    assert texts(rows) == ["Guten Tag", "日本語"]
    assert rows[1]["lang"] == "deu"
    plain = gzip.decompress(wet(["x"])).replace(b"WARC-Type: conversion", b"WARC-Type: metadata")
    with pytest.raises(InputError, match="it is WAT"):
        read("commoncrawl_wet", save(tmp_path, plain.replace(b"text/plain", b"application/json")))
    spoilt = gzip.decompress(wet(["caf\u00e9"])).replace("é".encode(), b"\xe9\xe9")
    assert "not valid UTF-8" in errors(read("commoncrawl_wet", save(tmp_path, spoilt)))[0]
