"""DCLM-baseline (Li et al. 2024, arXiv 2406.11794): jsonl.zst, or Parquet; a page a line with its WARC headers.

Keys (huggingface.co/datasets/mlfoundations/dclm-baseline-1.0): text, url, metadata (WARC-Date, WARC-Record-ID,
...), warcinfo, language_id_whole_page_fasttext.en, previous_word_count, bff_contained_ngram_count_before_dedupe,
and the classifier's probability.
"""

from __future__ import annotations

from pipelines.ingest.keyed import keyed_reader
from pipelines.ingest.keys import Keys

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

read = keyed_reader(KEYS)
"""Read one shard of DCLM. No options."""
