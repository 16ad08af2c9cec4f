"""DCLM-baseline (Li et al. 2024, arXiv 2406.11794): jsonl.zst, or Parquet; a page a line with its WARC headers.

Keys (huggingface.co/datasets/mlfoundations/dclm-baseline-1.0): text, url, metadata (WARC-Date, WARC-Record-ID,
...), warcinfo, language_id_whole_page_fasttext.en, previous_word_count, bff_contained_ngram_count_before_dedupe,
and the classifier's probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.keyed import read_keyed
from pipelines.ingest.keys import Keys
from pipelines.ingest.spans import Part

CLASSIFIER = "fasttext_openhermes_reddit_eli5_vs_rw_v2_bigram_200k_train_prob"
KEYS = Keys(
    url=("url", "metadata.WARC-Target-URI"),
    timestamp=("metadata.WARC-Date",),
    metadata=("previous_word_count", "bff_contained_ngram_count_before_dedupe"),
    renamed={
        "record_id": ("metadata.WARC-Record-ID",),
        "truncated": ("metadata.WARC-Truncated",),
        "english": ("language_id_whole_page_fasttext.en",),
        "quality": (CLASSIFIER,),
    },
)


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read one shard of DCLM. No options."""
    return read_keyed(path, filesystem, batch_bytes, KEYS, part)
