"""Common Crawl's layouts, WARC/1.0 and WET, written with warcio: one gzip member a record."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from daybreak.sample.documents import Document, Page, digest, fraction, timestamp_of
from daybreak.sample.languages import ISO_639_3
from daybreak.sample.manifest import Shard

LEGACY_CHARSETS = {
    "ru": "windows-1251", "bg": "windows-1251", "uk": "windows-1251", "ja": "shift_jis", "ko": "euc-kr",
    "zh": "gb18030", "el": "iso-8859-7", "he": "windows-1255", "ar": "windows-1256", "th": "tis-620",
    "pl": "iso-8859-2", "cs": "iso-8859-2", "hu": "iso-8859-2", "tr": "iso-8859-9", "de": "iso-8859-1",
    "fr": "iso-8859-1", "es": "iso-8859-1", "it": "iso-8859-1", "pt": "iso-8859-1", "nl": "windows-1252",
}  # fmt: skip
LEGACY_SHARE = 1 / 3
INFO = {
    "software": "daybreak sample",
    "isPartOf": "DAYBREAK-SAMPLE",
    "description": "Text of installed packages in the layout of a crawl",
    "format": "WARC File Format 1.0",
}


@dataclass(frozen=True)
class Exchange:
    """One fetch: what was asked for, and what the server answered."""

    url: str
    timestamp: str
    status: str
    mime: str
    charset: str | None
    body: bytes
    lang: str

    @property
    def is_document(self) -> bool:
        """Whether a reader of pages keeps it: fetched well, and HTML or plain text."""
        return self.status == "200 OK" and self.mime in {"text/html", "text/plain"}


def fetch(page: Page) -> Exchange:
    """A page as a server sends it: one in three in its language's legacy charset, told by header or meta."""
    legacy = fraction(page.origin, "charset") < LEGACY_SHARE
    charset = LEGACY_CHARSETS.get(page.lang, "utf-8") if legacy and "{charset}" in page.html else "utf-8"
    body = page.html.replace("{charset}", charset).encode(charset, errors="xmlcharrefreplace")
    told = charset if fraction(page.origin, "told") < 0.7 else None
    return Exchange(page.url, page.timestamp, "200 OK", "text/html", told, body, page.lang)


def record_id(*parts: str) -> str:
    """A WARC-Record-ID that depends on the parts alone."""
    return f"<urn:uuid:{uuid.UUID(bytes=digest('warc', *parts)[:16], version=5)}>"


def _headers(record_type: str, url: str, timestamp: str, **more: str) -> dict[str, str]:
    ids = {"WARC-Date": timestamp, "WARC-Record-ID": record_id(record_type, url)}
    return ids | {f"WARC-{name.replace('_', '-')}": value for name, value in more.items()}


def _stored(record: ArcWarcRecord, gzip: bool) -> bytes:
    buffer = BytesIO()
    WARCWriter(buffer, gzip=gzip).write_record(record)
    return buffer.getvalue()


def _plain(record_type: str, url: str, headers: dict[str, str], body: bytes, mime: str, gzip: bool) -> bytes:
    record = WARCWriter(BytesIO()).create_warc_record(
        url, record_type, BytesIO(body), len(body), mime, warc_headers_dict=headers
    )
    return _stored(record, gzip)


def warcinfo(filename: str, gzip: bool = True) -> bytes:
    """The record that opens a file."""
    body = "".join(f"{name}: {value}\r\n" for name, value in INFO.items()).encode()
    headers = _headers("warcinfo", filename, timestamp_of(filename), Filename=filename)
    return _plain("warcinfo", "", headers, body, "application/warc-fields", gzip)


def request(exchange: Exchange, gzip: bool = True) -> bytes:
    """The request record of a fetch."""
    parts = urlsplit(exchange.url)
    fields = [
        ("User-Agent", "CCBot/2.0 (https://commoncrawl.org/faq/)"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Host", parts.netloc),
        ("Connection", "Keep-Alive"),
    ]
    head = StatusAndHeaders(f"GET {parts.path or '/'} HTTP/1.1", fields, is_http_request=True)
    headers = _headers("request", exchange.url, exchange.timestamp)
    record = WARCWriter(BytesIO()).create_warc_record(
        exchange.url, "request", http_headers=head, warc_headers_dict=headers
    )
    return _stored(record, gzip)


def response(exchange: Exchange, gzip: bool = True) -> bytes:
    """The response record of a fetch: HTTP status, headers and body."""
    mime = f"{exchange.mime}; charset={exchange.charset}" if exchange.charset else exchange.mime
    fields = [("Server", "nginx"), ("Content-Type", mime), ("Content-Length", str(len(exchange.body)))]
    if exchange.status.startswith("3"):
        fields.append(("Location", exchange.url + "/"))
    head = StatusAndHeaders(exchange.status, fields, protocol="HTTP/1.1")
    asked = record_id("request", exchange.url)
    headers = _headers("response", exchange.url, exchange.timestamp, Concurrent_To=asked)
    headers["WARC-Identified-Payload-Type"] = exchange.mime
    record = WARCWriter(BytesIO()).create_warc_record(
        exchange.url,
        "response",
        BytesIO(exchange.body),
        len(exchange.body),
        http_headers=head,
        warc_headers_dict=headers,
    )
    return _stored(record, gzip)


def metadata(exchange: Exchange) -> bytes:
    """The metadata record that follows a response in Common Crawl."""
    time = int(fraction(exchange.url, "time") * 900) + 20
    body = f"fetchTimeMs: {time}\r\ncharset-detected: {exchange.charset or 'utf-8'}\r\n".encode()
    answered = record_id("response", exchange.url)
    headers = _headers("metadata", exchange.url, exchange.timestamp, Concurrent_To=answered)
    return _plain("metadata", exchange.url, headers, body, "application/warc-fields", gzip=True)


def conversion(document: Document, gzip: bool = True) -> bytes:
    """A WET record: the page's plain text, with the languages found in it."""
    headers = _headers(
        "conversion",
        document.url,
        document.timestamp,
        Refers_To=record_id("response", document.url),
        Identified_Content_Language=ISO_639_3[document.lang],
    )
    return _plain("conversion", document.url, headers, document.text.encode(), "text/plain", gzip)


def write_warc(path: Path, name: str, exchanges: Sequence[Exchange]) -> Shard:
    """A .warc.gz: warcinfo, then request, response and metadata of each exchange."""
    records = [warcinfo(path.name)]
    for exchange in exchanges:
        records += [request(exchange), response(exchange), metadata(exchange)]
    path.write_bytes(b"".join(records))
    pages = [exchange for exchange in exchanges if exchange.is_document]
    return Shard(
        name,
        "warc",
        len(records),
        len(pages),
        sum(len(p.body) for p in pages),
        dict(Counter(p.lang for p in pages)),
    )


def write_wet(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """A .warc.wet.gz: warcinfo, then one conversion record a page."""
    path.write_bytes(b"".join([warcinfo(path.name), *map(conversion, documents)]))
    size = sum(document.size for document in documents)
    return Shard(
        name, "wet", len(documents) + 1, len(documents), size, dict(Counter(d.lang for d in documents))
    )
