"""Everything the report shows, read from a workspace's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.report.collect_documents import collect_documents
from pipelines.report.collect_duplicates import collect_duplicates
from pipelines.report.collect_funnel import collect_contamination, collect_funnel, collect_removals
from pipelines.report.collect_gates import collect_gates
from pipelines.report.collect_samples import collect_dropped, collect_quarantined
from pipelines.report.collect_training import (
    collect_clusters,
    collect_losses,
    collect_mixture,
    collect_tokenizer,
)
from pipelines.report.facts import Counted, Facts, RunFacts
from pipelines.report.tables import Tables


def collect(
    tables: Tables,
    accounting: Sequence[Counted],
    *,
    run: RunFacts,
    asked: Mapping[str, float] | None = None,
    vocabulary: int | None = None,
    tokenizer: Mapping[str, object] | None = None,
    rule_signals: Mapping[str, str] | None = None,
    samples_per_rule: int = 3,
    contamination: Mapping[str, Any] | None = None,
    dedup: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None,
    gates: Mapping[str, Any] | None = None,
) -> Facts:
    """Read what the page shows; a table that is absent leaves its section empty.

    `tables`: directory or files of 'documents', 'signals', 'ingest_decisions', 'filter_decisions',
    'dedup_decisions', 'clusters', 'quarantine', 'tokens', 'plan', and the path of 'metrics'.
    `accounting`: entries with the stages in order. `asked`: token weight by source. `tokenizer`: settings to
    show. `rule_signals`: the signal of each rule, to place its threshold.
    `contamination`: the card of the step decontaminate. `dedup`: settings and facts of the step dedup.
    `gates`: the verdict, gates.json.
    Raises WorkspaceError where decisions do not line up with the signals.
    """
    documents = collect_documents(tables, rule_signals or {})
    metrics = tables.get("metrics")
    return Facts(
        run=run,
        funnel=collect_funnel(accounting),
        removals=collect_removals(accounting),
        sources=documents.sources,
        languages=documents.languages,
        lengths=documents.lengths,
        scores=documents.scores,
        clusters=collect_clusters(tables),
        duplicates=collect_duplicates(tables, *(dedup or ())),
        dropped=collect_dropped(tables, samples_per_rule),
        contamination=collect_contamination(contamination),
        quarantined=collect_quarantined(tables),
        mixture=collect_mixture(tables, asked or {}),
        tokenizer=collect_tokenizer(tables, vocabulary, tokenizer),
        losses=collect_losses(metrics if isinstance(metrics, str) else next(iter(metrics or []), None)),
        gates=collect_gates(gates),
    )
