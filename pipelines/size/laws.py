"""How the cost of each step grows, and rates measured on one machine: what a forecast has before any run.

Measured with this repository's small recipe (tests/line/support.py) on the sample of 1, 4 and 24 MB, on two shared
cores of 2026 under a load of 4 to 10, by the step's own line in metrics.jsonl, except where a law's `source` says
otherwise. A run of yours replaces the rates by its own; the form of the laws stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.size.amount import MB, Amount

GB = 1e9
MEASURED = "small recipe, sample of 1, 4 and 24 MB"


@dataclass(frozen=True)
class Growth:
    """Bytes of a table or a shuffle: once, a part (file), a document, a byte of text, a token."""

    once: float = 0.0
    part: float = 0.0
    document: float = 0.0
    byte: float = 0.0
    token: float = 0.0

    def __call__(self, parts: float, amount: Amount) -> float:
        """Bytes in all."""
        return (
            self.once
            + self.part * parts
            + self.document * amount.documents
            + self.byte * amount.bytes
            + self.token * amount.tokens
        )


@dataclass(frozen=True)
class Law:
    """The cost of one step.

    CPU seconds: `start` once, `worker` for each Python worker that starts, `document` a document in, `mb` a megabyte
    (10^6 bytes) of text in, `token` a token out, `part` a unit or shard. parallel: whether Spark's tasks share that,
    or the driver does it alone. shuffle: bytes written, on what came in. tables: on what went out, except where
    `wide`, whose decisions have a row for each document in. driver: bytes of memory on what came in, over the
    driver's own. scaling: in words. source: where the rates come from.
    """

    start: float
    scaling: str
    worker: float = 0.0
    document: float = 0.0
    mb: float = 0.0
    token: float = 0.0
    part: float = 0.0
    parallel: bool = True
    shuffle: Growth = Growth()
    driver: Growth = Growth()
    tables: Mapping[str, Growth] = field(default_factory=dict)
    wide: tuple[str, ...] = ()
    source: str = MEASURED

    def once(self, workers: int) -> float:
        """CPU seconds before the first document, with so many Python workers."""
        return self.start + self.worker * workers

    def work(self, came: Amount, left: Amount, parts: float) -> float:
        """CPU seconds that grow with the data."""
        return (
            self.document * came.documents
            + self.mb * came.bytes / MB
            + self.token * left.tokens
            + self.part * parts
        )


DEDUPLICATED = {"decisions": Growth(part=2500, document=36), "clusters": Growth(part=560, document=11)}
LINEAR = "linear in text"
PLANTED = 360e3
"""Bytes of shuffle of the certificate's planted pairs, whatever the input."""

LAWS: Mapping[str, Law] = {
    "ingest": Law(
        7.0,
        LINEAR + "; without a run by the sample's own rates",
        worker=7.0,
        mb=0.1,
        source="start-up: " + MEASURED + "; 9.2 to 12.8 MB a CPU second on 69 and 229 MB (docs/decisions.md)",
    ),
    "filter": Law(0.7, "linear in documents", document=2e-4),
    "dedup": Law(
        0.9,
        "linear in text; one process",
        mb=0.1,
        parallel=False,
        driver=Growth(document=24 * 24, byte=1.0),
        tables=DEDUPLICATED,
        wide=("decisions", "clusters"),
    ),
    "dedup in Spark": Law(
        35.0,
        "linear in documents times bands, and in text, which is read twice",
        worker=5.0,
        mb=0.5,
        shuffle=Growth(once=PLANTED, document=24 * 14.8),
        tables=DEDUPLICATED,
        wide=("decisions", "clusters"),
        source=MEASURED
        + " with max_driver_documents 1: 49 and 59 CPU seconds for 1.1 and 9.0 MB; 38 for 22.9 MB "
        "without a certificate (docs/decisions.md)",
    ),
    "passages": Law(
        35.0,
        LINEAR + " and in pieces",
        worker=5.0,
        mb=0.2,
        shuffle=Growth(byte=0.5),
        source="all passes without Spark 23 MB a CPU second (docs/decisions.md); Spark's part and the shuffle guessed",
    ),
    "decontaminate": Law(
        5.0,
        LINEAR,
        worker=2.0,
        mb=0.05,
        source="tokens and search 50 MB a CPU second (docs/decisions.md); start guessed",
    ),
    "tokenizer": Law(
        0.3,
        "linear in tokenizer.sample_bytes; one process",
        mb=0.6,
        parallel=False,
        driver=Growth(byte=10.0),
        tables={"model": Growth(part=16e3)},
        source="6.7 s for 11 MB (docs/decisions.md); memory guessed",
    ),
    "encode": Law(0.9, LINEAR, mb=0.16, tables={"tokens": Growth(part=2100, byte=0.5)}),
    "mixture": Law(
        0.13,
        "documents times their logarithm; one process",
        document=2e-6,
        parallel=False,
        driver=Growth(document=300),
        tables={"plan": Growth(part=2500, document=23)},
        source=MEASURED + "; 100,000 and 1,000,000 planned documents",
    ),
    "shards": Law(
        6.0,
        "linear in tokens",
        part=0.19,
        token=1e-6,
        shuffle=Growth(token=2.0),
        tables={"shards": Growth(part=2000, document=40, token=2.0)},
    ),
    "report": Law(
        2.4, "linear in documents", document=2e-4, parallel=False, tables={"page": Growth(part=1.3e6)}
    ),
}
"""Laws by step; dedup has two, for one process and for Spark. Bytes a token of shards come with their width."""

DEDUP_KEEPS = 0.8
"""Share of documents that dedup keeps, where no run tells: 80 to 94% on the samples, 50 to 100% is given as range."""

BYTES_A_TOKEN = {1200: 1.75, 8000: 2.9, 32000: 3.4}
"""Bytes of text a token by vocabulary size, where no run tells; in between by the logarithm of the size."""


@dataclass(frozen=True)
class Rule:
    """A rule of thumb for memory: bytes, what for, and where the number comes from."""

    bytes: float
    what: str
    source: str


MEMORY: Mapping[str, Rule] = {
    "worker": Rule(
        0.75 * GB,
        "a Python worker with its watched child: models, kernels, a batch; one a core",
        "workers together 1.2 to 1.4 GB at two cores (small recipe); 513 to 568 MB one alone on 32 and 320 MB of text "
        "(benchmarks.ingest_memory)",
    ),
    "heap a core": Rule(
        0.5 * GB,
        "heap of an executor's JVM for each core: sorts, shuffles, Arrow batches of 32 MB at most",
        "JVM of the small recipe 0.4 to 0.9 GB resident at two cores, most of it in shards; "
        "1.2 to 1.5 in dedup in Spark",
    ),
    "heap": Rule(
        1.0 * GB, "heap of an executor's JVM at least", "as above, with room for a full shuffle buffer"
    ),
    "driver": Rule(
        0.6 * GB,
        "the driver's Python process before any data, with page and models",
        "350 to 610 MB (small recipe, report last)",
    ),
    "driver heap": Rule(
        1.0 * GB,
        "heap of the driver's JVM: plans and results, never text",
        "0.4 to 0.6 GB resident in the same runs",
    ),
}
"""The rules of thumb. `ingest.record_memory` comes on top, once an executor: what one bad record may take."""
