"""What the report shows, as plain values: collected from tables by `collect`, drawn by `render`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.report.facts_duplicates import DuplicateFacts


class Counted(Protocol):
    """One accounting entry, as `daybreak.accounting.Count` holds it."""

    @property
    def stage(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def rule(self) -> str | None: ...
    @property
    def documents(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def tokens(self) -> int | None: ...


@dataclass(frozen=True)
class Amount:
    """Documents, bytes and, where tokens were counted, tokens."""

    documents: int = 0
    bytes: int = 0
    tokens: int | None = None

    def __add__(self, other: Amount) -> Amount:
        known = [tokens for tokens in (self.tokens, other.tokens) if tokens is not None]
        return Amount(
            self.documents + other.documents, self.bytes + other.bytes, sum(known) if known else None
        )


@dataclass(frozen=True)
class StageFlow:
    """One step of the funnel: what came in and what became of it (`edited`: bytes cut from kept text)."""

    stage: str
    entered: Amount
    kept: Amount
    dropped: Amount
    quarantined: Amount
    edited: Amount


@dataclass(frozen=True)
class Removal:
    """What one rule took: `outcome` is 'dropped', 'quarantined' or 'edited'; `by_source` counts documents."""

    stage: str
    rule: str
    outcome: str
    amount: Amount
    by_source: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Share:
    """A source's or a language's part of the corpus, as read and as kept (documents and bytes of text)."""

    name: str
    before: Amount
    after: Amount


@dataclass(frozen=True)
class Threshold:
    """A rule's limit on a signal and how many documents it dropped."""

    rule: str
    at: float
    documents: int


@dataclass(frozen=True)
class Histogram:
    """Counts of documents in len(edges) - 1 bins, as read and as kept.

    Values beyond the edges are counted in the outermost bins; `missing` documents have no value.
    """

    name: str
    edges: tuple[float, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    log: bool
    thresholds: tuple[Threshold, ...] = ()
    missing: int = 0


@dataclass(frozen=True)
class MixtureRow:
    """A source in training: its share of tokens as asked for (None: not named) and as planned; 0 to 1."""

    source: str
    asked: float | None
    got: float
    tokens: int
    documents: int
    epochs: float | None


@dataclass(frozen=True)
class ClusterSizes:
    """Duplicate clusters of one level ('exact' or 'near'): bins of sizes as (lowest, highest, clusters)."""

    level: str
    clusters: int
    members: int
    largest: int
    bins: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class DroppedSample:
    """A removed document with the value that condemned it; `excerpt` is the start of its text, if stored."""

    rule: str
    stage: str
    value: float | None
    threshold: float | None
    doc_id: str
    source: str
    url: str | None
    excerpt: str | None
    detail: str | None = None


@dataclass(frozen=True)
class BenchmarkHits:
    """What of one evaluation set stood in the corpus: items, those hit, the share of its tokens, documents."""

    name: str
    items: int
    items_hit: int
    covered: float
    documents: int
    ngrams_common: int


@dataclass(frozen=True)
class QuarantinedSample:
    """Where a record that cannot be read stands, and why."""

    source: str
    file: str
    offset: int
    length: int
    error: str


@dataclass(frozen=True)
class LanguageTokens:
    """How a language is encoded: UTF-8 bytes of text and the tokens they became."""

    lang: str
    documents: int
    bytes: int
    tokens: int


@dataclass(frozen=True)
class TokenizerFacts:
    """The tokenizer and what it does to each language; `settings` are shown as they are."""

    vocabulary: int | None
    documents: int
    bytes: int
    tokens: int
    languages: tuple[LanguageTokens, ...]
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LossPoint:
    """One line of the trainer's metrics; losses in nats per token, `tokens` read so far."""

    step: int
    loss: float | None
    lr: float | None
    eval_loss: float | None
    tokens: int | None


@dataclass(frozen=True)
class GateRow:
    """One gate as it is shown: numbers are written out."""

    name: str
    value: str
    bounds: str
    median: str
    score: str
    verdict: str
    why: str


@dataclass(frozen=True)
class RunFacts:
    """The run itself: `started` in ISO 8601, durations in seconds, versions by package."""

    recipe: str
    fingerprint: str = ""
    started: str = ""
    description: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Everything on the page. An empty tuple or None leaves its section out."""

    run: RunFacts
    funnel: tuple[StageFlow, ...] = ()
    removals: tuple[Removal, ...] = ()
    sources: tuple[Share, ...] = ()
    languages: tuple[Share, ...] = ()
    lengths: Histogram | None = None
    scores: tuple[Histogram, ...] = ()
    clusters: tuple[ClusterSizes, ...] = ()
    duplicates: DuplicateFacts | None = None
    dropped: tuple[DroppedSample, ...] = ()
    contamination: tuple[BenchmarkHits, ...] = ()
    quarantined: tuple[QuarantinedSample, ...] = ()
    mixture: tuple[MixtureRow, ...] = ()
    tokenizer: TokenizerFacts | None = None
    losses: tuple[LossPoint, ...] = ()
    gates: tuple[GateRow, ...] = ()
