"""The layouts that Daybreak reads, by the name that recipes use. A new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest import (
    arrow,
    c4,
    dclm,
    delimited,
    dolma,
    fineweb,
    gutenberg,
    huggingface,
    jsonl,
    openwebtext,
    oscar,
    parquet,
    refinedweb,
    text,
    the_pile,
    the_stack,
    warc,
    wat,
    wet,
)


class Reader(Protocol):
    """Reads one file into batches of `daybreak.schema.RAW`: every record once, in file order.

    A record that cannot be read is a row with `error`; a file that cannot be opened or understood raises
    `daybreak.errors.InputError`. Memory is flat in the file's size: a batch holds about `batch_bytes` of
    content. A reader that can read a span of a file alone takes `part` too, and has its place in CUTS.
    """

    def __call__(
        self,
        path: str,
        filesystem: fs.FileSystem | None = None,
        *,
        batch_bytes: int = 4 << 20,
        options: Mapping[str, Any],
    ) -> Iterator[pa.RecordBatch]:
        """Read the file at `path`."""
        ...


READERS: dict[str, Reader] = {
    "commoncrawl_warc": warc.read,
    "commoncrawl_wet": wet.read,
    "commoncrawl_wat": wat.read,
    "c4": c4.read,
    "the_pile": the_pile.read,
    "openwebtext": openwebtext.read,
    "oscar": oscar.read,
    "refinedweb": refinedweb.read,
    "fineweb": fineweb.read,
    "dolma": dolma.read,
    "dclm": dclm.read,
    "the_stack": the_stack.read,
    "gutenberg": gutenberg.read,
    "huggingface": huggingface.read,
    "jsonl": jsonl.read,
    "parquet": parquet.read,
    "arrow": arrow.read,
    "csv": delimited.read,
    "text": text.read,
}
