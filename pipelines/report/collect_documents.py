"""Shares of sources and languages and the distributions of lengths and scores, as read and as kept.

One pass over the signals, unit by unit: the verdicts of later steps line up with a unit's rows by
position, so no join is needed and memory holds one unit at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from daybreak.errors import WorkspaceError
from pipelines.report.facts import Amount, Histogram, Share, Threshold
from pipelines.report.tables import Tables, dataset, grouped, units

BINS = 48
SAMPLED_UNITS = 32
SAMPLED_ROWS = 4096
DECISION_TABLES = ("filter_decisions", "dedup_decisions", "passages_decisions", "decontaminate_decisions")
NOT_SIGNALS = frozenset({"doc_id", "source", "lang", "exact_hash"})


@dataclass(frozen=True)
class DocumentFacts:
    """What one pass over the signals gives."""

    sources: tuple[Share, ...] = ()
    languages: tuple[Share, ...] = ()
    lengths: Histogram | None = None
    scores: tuple[Histogram, ...] = ()


@dataclass(frozen=True)
class _Axis:
    """Where a signal's bins lie. Edges are float64 and strictly rising."""

    edges: np.ndarray
    log: bool

    def count(self, values: np.ndarray) -> np.ndarray:
        clipped = np.clip(values, self.edges[0], self.edges[-1])
        return np.histogram(clipped, self.edges)[0]


def collect_documents(tables: Tables, rule_signals: Mapping[str, str]) -> DocumentFacts:
    """Read the signals once; `rule_signals` names the signal of each rule, to place the rule's threshold."""
    signals = units(tables, "signals")
    if not signals:
        return DocumentFacts()
    shown = _shown(signals, rule_signals)
    thresholds = _thresholds(tables, rule_signals, shown)
    axes = _axes(signals, thresholds, shown)
    counts = {name: np.zeros((2, len(axis.edges) - 1), dtype=np.int64) for name, axis in axes.items()}
    missing = dict.fromkeys(axes, 0)
    partials: list[pa.Table] = []
    for table, kept in _units_with_verdicts(tables, signals, shown):
        partials.append(_totals(table, kept))
        for name in axes:
            missing[name] += _count_into(counts[name], axes[name], table[name], kept)
    total = pa.concat_tables(partials)
    histograms = {
        name: _histogram(name, axes[name], counts[name], thresholds.get(name, ()), missing[name])
        for name in axes
    }
    lengths = histograms.pop("n_bytes", None)
    order = sorted(histograms, key=lambda name: (-sum(t.documents for t in thresholds.get(name, ())), name))
    return DocumentFacts(
        _shares(total, "source"), _shares(total, "lang"), lengths, tuple(histograms[name] for name in order)
    )


def _shown(signals: Mapping[str, Path], rule_signals: Mapping[str, str]) -> list[str]:
    """The numeric signals that a rule of the recipe looks at, and the length; all, where no rule is known."""
    numeric = _numeric(signals)
    wanted = {"n_bytes", *rule_signals.values()} if rule_signals else set(numeric)
    return [name for name in numeric if name in wanted]


def _numeric(signals: Mapping[str, Path]) -> list[str]:
    schema = pq.read_schema(next(iter(signals.values())))
    plain = (pa.types.is_floating, pa.types.is_integer)
    return [f.name for f in schema if f.name not in NOT_SIGNALS and any(test(f.type) for test in plain)]


def _thresholds(
    tables: Tables, rule_signals: Mapping[str, str], names: Sequence[str]
) -> dict[str, tuple[Threshold, ...]]:
    """The thresholds that dropped documents, by signal; a rule may carry its signal's name."""
    decisions = dataset(tables, "filter_decisions")
    if decisions is None:
        return {}
    dropped = pc.field("verdict") == "drop"
    rules = grouped(decisions, ["rule", "threshold"], [("rule", "count_all")], dropped)
    found: dict[str, list[Threshold]] = {}
    for row in rules.sort_by([("rule", "ascending"), ("threshold", "ascending")]).to_pylist():
        signal = rule_signals.get(row["rule"], row["rule"])
        if signal in names and row["threshold"] is not None:
            found.setdefault(signal, []).append(
                Threshold(row["rule"], row["threshold"], row["rule_count_all"])
            )
    return {signal: tuple(limits) for signal, limits in found.items()}


