"""Common Crawl's WARC (ISO 28500:2017), and ARC before 2013: HTML responses and resources are documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import fs
from resiliparse.parse.encoding import detect_mime

from pipelines.ingest.archives import records
from pipelines.ingest.frames import MAX_RECORD, Frame, Frames
from pipelines.ingest.http import decode_body, parse_response
from pipelines.ingest.ranges import frames_at
from pipelines.ingest.rows import Row, batches, broken, iso_utc, json_object
from pipelines.ingest.spans import Part
from pipelines.ingest.streams import open_file, unreadable

HTML = ("text/html", "application/xhtml+xml")


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one WARC or ARC file, in any compression. Options: max_record_bytes (64 MiB); from a selection,
    `ranges` (offset, length) of the records to read, all others are passed over.

    `payload` is the HTML with HTTP's codings undone. Other records are rows with `drop`: 'record_type',
    'http_status' (not 200) or 'mime' (not HTML). Raises InputError where the file cannot be opened or holds
    no record.
    """
    limit = options.get("max_record_bytes", MAX_RECORD)
    if ranges := options.get("ranges"):
        with open_file(path, filesystem) as file:
            yield from batches(map(row_of, frames_at(file, ranges, limit)), batch_bytes)
        return
    found = records(path, filesystem, partial(judge, path), limit, part)
    yield from batches(map(row_of, found), batch_bytes)


def judge(path: str, frames: Frames, _: Frame) -> None:
    """Raise InputError for a file that begins with no record, unless it is damaged there."""
    if not frames.seen and not frames.damaged:
        raise unreadable(path, "no WARC or ARC record stands in it", "Check the source's paths and layout")


def row_of(frame: Frame) -> Row:
    """The row of one record; what is wrong with its HTTP message becomes the row's `error`."""
    if frame.error:
        return broken(frame.offset, frame.length, frame.error, frame.block)
    kind = frame.fields.get("warc-type", "").lower()
    if kind not in ("response", "resource"):
        return dropped(frame, "record_type")
    try:
        if frame.fields.get("content-type", "").lower().startswith("application/http"):
            return _http_row(frame)
    except ValueError as error:
        return broken(frame.offset, frame.length, str(error), frame.block)
    return _html_row(frame, frame.block, frame.fields.get("content-type", ""), {})


def dropped(frame: Frame, rule: str, mime: str | None = None) -> Row:
    """The row of a record that is no document: where it stands and why, without its content."""
    url, date = target(frame.fields), iso_utc(frame.fields.get("warc-date"))
    return Row(
        frame.offset, frame.length, url=url, timestamp=date, mime=mime, n_raw=len(frame.block), drop=rule
    )


def target(fields: Mapping[str, str]) -> str | None:
    """WARC-Target-URI without the angle brackets that wget adds, spaces encoded; None where absent."""
    return fields.get("warc-target-uri", "").strip("<> ").replace(" ", "%20") or None


def _http_row(frame: Frame) -> Row:
    response = parse_response(frame.block)
    if response.status != 200:
        return dropped(frame, "http_status")
    declared = response.fields.get("content-type", "")
    mime = _mime(frame.fields, declared)
    if mime and mime not in HTML:
        return dropped(frame, "mime", mime)
    body = decode_body(response, partial="warc-truncated" in frame.fields)
    return _html_row(frame, body, declared, {"http_status": response.status, **response.reserved})


def _mime(fields: Mapping[str, str], declared: str) -> str:
    """The type that the crawler identified, else the one that the server declared, without parameters."""
    identified = fields.get("warc-identified-payload-type") or declared
    return identified.partition(";")[0].strip().lower()


def _html_row(frame: Frame, body: bytes, declared: str, told: Mapping[str, object]) -> Row:
    mime = _mime(frame.fields, declared) or detect_mime(body[:4096])
    if mime not in HTML:
        return dropped(frame, "mime", mime)
    metadata = {
        **told,
        "record_id": frame.fields.get("warc-record-id"),
        "truncated": frame.fields.get("warc-truncated"),
    }
    return Row(
        frame.offset,
        frame.length,
        url=target(frame.fields),
        timestamp=iso_utc(frame.fields.get("warc-date")),
        payload=body,
        mime=mime,
        charset=_charset(declared),
        metadata=json_object(metadata),
        n_raw=len(body),
    )


def _charset(content_type: str) -> str | None:
    parameters: Iterable[str] = content_type.split(";")[1:]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or None
    return None
