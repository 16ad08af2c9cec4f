"""OpenWebText (Gokaslan and Cohen 2019): xz of a tar of texts, a tar of those, or Parquet; OpenWebText2: jsonl.zst.

Parquet is the hub's form of it (huggingface.co/datasets/Skylion007/openwebtext): one column, text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.codecs import codec_of
from pipelines.ingest.jsonl import read_json_lines
from pipelines.ingest.keys import Fields, Keys, lookup
from pipelines.ingest.parquet import read_columns
from pipelines.ingest.rows import Row, batches, broken, json_object
from pipelines.ingest.streams import open_file, pieces, unreadable
from pipelines.ingest.tar import TAR_BLOCK, ByteStream, Member, is_tar, members


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read OpenWebText or OpenWebText2, told apart by content. No options.

    Offsets are in the decoded stream; for a tar of xz files, in their decoded streams laid end to end.
    """
    with open_file(path, filesystem) as file:
        if file.read(4) == b"PAR1":
            yield from read_columns(path, filesystem, batch_bytes, Keys())
            return
        stream = ByteStream(pieces(file))
        head = stream.read(TAR_BLOCK)
        if is_tar(head):
            yield from batches(_rows(stream, head, 0), batch_bytes)
            return
        damage = stream.damage
    if head.lstrip()[:1] not in (b"{", b"") and not damage:
        raise unreadable(path, "it holds neither a tar nor JSON Lines", "Check the source's paths and layout")
    yield from read_json_lines(path, filesystem, batch_bytes, "text", _describe)


def _describe(document: dict[str, Any]) -> Fields:
    kept = ("title", "domain", "word_count")
    metadata = {key: lookup(document, f"meta.{key}") for key in kept}
    return Fields(
        url=lookup(document, "meta.url"),
        lang=lookup(document, "meta.lang"),
        metadata=metadata | {"reddit_scores": document.get("reddit_scores")},
    )


def _rows(stream: ByteStream, head: bytes, base: int) -> Iterator[Row]:
    """Rows of a tar's texts; a file in it that is an archive itself is opened in turn."""
    for member in members(stream, head):
        if not member.error and codec_of(member.data[:16]):
            inner = ByteStream(_decoded(member))
            yield from _rows(inner, b"", base)
            base += inner.position
        else:
            yield _row(member, base)


def _decoded(member: Member) -> Iterator[Any]:
    return pieces(pa.BufferReader(member.data))


def _row(member: Member, base: int) -> Row:
    offset = base + member.offset
    if member.error:
        return broken(offset, member.size, member.error, member.data)
    try:
        text = member.data.decode()
    except UnicodeDecodeError as error:
        why = f"The file {member.name} is not valid UTF-8: {error.reason} at byte {error.start}"
        return broken(offset, member.size, why, member.data)
    return Row(offset, member.size, text=text, metadata=json_object({"name": member.name}), n_raw=member.size)
