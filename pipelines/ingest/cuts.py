"""Where a large file is cut into spans: by what its layout allows, and by `ingest.unit_bytes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.archives import archive_spans
from pipelines.ingest.keyed import keyed_spans
from pipelines.ingest.lines import line_spans
from pipelines.ingest.parquet import group_spans
from pipelines.ingest.spans import Span
from pipelines.ingest.streams import open_file

Cut = Callable[[str, pa.NativeFile, int], list[Span]]
"""Path, open file and bytes a span to a file's spans: none for a file that stays whole, one of 'decoded' bytes
for a stream, whose further spans nobody knows beforehand."""

CUTS: Mapping[str, Cut] = {
    "commoncrawl_warc": archive_spans,
    "commoncrawl_wet": archive_spans,
    "commoncrawl_wat": archive_spans,
    "c4": line_spans,
    "the_pile": line_spans,
    "oscar": line_spans,
    "refinedweb": group_spans,
    "fineweb": keyed_spans,
    "dolma": keyed_spans,
    "dclm": keyed_spans,
    "the_stack": keyed_spans,
    "jsonl": line_spans,
    "parquet": group_spans,
}
"""Layouts whose reader takes a `part`; files of the others stay whole."""


def cut(layout: str, path: str, filesystem: fs.FileSystem | None, length: int) -> list[Span]:
    """The spans of a file of more than `length` stored bytes; none where it is to be read whole.

    Raises InputError where the file cannot be opened.
    """
    if layout not in CUTS:
        return []
    with open_file(path, filesystem) as file:
        found = CUTS[layout](path, file, length) if file.size() > length else []
    return found if len(found) > 1 or (found and found[0].measure == "decoded") else []
