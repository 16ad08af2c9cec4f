"""What the report shows of duplicates, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.duplicates.clusters import Member
from pipelines.duplicates.words import Difference


@dataclass(frozen=True)
class LargeCluster:
    """One of the largest clusters: the document that stays, and the start of its text (None: not stored here)."""

    size: int
    stays: Member
    excerpt: str | None


@dataclass(frozen=True)
class ClosePair:
    """Two documents close to the threshold: `left` stays. difference: None where a text is not stored here."""

    left: Member
    right: Member
    difference: Difference | None


@dataclass(frozen=True)
class LevelRemovals:
    """Documents and bytes of text that one level of dedup removed."""

    stage: str
    rule: str
    documents: int
    bytes: int


@dataclass(frozen=True)
class CertificateBin:
    """Planted pairs about one similarity: how many, how many were found, recall with its interval, the prediction."""

    similarity: float
    pairs: int
    found: int
    recall: float
    low: float
    high: float
    predicted: float | None = None


@dataclass(frozen=True)
class DuplicateFacts:
    """The section on duplicates. similarities: removed near duplicates in bins (low, high, documents).

    curve: (similarity, probability) of the S-curve, ascending.
    """

    threshold: float | None = None
    levels: tuple[LevelRemovals, ...] = ()
    similarities: tuple[tuple[float, float, int], ...] = ()
    largest: tuple[LargeCluster, ...] = ()
    pairs: tuple[ClosePair, ...] = ()
    certificate: tuple[CertificateBin, ...] = ()
    curve: tuple[tuple[float, float], ...] = ()
