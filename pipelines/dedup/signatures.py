"""The narrow half of near-duplicate removal: texts in, band hashes out, no Spark."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.dedup.minhash import band_hashes, permutations, signatures
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_windows

SIGNATURES = pa.schema(
    [
        ("doc_id", pa.string()),
        ("unit", pa.string()),
        ("row", pa.int64()),
        ("source", pa.string()),
        ("order", pa.binary()),
        ("n_bytes", pa.int64()),
        ("exact_hash", pa.string()),
        ("url_hash", pa.string()),
        ("bands", pa.list_(pa.int64())),
    ]
)
"""What `stage.Dedup` reads: one row a document. `order` is its place in the declared order (`order`); a hash is
null where nothing shall equal it, `bands` where a text is too short for a shingle.
"""


def band_lists(texts: pa.Array, settings: DedupSettings) -> pa.ListArray:
    """Band hashes of each text, list<int64> [bands]; null where it has fewer than `ngram` tokens."""
    offsets, values = shingle_windows(texts, settings.ngram)
    drawn = permutations(settings.bands * settings.rows, settings.seed)
    hashes = band_hashes(signatures(offsets, values, drawn), settings.bands)
    short = np.diff(offsets) == 0
    starts = pa.array(np.arange(len(texts) + 1, dtype=np.int32) * settings.bands)
    return pa.ListArray.from_arrays(starts, pa.array(hashes.ravel()), mask=pa.array(short))


@dataclass(frozen=True)
class Signatures:
    """Narrow stage: replaces `text` by `bands`; the other columns of SIGNATURES pass through."""

    settings: DedupSettings = field(default_factory=DedupSettings)
    name: str = "signatures"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows in the same order; `batch` has the columns of SIGNATURES, with `text` in place of `bands`."""
        columns = [batch.column(name) for name in SIGNATURES.names[:-1]]
        bands = band_lists(batch.column("text"), self.settings)
        return pa.RecordBatch.from_arrays([*columns, bands], schema=SIGNATURES)
