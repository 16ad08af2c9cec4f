"""Common Crawl's WET files: the text that Common Crawl extracted, one conversion record a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.archives import records
from pipelines.ingest.frames import MAX_RECORD, Frame, Frames
from pipelines.ingest.rows import Row, batches, broken, iso_utc, json_object
from pipelines.ingest.spans import Part
from pipelines.ingest.streams import unreadable
from pipelines.ingest.warc import dropped, judge, target


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one WET file. Option: max_record_bytes (64 MiB).

    Records that are no conversion are rows with drop 'record_type'. Raises InputError where the file cannot
    be opened, holds no record, or begins as WAT.
    """
    limit = options.get("max_record_bytes", MAX_RECORD)
    found = records(path, filesystem, partial(_judge, path), limit, part)
    yield from batches(map(_row, found), batch_bytes)


def _judge(path: str, frames: Frames, frame: Frame) -> None:
    judge(path, frames, frame)
    if _is_wat(frame.fields):
        raise unreadable(
            path,
            "it is WAT, metadata of pages without their text",
            "Give the .wet.gz or .warc.gz file, or read it as commoncrawl_wat",
        )


def _is_wat(fields: Mapping[str, str]) -> bool:
    kind, mime = fields.get("warc-type", ""), fields.get("content-type", "")
    return kind.lower() == "metadata" and mime.lower().startswith("application/json")


def _row(frame: Frame) -> Row:
    if frame.error:
        return broken(frame.offset, frame.length, frame.error, frame.block)
    if frame.fields.get("warc-type", "").lower() != "conversion":
        return dropped(frame, "record_type")
    try:
        text = frame.block.decode()
    except UnicodeDecodeError as error:
        why = f"The text is not valid UTF-8: {error.reason} at byte {error.start}"
        return broken(frame.offset, frame.length, why, frame.block)
    languages = frame.fields.get("warc-identified-content-language", "")
    metadata = {"record_id": frame.fields.get("warc-record-id"), "languages": languages or None}
    return Row(
        frame.offset,
        frame.length,
        url=target(frame.fields),
        timestamp=iso_utc(frame.fields.get("warc-date")),
        text=text,
        mime="text/plain",
        lang=languages.partition(",")[0].strip() or None,
        metadata=json_object(metadata),
        n_raw=len(frame.block),
    )
