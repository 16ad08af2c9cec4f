"""C4 and mC4 as AllenAI publishes them (huggingface.co/datasets/allenai/c4): json.gz with text, timestamp, url."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.jsonl import read_json_lines
from pipelines.ingest.keys import Fields
from pipelines.ingest.spans import Part

LANGUAGE = re.compile(r"c4-([a-z]{2,3}(?:-[A-Z][a-z]{3})?)(?:-validation)?\.tfrecord-[^/]*$")
"""mC4 names a shard by its language: c4-bg-Latn.tfrecord-00000-of-00004.json.gz; C4 by its split."""


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one shard; the language of mC4 is that of the file's name. No options."""
    named = LANGUAGE.search(path)
    describe = partial(_describe, lang=named[1] if named else None)
    return read_json_lines(path, filesystem, batch_bytes, "text", describe, part)


def _describe(document: dict[str, Any], lang: str | None) -> Fields:
    return Fields(url=document.get("url"), timestamp=document.get("timestamp"), lang=lang)
