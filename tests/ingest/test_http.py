"""Stored HTTP responses: codings undone, broken ones named, bombs refused, bodies stored decoded kept."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import brotli
import pytest
import zstandard
from ingest_shards import errors, kinds, page, read, warc

from pipelines.ingest.http import decode_body, parse_response

BODY = page(1)
CHUNKED = b"5\r\n" + BODY[:5] + b"\r\n%x\r\n" % len(BODY[5:]) + BODY[5:] + b"\r\n0\r\n\r\n"
DEFLATED = zlib.compress(BODY)


def decoded(body: bytes, partial: bool = False, limit: int = 1 << 20, **fields: str) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    response = parse_response(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body)
    return decode_body(response, partial, limit)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", DEFLATED),
        ("deflate", DEFLATED[2:-4]),
        ("br", brotli.compress(BODY)),
        ("zstd", zstandard.compress(BODY)),
        ("identity", BODY),
        ("deflate, gzip", gzip.compress(DEFLATED, mtime=0)),
        ("gzip", BODY),
        ("br", BODY),
    ],
)
def test_every_content_coding_is_undone(coding: str, body: bytes) -> None:
    assert decoded(body, Content_Encoding=coding) == BODY


def test_chunks_are_joined_before_the_content_is_decoded() -> None:
    assert decoded(CHUNKED, Transfer_Encoding="chunked") == BODY
    assert decoded(BODY, Transfer_Encoding="chunked") == BODY
    packed = gzip.compress(BODY, mtime=0)
    chunk = b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    assert decoded(chunk, Transfer_Encoding="chunked", Content_Encoding="gzip") == BODY


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(BODY, mtime=0)[:-9]), ("br", b"\xff\xfe\xff"), ("foo", b"x"), ("zstd", b"nope")],
)
def test_a_body_that_cannot_be_decoded_says_so(coding: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=f"cannot be decoded as {coding}"):
        decoded(body, Content_Encoding=coding)


def test_a_truncated_body_is_enough_where_the_record_says_that_it_is_truncated() -> None:
    packed = gzip.compress(BODY * 100, 0)
    assert BODY * 10 in decoded(packed[:-5000], partial=True, Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("br", partial(brotli.compress, quality=1)), ("zstd", zstandard.compress)],
)
def test_a_bomb_ends_at_the_limit(coding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="decodes to more than"):
        decoded(pack(bytes(30 << 20)), Content_Encoding=coding)


def test_a_broken_body_is_an_error_row_among_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    html = ("Content-Type", "text/html")
    path.write_bytes(
        warc([gzip.compress(BODY, mtime=0)[:-9]], headers=[html, ("Content-Encoding", "gzip")]) + warc([BODY])
    )
    rows = read("commoncrawl_warc", path)
    assert kinds(rows) == ["record_type", "error", "record_type", "document"]
    assert "cannot be decoded as gzip" in errors(rows)[0]
