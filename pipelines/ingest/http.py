"""HTTP responses as crawlers store them: status, header fields, and the body with its codings undone."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastwarc.stream_io import BrotliReader, ChunkedReader, ZstdReader

from pipelines.ingest.frames import header_fields

MAX_BODY = 64 << 20
"""Longest body after decoding, bytes: a compression bomb ends here."""

HEADER = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})[^\r\n]*\r?\n((?:[^\r\n]+\r?\n)*)\r?\n?")
RESERVING = re.compile(rb"^(x-robots-tag|tdm-reservation|tdm-policy):([^\r\n]*)", re.M | re.I)
"""Robots directives, and the TDM Reservation Protocol (W3C community group report, 2024)."""
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")


@dataclass(frozen=True, slots=True)
class Response:
    """A stored response: status code, header fields (lower-case names), body as it was transferred.

    reserved: the fields by which a server reserves uses of the page (see `RESERVING`), all values of each.
    """

    status: int
    fields: Mapping[str, str]
    body: bytes
    reserved: Mapping[str, str]


def parse_response(block: bytes) -> Response:
    """Split a response into its parts; raises ValueError where it starts with no HTTP status line."""
    found = HEADER.match(block)
    if found is None:
        raise ValueError("The response does not start with an HTTP status line")
    return Response(int(found[1]), header_fields(found[2]), block[found.end() :], _reserving(found[2]))


def _reserving(head: bytes) -> dict[str, str]:
    """The header fields in `RESERVING`, under names with underscores; repeated ones joined with commas."""
    values: dict[str, str] = {}
    for name, value in RESERVING.findall(head):
        key = name.decode().lower().replace("-", "_")
        values[key] = ", ".join(filter(None, (values.get(key), value.decode(errors="replace").strip())))
    return values


def decode_body(response: Response, partial: bool = False, limit: int = MAX_BODY) -> bytes:
    """Undo Transfer-Encoding and Content-Encoding (RFC 9112, 7; RFC 9110, 8.4).

    A body that cannot be decoded but begins as markup was stored decoded, under its old header: it is
    returned as it is. `partial`: what a truncated body decodes to is enough. Raises ValueError where a
    coding is unknown or broken, or the result would exceed `limit` bytes.
    """
    body = response.body
    for coding in _codings(response.fields):
        try:
            body = _decoded(coding, body, partial, limit)
        except (OSError, zlib.error, EOFError) as error:
            if not MARKUP.match(body):
                raise ValueError(f"The body cannot be decoded as {coding}: {error}") from None
    return body


def _codings(fields: Mapping[str, str]) -> list[str]:
    """The codings in the order in which they are undone."""
    declared = [fields.get("transfer-encoding", ""), fields.get("content-encoding", "")]
    return [
        name
        for value in declared
        for coding in reversed(value.lower().split(","))
        if (name := coding.strip()) and name not in ("identity", "none", "binary", "8bit", "utf-8")
    ]


def _decoded(coding: str, body: bytes, partial: bool, limit: int) -> bytes:
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, 31, partial, limit)
    if coding == "deflate":  # RFC 9110 means zlib's format; many servers send it bare
        return _inflate(body, 15 if body[:1] and body[0] & 0x0F == 8 else -15, partial, limit)
    readers: dict[str, Callable[[io.BytesIO], BrotliReader | ChunkedReader | ZstdReader]] = {
        "br": BrotliReader,
        "zstd": ZstdReader,
        "chunked": ChunkedReader,
    }
    if coding not in readers:
        raise OSError("the coding is unknown")
    return _read(readers[coding](io.BytesIO(body)), partial, limit)


def _inflate(body: bytes, wbits: int, partial: bool, limit: int) -> bytes:
    inner = zlib.decompressobj(wbits)
    decoded = inner.decompress(body, limit + 1)
    if len(decoded) > limit:
        raise ValueError(f"The body decodes to more than {limit} bytes")
    if not inner.eof and not partial and body:
        raise EOFError("it is truncated")
    return decoded


def _read(reader: BrotliReader | ChunkedReader | ZstdReader, partial: bool, limit: int) -> bytes:
    decoded = bytearray()
    try:
        while block := reader.read(256 << 10):
            decoded += block
            if len(decoded) > limit:
                raise ValueError(f"The body decodes to more than {limit} bytes")
    except OSError:
        if not (partial and decoded):
            raise
    return bytes(decoded)
