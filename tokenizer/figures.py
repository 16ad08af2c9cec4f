"""How well a vocabulary fits a corpus: bytes per token, tokens per word, and how much of the vocabulary is
used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_WORD = r"[\pL\pM\pN]+"


def figures(batches: Iterable[pa.RecordBatch], vocab_size: int) -> dict[str, Any]:
    """Figures of batches with `lang`, `n_bytes`, `n_tokens`, `input_ids`, and `text` where fertility is
    wanted.

    `bytes_per_token` is UTF-8 bytes over tokens, `fertility` tokens over words (runs of letters, marks and
    digits; meaningless where a script puts no spaces), both with EOS counted; `vocabulary_used` is the
    share of ids that occur.
    """
    sums: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(4, np.int64))
    used = np.zeros(vocab_size, np.int64)
    for batch in batches:
        used += np.bincount(batch.column("input_ids").flatten().to_numpy(), minlength=vocab_size)
        for lang, *numbers in _by_language(batch):
            sums[lang or "unknown"] += numbers
    return {
        "vocab_size": vocab_size,
        "vocabulary_used": float(np.count_nonzero(used) / vocab_size),
        "all": _ratios(sum(sums.values(), np.zeros(4, np.int64))),
        "by_language": {lang: _ratios(sums[lang]) for lang in sorted(sums)},
    }


def _by_language(batch: pa.RecordBatch) -> Iterable[tuple[Any, ...]]:
    """(lang, documents, bytes, tokens, words) of one batch."""
    table = pa.table({name: batch.column(name) for name in ("lang", "n_bytes", "n_tokens")})
    if "text" in batch.schema.names:
        words = pc.count_substring_regex(batch.column("text"), _WORD)
    else:
        words = pa.array(np.zeros(batch.num_rows, np.int32))
    sums = (
        table.append_column("words", words)
        .group_by("lang")
        .aggregate([([], "count_all"), ("n_bytes", "sum"), ("n_tokens", "sum"), ("words", "sum")])
    )
    names = ("lang", "count_all", "n_bytes_sum", "n_tokens_sum", "words_sum")
    return zip(*(sums.column(name).to_pylist() for name in names), strict=True)


def _ratios(sums: np.ndarray) -> dict[str, Any]:
    documents, n_bytes, tokens, words = (int(n) for n in sums)
    return {
        "documents": documents,
        "bytes": n_bytes,
        "tokens": tokens,
        "bytes_per_token": n_bytes / tokens if tokens else None,
        "fertility": tokens / words if words else None,
    }
