"""Clusters, tokenizer figures, the mixture and the loss curve."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from pipelines.report.facts import ClusterSizes, LanguageTokens, LossPoint, MixtureRow, TokenizerFacts
from pipelines.report.tables import Tables, dataset, grouped

MOST_POINTS = 1500


def collect_clusters(tables: Tables) -> tuple[ClusterSizes, ...]:
    """Sizes of duplicate clusters by level, in bins that double: 2, 3-4, 5-8, ..."""
    clusters = dataset(tables, "clusters")
    if clusters is None:
        return ()
    representative = pc.field("representative")
    rows = grouped(clusters, ["level", "size"], [("doc_id", "count")], representative)
    found = []
    for level in sorted(pc.unique(rows["level"]).to_pylist()):
        part = rows.filter(pc.equal(rows["level"], level))
        found.append(_cluster_sizes(level, part["size"].to_numpy(), part["doc_id_count"].to_numpy()))
    return tuple(found)


def _cluster_sizes(level: str, sizes: np.ndarray, clusters: np.ndarray) -> ClusterSizes:
    largest = int(sizes.max())
    bins, low, high = [], 2, 2
    while low <= largest:
        bins.append((low, high, int(clusters[(sizes >= low) & (sizes <= high)].sum())))
        low, high = high + 1, 2 * high
    return ClusterSizes(level, int(clusters.sum()), int((sizes * clusters).sum()), largest, tuple(bins))


def collect_tokenizer(
    tables: Tables, vocabulary: int | None = None, settings: Mapping[str, object] | None = None
) -> TokenizerFacts | None:
    """Bytes and tokens by language, from the tokens table; None where nothing was encoded."""
    tokens = dataset(tables, "tokens")
    if tokens is None:
        return None
    totals = [("n_bytes", "sum"), ("n_tokens", "sum"), ("n_tokens", "count")]
    languages = [
        LanguageTokens(
            row["lang"] or "unknown", row["n_tokens_count"], row["n_bytes_sum"], row["n_tokens_sum"]
        )
        for row in grouped(tokens, ["lang"], totals).to_pylist()
    ]
    languages.sort(key=lambda language: (-language.bytes, language.lang))
    shown = tuple((name, str(value)) for name, value in (settings or {}).items())
    documents, size, count = (
        sum(getattr(language, name) for language in languages) for name in ("documents", "bytes", "tokens")
    )
    return TokenizerFacts(vocabulary, documents, size, count, tuple(languages), shown)


def collect_mixture(tables: Tables, asked: Mapping[str, float]) -> tuple[MixtureRow, ...]:
    """Planned tokens by source, the weights asked for (scaled to a sum of 1), passes over each source."""
    plan = dataset(tables, "plan")
    if plan is None:
        return ()
    rows = grouped(plan, ["source"], [("n_tokens", "sum"), ("doc_id", "count")]).to_pylist()
    planned = {row["source"]: (row["n_tokens_sum"], row["doc_id_count"]) for row in rows}
    stock = _stock(tables)
    total, weights = sum(tokens for tokens, _ in planned.values()) or 1, sum(asked.values()) or 1
    mixture = []
    for source in sorted(planned.keys() | asked.keys()):
        tokens, documents = planned.get(source, (0, 0))
        share = asked[source] / weights if source in asked else None
        epochs = tokens / stock[source] if stock.get(source) else None
        mixture.append(MixtureRow(source, share, tokens / total, tokens, documents, epochs))
    return tuple(sorted(mixture, key=lambda row: (-row.tokens, row.source)))


def _stock(tables: Tables) -> dict[str, int]:
    tokens = dataset(tables, "tokens")
    rows = grouped(tokens, ["source"], [("n_tokens", "sum")]).to_pylist() if tokens is not None else []
    return {row["source"]: row["n_tokens_sum"] for row in rows}


def collect_losses(metrics: str | Path | None) -> tuple[LossPoint, ...]:
    """The trainer's metrics, thinned to what a curve can show; all evaluations stay.

    A step written twice (training that resumed) counts as last written; a last line cut short is passed over.
    """
    if metrics is None or not Path(metrics).is_file():
        return ()
    points: dict[int, LossPoint] = {}
    for line in Path(metrics).read_text(encoding="utf-8").splitlines():
        entry = _entry(line)
        if entry is not None:
            loss, lr, eval_loss = (_number(entry.get(name)) for name in ("loss", "lr", "eval_loss"))
            point = LossPoint(entry["step"], loss, lr, eval_loss, entry.get("tokens"))
            points[point.step] = _merged(points.get(point.step), point)
    return _thinned([points[step] for step in sorted(points)])


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("step"), int) else None


def _number(value: object) -> float | None:
    """A finite number, else None: a loss that overflowed leaves a gap in the curve."""
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def _merged(old: LossPoint | None, new: LossPoint) -> LossPoint:
    """A line with an evaluation alone completes the step's line."""
    if old is None or new.loss is not None:
        return new
    return LossPoint(new.step, old.loss, old.lr, new.eval_loss, new.tokens or old.tokens)


def _thinned(points: Sequence[LossPoint]) -> tuple[LossPoint, ...]:
    stride = -(-len(points) // MOST_POINTS) if points else 1
    last = len(points) - 1
    return tuple(
        point for i, point in enumerate(points) if i % stride == 0 or i == last or point.eval_loss is not None
    )
