"""Small shards by the real writers of each layout, and readers called as the pipeline calls them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from daybreak.schema import RAW
from pipelines.ingest import READERS


def _lz4(data: bytes) -> bytes:
    return pa.compress(data, codec="lz4", asbytes=True)


COMPRESS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "lz4": _lz4,
}


def read(layout: str, path: Path, batch_bytes: int = 4 << 20, **options: Any) -> list[dict[str, Any]]:
    """Every row of a file, each batch checked against the schema."""
    rows: list[dict[str, Any]] = []
    for batch in READERS[layout](str(path), batch_bytes=batch_bytes, options=options):
        assert batch.schema == RAW
        batch.validate(full=True)
        rows += batch.to_pylist()
    offsets = [row["offset"] for row in rows]
    assert offsets == sorted(offsets)
    return rows


def texts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [row["text"] for row in rows if row["error"] is None and row["drop"] is None]


def errors(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [row["error"] for row in rows if row["error"]]


def kinds(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of each row: 'error', the rule that dropped it, or 'document'."""
    return ["error" if row["error"] else row["drop"] or "document" for row in rows]


def page(number: int) -> bytes:
    return (
        f"<html><body><p>Page {number} says something of its own: {number * 7919}.</p></body></html>".encode()
    )


def warc(
    pages: Sequence[bytes],
    gzipped: bool = True,
    status: str = "200 OK",
    headers: Sequence[tuple[str, str]] = (("Content-Type", "text/html; charset=utf-8"),),
) -> bytes:
    """A WARC file with a warcinfo record and one response a page, by warcio."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gzipped)
    info = writer.create_warcinfo_record("a.warc.gz", {"software": "test"})
    info.rec_headers.replace_header("WARC-Date", "2024-05-18T01:58:10Z")
    info.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{2**100:032x}>")
    writer.write_record(info)
    for number, body in enumerate(pages):
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        date = {"WARC-Date": "2024-05-18T01:58:10Z", "WARC-Record-ID": f"<urn:uuid:{number:032x}>"}
        writer.write_record(
            writer.create_warc_record(
                f"http://example.org/{number}",
                "response",
                io.BytesIO(body),
                http_headers=http,
                warc_headers_dict=date,
            )
        )
    return out.getvalue()


def wet(pages: Sequence[str]) -> bytes:
    """A WET file with a warcinfo record and one conversion record a text, by warcio."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    writer.write_record(writer.create_warcinfo_record("a.warc.wet.gz", {"software": "test"}))
    for number, text in enumerate(pages):
        fields = {"WARC-Date": "2024-05-18T01:58:10Z", "WARC-Identified-Content-Language": "deu,eng"}
        writer.write_record(
            writer.create_warc_record(
                f"http://example.org/{number}",
                "conversion",
                io.BytesIO(text.encode()),
                warc_content_type="text/plain",
                warc_headers_dict=fields,
            )
        )
    return out.getvalue()


def tar(files: Mapping[str, bytes], kind: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def raw_batch(rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """A RAW batch of the given fields; the rest null, offsets counted."""
    full = [{"offset": number, "length": 1, "n_raw": 1, **row} for number, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(full, schema=RAW)
