"""Nothing is lost: documents and bytes in = kept + dropped (by rule) + quarantined (+ bytes edited away)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from daybreak.errors import AccountingError

Outcome = Literal["in", "kept", "dropped", "quarantined", "edited"]

STAGE_ORDER = (
    "ingest",
    "extract",
    "clean",
    "language",
    "quality",
    "url dedup",
    "exact dedup",
    "near dedup",
    "domain cap",
    "passages",
    "decontamination",
    "mixture",
    "shards",
)
"""The stages of the funnel. What one keeps is what the next one takes in."""


@dataclass(frozen=True)
class Count:
    """Documents and bytes (UTF-8 of text; raw content bytes before extraction) with one outcome in one stage.

    `edited` counts bytes that left kept documents (markup, removed lines, scrubbed values); it may be
    negative where text grew, and its `documents` are 0. `tokens` is known from encoding on, else None.
    """

    stage: str
    source: str
    outcome: Outcome
    rule: str | None
    documents: int
    bytes: int
    tokens: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The count as plain JSON values."""
        return asdict(self)


class Ledger:
    """Adds counts up by (stage, source, outcome, rule). Merging is order-free, so any partitioning agrees."""

    def __init__(self, counts: Iterable[Count] = ()) -> None:
        self._sums: dict[tuple[str, str, Outcome, str | None], list[int | None]] = {}
        self.extend(counts)

    def add(
        self,
        stage: str,
        source: str,
        outcome: Outcome,
        documents: int,
        bytes: int,
        rule: str | None = None,
        tokens: int | None = None,
    ) -> None:
        """Add to one cell of the ledger."""
        cell = self._sums.setdefault((stage, source, outcome, rule), [0, 0, None])
        cell[0] = (cell[0] or 0) + documents
        cell[1] = (cell[1] or 0) + bytes
        if tokens is not None:
            cell[2] = (cell[2] or 0) + tokens

    def extend(self, counts: Iterable[Count]) -> None:
        """Add other counts, for example those of one unit."""
        for c in counts:
            self.add(c.stage, c.source, c.outcome, c.documents, c.bytes, c.rule, c.tokens)

    def counts(self) -> list[Count]:
        """All cells in one order, whatever the order of adding."""
        ordered = sorted(self._sums.items(), key=lambda item: tuple("" if k is None else k for k in item[0]))
        return [Count(*key, cell[0] or 0, cell[1] or 0, cell[2]) for key, cell in ordered]


def _totals(counts: Iterable[Count]) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    totals: dict[tuple[str, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    for c in counts:
        documents, size = totals[(c.stage, c.source)].get(c.outcome, (0, 0))
        totals[(c.stage, c.source)][c.outcome] = (documents + c.documents, size + c.bytes)
    return totals


def differences(counts: Sequence[Count]) -> list[str]:
    """Sentences that say where the identity does not hold; empty when nothing is lost."""
    found = []
    for (stage, source), by in sorted(_totals(counts).items()):
        came = by.get("in", (0, 0))
        left = [by.get(o, (0, 0)) for o in ("kept", "dropped", "quarantined", "edited")]
        documents, size = (sum(part[i] for part in left) for i in (0, 1))
        if documents != came[0]:
            found.append(f"{stage}, source {source}: {came[0]} documents in, {documents} accounted for")
        if size != came[1]:
            found.append(f"{stage}, source {source}: {came[1]} bytes in, {size} accounted for")
    return found


def breaks(counts: Sequence[Count]) -> list[str]:
    """Sentences that say where a stage did not take in what the one before it kept.

    A source that a stage does not name took part with nothing: it must have been empty before.
    """
    totals = _totals(counts)
    stages = [s for s in STAGE_ORDER if any(stage == s for stage, _ in totals)]
    found = []
    for source in sorted({name for _, name in totals}):
        for before, after in itertools.pairwise(stages):
            kept = totals.get((before, source), {}).get("kept", (0, 0))
            came = totals.get((after, source), {}).get("in", (0, 0))
            if kept != came:
                found.append(
                    f"source {source}: {before} kept {kept} (documents, bytes), {after} took in {came}"
                )
    return found


def check(counts: Sequence[Count], before: Sequence[Count] = ()) -> None:
    """Raise AccountingError unless the identity holds for every stage and source of a step.

    `before` are the counts of earlier steps: what their last stage kept must be what this step took in.
    """
    found = differences(counts) + breaks([*before, *counts])
    if found:
        raise AccountingError("Documents were lost or invented:\n  " + "\n  ".join(found))