def _axes(
    signals: Mapping[str, Path], thresholds: Mapping[str, tuple[Threshold, ...]], names: list[str]
) -> dict[str, _Axis]:
    """Bins from a sample, the same however the run was split: first rows of evenly spaced units."""
    paths = list(signals.values())
    spaced = paths[:: -(-len(paths) // SAMPLED_UNITS)]
    sample = pa.concat_tables([pq.read_table(path, columns=names).slice(0, SAMPLED_ROWS) for path in spaced])
    axes = {name: _axis(name, sample[name], thresholds.get(name, ())) for name in names}
    return {name: axis for name, axis in axes.items() if axis is not None}


def _axis(name: str, column: pa.ChunkedArray, thresholds: Sequence[Threshold]) -> _Axis | None:
    values = _finite(column)
    if not len(values):
        return None
    whole = pa.types.is_integer(column.type)
    # Quantiles keep one absurd document from flattening the rest; the outermost bins hold what lies beyond.
    low, high = (float(edge) for edge in np.quantile(values, [0.002, 0.998]))
    limits = [limit.at for limit in thresholds if np.isfinite(limit.at)]
    low, high = min([low, *limits]), max([high, *limits])
    if name == "n_bytes" or (low >= 0 and high > 50 and high > 20 * max(np.median(values), 0.5)):
        return _Axis(_decades(max(low, 1.0), max(high, 10.0)), log=True)
    if whole and high - low <= BINS:
        return _Axis(np.arange(np.floor(low) - 0.5, np.ceil(high) + 1.5), log=False)
    if low >= 0 and high <= 1.02 and high > 0.3:
        return _Axis(np.linspace(0.0, 1.0, 51), log=False)
    return _Axis(_round_steps(low, high), log=False)


def _decades(low: float, high: float) -> np.ndarray:
    """Eight bins a decade between powers of ten's eighths around low and high."""
    return 10 ** (np.arange(np.floor(8 * np.log10(low)), np.ceil(8 * np.log10(high)) + 1) / 8)


def _round_steps(low: float, high: float) -> np.ndarray:
    """About BINS steps of 1, 2 or 5 times a power of ten, so that bin edges read well."""
    rough = max((high - low) / BINS, 1e-9)
    power = 10 ** np.floor(np.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = np.floor(low / step), np.ceil(high / step)
    return np.arange(first, max(last, first + 1) + 1) * step


def _units_with_verdicts(
    tables: Tables, signals: Mapping[str, Path], names: Sequence[str]
) -> Iterator[tuple[pa.Table, np.ndarray]]:
    """Each unit's signals and a mask of the rows that all steps kept."""
    steps = [units(tables, name) for name in DECISION_TABLES]
    for unit, path in signals.items():
        table = pq.read_table(path, columns=list(dict.fromkeys(["source", "lang", "n_bytes", *names])))
        kept = np.ones(table.num_rows, dtype=bool)
        for decisions in steps:
            if decisions:
                _narrow(kept, _verdicts(decisions, unit), unit)
        yield table, kept


def _narrow(kept: np.ndarray, verdicts: np.ndarray, unit: str) -> None:
    """Clear, in place, the rows that the next decisions drop; they have one row for each row kept so far."""
    if len(verdicts) != kept.sum():
        raise WorkspaceError(
            f"unit {unit}: {len(verdicts)} decisions for {kept.sum()} documents;"
            " run `daybreak verify` on the workspace"
        )
    kept[kept] = verdicts


def _verdicts(decisions: Mapping[str, Path], unit: str) -> np.ndarray:
    if unit not in decisions:
        return np.zeros(0, dtype=bool)
    column = pq.read_table(decisions[unit], columns=["verdict"])["verdict"]
    return pc.equal(column, "keep").to_numpy().astype(bool)


def _totals(table: pa.Table, kept: np.ndarray) -> pa.Table:
    rows = table.select(["source", "lang", "n_bytes"]).append_column("kept", pa.array(kept))
    return rows.group_by(["source", "lang", "kept"]).aggregate([("n_bytes", "sum"), ([], "count_all")])


def _count_into(counts: np.ndarray, axis: _Axis, column: pa.ChunkedArray, kept: np.ndarray) -> int:
    values = column.to_numpy().astype(np.float64)
    finite = np.isfinite(values)
    counts[0] += axis.count(values[finite])
    counts[1] += axis.count(values[finite & kept])
    return int(len(values) - finite.sum())


def _finite(column: pa.ChunkedArray) -> np.ndarray:
    values = column.to_numpy().astype(np.float64)
    return values[np.isfinite(values)]


def _histogram(
    name: str, axis: _Axis, counts: np.ndarray, thresholds: tuple[Threshold, ...], missing: int
) -> Histogram:
    before, after = (tuple(int(n) for n in row) for row in counts)
    return Histogram(name, tuple(float(e) for e in axis.edges), before, after, axis.log, thresholds, missing)


def _shares(total: pa.Table, key: str) -> tuple[Share, ...]:
    rows = total.group_by([key, "kept"]).aggregate([("n_bytes_sum", "sum"), ("count_all", "sum")]).to_pylist()
    amounts: dict[str, dict[bool, Amount]] = {}
    for row in rows:
        amount = Amount(row["count_all_sum"], row["n_bytes_sum_sum"] or 0)
        amounts.setdefault(row[key] or "unknown", {})[row["kept"]] = amount
    shares = [
        Share(name, part.get(True, Amount()) + part.get(False, Amount()), part.get(True, Amount()))
        for name, part in amounts.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.before.bytes, share.name)))
