"""A draw of documents: by source in proportion to weights, each chosen by the keyed hash of its doc_id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipelines.reading import KeptUnit

COLUMNS = ("doc_id", "source", "n_bytes")


def draw(units: Sequence[KeptUnit], weights: Mapping[str, float], budget: int, seed: int) -> list[str]:
    """Texts of about `budget` bytes, ordered by hash. What a small source cannot give is left out, not made up.

    Documents are chosen by the signals table alone; then every unit's text is read once, and only the chosen is held.
    """
    batches = [b for unit in units for b in unit.read_signals(COLUMNS, rows=1 << 14)]
    if not batches:
        return []
    table = pa.Table.from_batches(batches)
    table = table.append_column("key", pa.array(_keys(table.column("doc_id"), seed)))
    chosen = _choose(table.sort_by([("key", "ascending"), ("doc_id", "ascending")]), weights, budget)
    wanted = chosen.column("doc_id").combine_chunks()
    texts: dict[str, str] = {}
    for unit in units:
        for batch in unit.read(["doc_id", "text"]):
            hit = batch.filter(pc.is_in(batch.column("doc_id"), value_set=wanted))
            texts.update(zip(hit.column("doc_id").to_pylist(), hit.column("text").to_pylist(), strict=True))
    return [texts[doc_id] for doc_id in wanted.to_pylist()]


def _keys(doc_ids: pa.ChunkedArray, seed: int) -> np.ndarray:
    return np.fromiter(
        (xxhash.xxh3_64_intdigest(d.encode(), seed) for d in doc_ids.to_pylist()), np.uint64, len(doc_ids)
    )


def _choose(table: pa.Table, weights: Mapping[str, float], budget: int) -> pa.Table:
    """The first documents of each source up to its share of the budget; `table` is in order of keys."""
    sources = table.column("source").to_numpy(zero_copy_only=False)
    sizes = table.column("n_bytes").to_numpy()
    present = sorted(set(sources))
    total = sum(weights[name] for name in present)
    mask = np.zeros(len(sources), dtype=bool)
    for name in present:
        rows = np.flatnonzero(sources == name)
        before = np.cumsum(sizes[rows]) - sizes[rows]
        mask[rows] = before < budget * weights[name] / total
    return table.filter(pa.array(mask))
