"""The declarations themselves: for every step its tables, for every table where its columns and its rows come from.

A test holds them against the schemas of a real run, so that a column that is added without a line here fails there.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.lineage.columns import Derived, Origin, each, origin, same

Origins = tuple[Origin, ...]

CONTENT: Origins = origin("TRANSFORMATION", "source.records.payload", "source.records.text")
SCRUBBED: Origins = origin("TRANSFORMATION", "source.records.payload", "source.records.text", masked=True)
IDENTITY_OF_RECORD: Origins = CONTENT + origin("TRANSFORMATION", "source.records.offset")
KEPT: Origins = origin("FILTER", "filter.decisions.verdict", "dedup.decisions.verdict")
KEPT_AND_PASSED: Origins = KEPT + origin("FILTER", "passages.decisions.verdict", "passages.cuts.cuts")
KEPT_AND_CUT: Origins = KEPT_AND_PASSED + origin(
    "FILTER", "decontaminate.decisions.verdict", "decontaminate.cuts.cuts"
)

DOCUMENTS = Derived(
    {
        "doc_id": IDENTITY_OF_RECORD,
        **each("source file", ()),
        **same("source.records", "offset", "length", "timestamp", "n_raw"),
        "url": origin("TRANSFORMATION", "source.records.url", masked=True),
        "metadata": origin("TRANSFORMATION", "source.records.metadata", masked=True),
        "lang": CONTENT,
        "text": SCRUBBED,
    },
    origin("FILTER", "source.records.drop", "source.records.error"),
)
SIGNALS = Derived(
    {
        "doc_id": IDENTITY_OF_RECORD,
        "source": (),
        "lang_declared": origin("IDENTITY", "source.records.lang"),
        "url_*": origin("TRANSFORMATION", "ingest.documents.url"),
        "meta_*": origin("TRANSFORMATION", "ingest.documents.metadata"),
        "lang": origin("IDENTITY", "ingest.documents.lang"),
        "*": origin("TRANSFORMATION", "ingest.documents.text"),
    },
    DOCUMENTS.rows,
)
"""Measured in the pass that writes the documents; so told of them, not of every source again for every number."""
FINDINGS = Derived(
    {
        "doc_id": IDENTITY_OF_RECORD,
        "source": (),
        "*": CONTENT + origin("TRANSFORMATION", "source.records.url", "source.records.metadata"),
    },
    DOCUMENTS.rows,
)
DROPPED = Derived(
    {
        "doc_id": IDENTITY_OF_RECORD,
        "n_bytes": origin("IDENTITY", "source.records.n_raw"),
        "rule": origin("IDENTITY", "source.records.drop"),
        "detail": origin("TRANSFORMATION", "source.records.url", masked=True),
        **each("source stage verdict value threshold failed", ()),
    },
    origin("FILTER", "source.records.drop"),
)
QUARANTINE = Derived(
    {
        **each("source file", ()),
        **same("source.records", "offset", "length", "error"),
        "raw": origin("IDENTITY", "source.records.payload", "source.records.text"),
    },
    origin("FILTER", "source.records.error"),
)


def decisions(keys: str, judged: Origins, rows: Origins = ()) -> Derived:
    """A table of decisions: keys as in the table `keys`, verdicts from `judged`, on what `rows` left."""
    why = each("stage verdict rule value threshold failed detail", judged)
    return Derived(same(keys, "doc_id", "source") | same("ingest.signals", "n_bytes") | why, rows)


def cuts(judged: Origins, rows: Origins) -> Derived:
    """A table of byte ranges."""
    return Derived({"cuts": judged}, rows)


DUPLICATE: Origins = origin(
    "TRANSFORMATION", "ingest.documents.text", "ingest.documents.url", "ingest.signals.exact_hash"
) + origin("SORT", "ingest.documents.timestamp", "ingest.documents.doc_id")
PASSAGE: Origins = origin("TRANSFORMATION", "ingest.documents.text")
OVERLAP: Origins = PASSAGE + origin("TRANSFORMATION", "outside.benchmarks.text")
LEARNT: Origins = origin("AGGREGATION", "shards.shards.input_ids") + origin("SORT", "mixture.plan.position")

DERIVED: Mapping[str, Mapping[str, Derived]] = {
    "ingest": {
        "documents": DOCUMENTS,
        "signals": SIGNALS,
        "findings": FINDINGS,
        "decisions": DROPPED,
        "quarantine": QUARANTINE,
    },
    "filter": {"decisions": decisions("ingest.signals", origin("TRANSFORMATION", "ingest.signals.*"))},
    "dedup": {
        "decisions": decisions("ingest.signals", DUPLICATE, KEPT[:1]),
        "clusters": Derived(
            {
                **same("ingest.signals", "doc_id"),
                "size": origin("AGGREGATION", "ingest.signals.doc_id"),
                **each("cluster_id matched", origin("TRANSFORMATION", "ingest.signals.doc_id")),
                **each("representative level similarity", DUPLICATE),
            },
            KEPT[:1],
        ),
    },
    "passages": {
        "decisions": decisions("ingest.signals", PASSAGE, KEPT),
        "cuts": cuts(PASSAGE, KEPT),
    },
    "decontaminate": {
        "decisions": decisions("ingest.signals", OVERLAP, KEPT_AND_PASSED),
        "cuts": cuts(OVERLAP, KEPT_AND_PASSED),
        "overlaps": Derived(
            {
                **same("ingest.signals", "doc_id", "source"),
                **each("verdict share spans", OVERLAP),
                **each("item part", origin("TRANSFORMATION", "outside.benchmarks.text")),
                "id": origin("IDENTITY", "outside.benchmarks.id"),
                "benchmark": (),
            },
            KEPT_AND_PASSED,
        ),
    },
    "tokenizer": {
        "model": Derived(
            rows=origin("FILTER", "ingest.documents.source", "ingest.documents.doc_id")
            + KEPT_AND_CUT
            + PASSAGE
        )
    },
    "encode": {
        "tokens": Derived(
            {
                **same("ingest.documents", "doc_id", "source", "lang"),
                **each("n_bytes n_tokens input_ids", PASSAGE),
            },
            KEPT_AND_CUT,
        )
    },
    "mixture": {
        "plan": Derived(
            {
                **same("encode.tokens", "doc_id", "source", "n_tokens"),
                "position": origin("SORT", "encode.tokens.doc_id", "encode.tokens.n_tokens"),
                **each("phase epoch", origin("AGGREGATION", "encode.tokens.n_tokens")),
                **each("shard row", origin("AGGREGATION", "encode.tokens.n_tokens")),
            }
        )
    },
    "shards": {
        "shards": Derived(
            same("encode.tokens", "doc_id", "source", "input_ids"),
            origin("JOIN", "mixture.plan.doc_id") + origin("SORT", "mixture.plan.shard", "mixture.plan.row"),
        )
    },
    "publish": {
        "documents": Derived(
            {
                **same("mixture.plan", "doc_id", "shard", "row"),
                **same("encode.tokens", "source", "lang", "n_tokens"),
                **same("ingest.documents", "url"),
            },
            origin("FILTER", "mixture.plan.doc_id"),
        )
    },
    "train": {
        "metrics": Derived({"step": (), "lr": (), "*": LEARNT}),
        "spikes": Derived(
            {
                **each("step samples", ()),
                **each("loss z", LEARNT),
                "doc_ids": origin("IDENTITY", "shards.shards.doc_id"),
            }
        ),
        "model": Derived(rows=LEARNT),
    },
}
"""step -> table -> its origins. A step that is not here tells of tables alone."""

READS: Mapping[str, tuple[str, ...]] = {
    "encode": ("tokenizer.model",),
    "shards": ("tokenizer.model",),
    "train": ("tokenizer.model",),
    "publish": ("shards.shards", "tokenizer.model", "gates.verdict"),
}
"""Tables that a step reads and takes no column from."""
