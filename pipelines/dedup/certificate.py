"""What a run found of the pairs planted in it (`planted`), by similarity, beside what the S-curve says.

Recall has Wilson's 95% interval (Wilson 1927; Brown, Cai, DasGupta 2001, "Interval estimation for a binomial
proportion"). A pair counts as found where one of the two was removed as a duplicate of the other.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import AccountingError, DaybreakError, RecipeError
from pipelines.dedup.banding import candidate_probability
from pipelines.dedup.planted import UNIT, Plan, plan_of, plant
from pipelines.dedup.settings import DedupSettings

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Measured:
    """Recall of planted pairs: how many there were and were found, its 95% interval, and what was predicted.

    similarity: where the bin begins; it ends where the next begins.
    """

    similarity: float
    pairs: int
    found: int
    recall: float
    low: float
    high: float
    predicted: float


@dataclass(frozen=True)
class Certificate:
    """A run's accuracy. `overall`: pairs at or above the threshold, each with the same weight.

    `removed_below`: planted documents that were removed though their pair is under the threshold; `strangers`:
    removed as duplicates of a document outside their pair. Both must be 0: candidates are verified.
    """

    threshold: float
    bands: int
    rows: int
    engine: str
    overall: Measured
    bins: tuple[Measured, ...]
    removed_below: int
    strangers: int


def wilson(found: int, pairs: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share; (0, 1) where there is nothing to judge by."""
    if not pairs:
        return 0.0, 1.0
    share, square = found / pairs, Z95 * Z95 / pairs
    middle = (share + square / 2) / (1 + square)
    half = Z95 / (1 + square) * math.sqrt(share * (1 - share) / pairs + square / pairs / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def measure(settings: DedupSettings, plan: Plan, decisions: pa.Table) -> Certificate:
    """The certificate, from the decisions on planted documents (doc_id, verdict, detail; any order).

    Raises AccountingError unless each planted document has one decision.
    """
    planted = plant(plan)
    dropped, partner = _removals(planted, decisions)
    similarity = planted["similarity"].to_numpy()[::2]
    found = (dropped & partner).reshape(-1, 2).any(axis=1)
    predicted = np.array([candidate_probability(s, settings.bands, settings.rows) for s in similarity])
    duplicate = similarity >= settings.threshold
    level = np.maximum(np.searchsorted(np.array(plan.levels), similarity, side="right") - 1, 0)
    inside = {k: np.flatnonzero(level == k) for k in sorted(set(level.tolist()))}
    bins = (_measured(plan.levels[k], found[at], predicted[at]) for k, at in inside.items())
    return Certificate(
        settings.threshold,
        settings.bands,
        settings.rows,
        settings.engine,
        _measured(settings.threshold, found[duplicate], predicted[duplicate]),
        tuple(bins),
        int((dropped & ~np.repeat(duplicate, 2)).sum()),
        int((dropped & ~partner).sum()),
    )


def _removals(planted: pa.Table, decisions: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """For each planted document, whether it was removed, and whether as a duplicate of its partner."""
    ids = planted["doc_id"].combine_chunks()
    at = pc.index_in(ids, decisions["doc_id"].combine_chunks())
    if at.null_count or len(decisions) != len(ids):
        raise AccountingError(
            f"dedup: {len(decisions)} decisions on {len(ids)} planted documents, {at.null_count} without any"
        )
    answers = decisions.take(at)
    dropped = pc.equal(answers["verdict"], "drop").to_numpy().astype(bool)
    partners = ids.take(pa.array(np.arange(len(ids)) ^ 1))
    same = pc.fill_null(pc.equal(answers["detail"].combine_chunks(), partners), False)
    return dropped, same.to_numpy(zero_copy_only=False).astype(bool)


def _measured(similarity: float, found: np.ndarray, predicted: np.ndarray) -> Measured:
    pairs, hits = len(found), int(found.sum())
    low, high = wilson(hits, pairs)
    share, expected = (hits / pairs, float(predicted.mean())) if pairs else (0.0, 0.0)
    return Measured(similarity, pairs, hits, share, low, high, expected)


def check(certificate: Certificate, floor: float) -> None:
    """Raises DaybreakError where the run found less than `floor`, or removed what is under the threshold."""
    of = certificate.overall
    if certificate.removed_below or certificate.strangers:
        raise DaybreakError(
            f"dedup: {certificate.removed_below} planted documents were removed though their pair is under the "
            f"threshold {certificate.threshold}, {certificate.strangers} as duplicates of a stranger. Candidates are "
            "verified, so this is a defect of this program or of the storage under it: please report it."
        )
    if of.pairs and of.recall < floor:
        raise DaybreakError(
            f"dedup.certificate: of {of.pairs} planted pairs at or above the threshold {certificate.threshold} the "
            f"run found {of.found}: recall {of.recall:.4f} (95% interval {of.low:.4f} to {of.high:.4f}), where "
            f"{certificate.bands} bands of {certificate.rows} rows predict {of.predicted:.4f} and the floor is "
            f"{floor}. Raise dedup.near.recall (or bands), or lower dedup.certificate.floor; a recall far "
            "under the prediction is a defect: please report it."
        )


def predicted_recall(settings: DedupSettings, pairs: int) -> float:
    """What the S-curve says of the planted pairs at or above the threshold, at the least."""
    levels = [level for level in plan_of(settings, pairs).levels if level >= settings.threshold]
    return float(np.mean([candidate_probability(s, settings.bands, settings.rows) for s in levels]))


def check_floor(settings: DedupSettings, pairs: int, floor: float) -> None:
    """Raises RecipeError where these bands are not to reach the floor."""
    predicted = predicted_recall(settings, pairs)
    if predicted < floor:
        raise RecipeError(
            f"{settings.bands} bands of {settings.rows} rows are to find {predicted:.4f} of the planted pairs at or "
            f"above the threshold {settings.threshold}, under the floor {floor}: leave bands and rows out for "
            "near.recall to pick them, or lower certificate.floor"
        )


def planted_rows(decisions: pa.Table) -> pa.Table:
    """The decisions on planted documents, from a table that may hold others."""
    return decisions.filter(pc.starts_with(decisions["doc_id"], f"{UNIT}-"))


def as_json(certificate: Certificate) -> dict[str, Any]:
    """As plain JSON values, numbers rounded to six digits; for a manifest's facts."""
    return _rounded(asdict(certificate))


def from_json(facts: dict[str, Any]) -> Certificate:
    """The certificate that `as_json` wrote down."""
    bins = tuple(Measured(**row) for row in facts["bins"])
    return Certificate(**{**facts, "overall": Measured(**facts["overall"]), "bins": bins})


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value


def markdown(certificate: Certificate) -> str:
    """The card: one sentence, and a table by similarity."""
    of = certificate.overall
    lines = [
        f"Of {of.pairs:,} planted pairs of Jaccard {certificate.threshold} or more {of.found:,} were found: recall "
        f"{of.recall:.4f} (95% interval {of.low:.4f} to {of.high:.4f}); {certificate.bands} bands of "
        f"{certificate.rows} rows predict {of.predicted:.4f}. Removed under the threshold: "
        f"{certificate.removed_below}.",
        "",
        "| similarity from | pairs | found | recall | 95% interval | candidates predicted |",
        "|---:|---:|---:|---:|---|---:|",
    ]
    lines += [
        f"| {row.similarity:.3f} | {row.pairs} | {row.found} | {row.recall:.3f} | {row.low:.3f} to {row.high:.3f} "
        f"| {row.predicted:.4f} |"
        for row in certificate.bins
    ]
    return "\n".join(lines) + "\n"
