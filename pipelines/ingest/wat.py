"""Common Crawl's WAT files: what a crawl knows of each page, as JSON, without the page.

Layout (commoncrawl.org/get-started; github.com/iipc/webarchive-commons): WARC with a metadata record for every
record of the WARC file, Envelope.WARC-Header-Metadata and Envelope.Payload-Metadata.HTTP-Response-Metadata with
Response-Message, Headers, HTML-Metadata (Head, Links).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.archives import records
from pipelines.ingest.frames import MAX_RECORD, Frame
from pipelines.ingest.jsonl import parse
from pipelines.ingest.keys import lookup
from pipelines.ingest.rows import Row, batches, broken, iso_utc, json_object, string_or_none
from pipelines.ingest.spans import Part
from pipelines.ingest.warc import dropped, judge

WARC = "Envelope.WARC-Header-Metadata"
HTTP = "Envelope.Payload-Metadata.HTTP-Response-Metadata"
HTML = HTTP + ".HTML-Metadata"
DESCRIPTIONS = ("description", "og:description", "dcterms.description")


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one WAT file: a document is a page's title and its meta description, a blank line between.

    The number of links, canonical URL, HTTP status and record stand in the metadata. Records of requests and
    the like are rows with drop 'record_type', pages with neither title nor description 'no_text'. Option:
    max_record_bytes (64 MiB). Raises InputError where the file cannot be opened or holds no record.
    """
    limit = options.get("max_record_bytes", MAX_RECORD)
    found = records(path, filesystem, partial(judge, path), limit, part)
    yield from batches(map(_row, found), batch_bytes)


def _row(frame: Frame) -> Row:
    if frame.error:
        return broken(frame.offset, frame.length, frame.error, frame.block)
    if not frame.fields.get("content-type", "").lower().startswith("application/json"):
        return dropped(frame, "record_type")
    try:
        page = parse(frame.block)
    except ValueError as error:
        why = str(error).replace("The line", "The record", 1)
        return broken(frame.offset, frame.length, why, frame.block)
    if lookup(page, f"{WARC}.WARC-Type") != "response":
        return dropped(frame, "record_type")
    return _document(frame, page)


def _document(frame: Frame, page: Mapping[str, Any]) -> Row:
    title, description = _title(page), _description(page)
    text = "\n\n".join(part for part in (title, description) if part)
    metadata = {
        "title": title,
        "description": description,
        "links": len(links) if isinstance(links := lookup(page, f"{HTML}.Links"), list) else 0,
        "canonical_url": _canonical(page),
        "http_status": lookup(page, f"{HTTP}.Response-Message.Status"),
        "record_id": lookup(page, f"{WARC}.WARC-Record-ID"),
    }
    return Row(
        frame.offset,
        frame.length,
        url=string_or_none(lookup(page, f"{WARC}.WARC-Target-URI")),
        timestamp=iso_utc(lookup(page, f"{WARC}.WARC-Date")),
        text=text or None,
        mime="text/plain",
        metadata=json_object(metadata),
        n_raw=len(frame.block),
        drop=None if text else "no_text",
    )


def _title(page: Mapping[str, Any]) -> str | None:
    title = lookup(page, f"{HTML}.Head.Title")
    return title.strip() or None if isinstance(title, str) else None


def _description(page: Mapping[str, Any]) -> str | None:
    """The content of the first meta element that describes the page."""
    for meta in _objects(page, "Metas"):
        name, content = meta.get("name") or meta.get("property"), meta.get("content")
        if str(name).lower() in DESCRIPTIONS and isinstance(content, str) and content.strip():
            return content.strip()
    return None


def _canonical(page: Mapping[str, Any]) -> object:
    found = (link.get("url") for link in _objects(page, "Link") if link.get("rel") == "canonical")
    return next(found, None)


def _objects(page: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The JSON objects in a list of the page's head; the crawler's JSON holds other things too."""
    found = lookup(page, f"{HTML}.Head.{key}")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
