"""Writers of the layouts beside Common Crawl's: C4, The Pile, OpenWebText, OSCAR 23.01, RefinedWeb."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from daybreak.sample.documents import Document
from daybreak.sample.languages import ISO_639_3
from daybreak.sample.manifest import Shard
from daybreak.sample.warc import record_id

REFINEDWEB = pa.schema(
    [
        ("content", pa.string()),
        ("url", pa.string()),
        ("timestamp", pa.timestamp("ms")),
        ("dump", pa.string()),
        ("segment", pa.string()),
        ("image_urls", pa.list_(pa.list_(pa.string()))),
    ]
)


def line(row: dict[str, Any]) -> bytes:
    """One JSON line in UTF-8."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def c4_row(document: Document) -> dict[str, Any]:
    """A row of C4 (Raffel et al. 2020) as published in JSON."""
    return {"text": document.text, "timestamp": document.timestamp, "url": document.url}


def pile_row(document: Document) -> dict[str, Any]:
    """Source code counts as Github, all else as Pile-CC (Gao et al. 2020, table 1)."""
    subset = "Github" if document.origin.endswith("#source") else "Pile-CC"
    return {"text": document.text, "meta": {"pile_set_name": subset}}


def oscar_row(document: Document) -> dict[str, Any]:
    """A document of OSCAR 23.01; the language is the catalogue's own, so its probability is 1."""
    data = document.text.encode()
    said = {"label": document.lang, "prob": 1.0}
    headers = {
        "warc-type": "conversion",
        "warc-target-uri": document.url,
        "warc-date": document.timestamp,
        "warc-record-id": record_id("conversion", document.url),
        "warc-refers-to": record_id("response", document.url),
        "warc-block-digest": "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode(),
        "warc-identified-content-language": ISO_639_3[document.lang],
        "content-type": "text/plain",
        "content-length": str(len(data)),
    }
    metadata = {
        "identification": said,
        "harmful_pp": None,
        "tlsh": None,
        "quality_warnings": None,
        "categories": None,
        "sentence_identifications": [said] * (document.text.count("\n") + 1),
    }
    return {"content": document.text, "warc_headers": headers, "metadata": metadata}


def refinedweb_row(document: Document) -> dict[str, Any]:
    """A row of RefinedWeb; texts have no pictures, so `image_urls` is empty."""
    moment = datetime.strptime(document.timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return {
        "content": document.text,
        "url": document.url,
        "timestamp": moment.replace(tzinfo=None),
        "dump": "CC-MAIN-2025-05",
        "segment": "1736703361941.29",
        "image_urls": [],
    }


def gzipped(data: bytes) -> bytes:
    """gzip with no time in its header, so that equal data give equal bytes."""
    return gzip.compress(data, compresslevel=6, mtime=0)


def zstandardised(data: bytes) -> bytes:
    """One zstd frame."""
    return zstandard.ZstdCompressor(level=6).compress(data)


def shard(name: str, layout: str, documents: Sequence[Document]) -> Shard:
    """The manifest's entry of a file that holds these documents and nothing else."""
    size = sum(document.size for document in documents)
    languages = dict(sorted(Counter(document.lang for document in documents).items()))
    return Shard(name, layout, len(documents), len(documents), size, languages)


def write_c4(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """c4-train.*.json.gz: text, timestamp, url."""
    path.write_bytes(gzipped(b"".join(line(c4_row(document)) for document in documents)))
    return shard(name, "c4", documents)


def write_pile(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """train/NN.jsonl.zst: text, meta.pile_set_name."""
    path.write_bytes(zstandardised(b"".join(line(pile_row(document)) for document in documents)))
    return shard(name, "pile", documents)


def write_oscar(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """<lang>_meta/<lang>_meta_part_N.jsonl.zst: content, warc_headers, metadata."""
    path.write_bytes(zstandardised(b"".join(line(oscar_row(document)) for document in documents)))
    return shard(name, "oscar", documents)


def write_openwebtext(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """urlsf_subsetNN-N_data.xz: a tar of one text file a document, in xz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for number, document in enumerate(documents):
            data = document.text.encode()
            member = tarfile.TarInfo(f"{number:07d}-{hashlib.md5(data).hexdigest()}.txt")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    path.write_bytes(lzma.compress(buffer.getvalue(), preset=3))
    return shard(name, "openwebtext", documents)


def write_refinedweb(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """train-*.parquet, Snappy: content, url, timestamp, dump, segment, image_urls."""
    table = pa.Table.from_pylist([refinedweb_row(document) for document in documents], schema=REFINEDWEB)
    pq.write_table(table, path, compression="snappy")
    return shard(name, "refinedweb", documents)
