"""The sequential rule in plain Python, and a history fed by it without Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import xxhash

from pipelines.dedup.history.history import History
from pipelines.dedup.history.lookup import find
from pipelines.dedup.history.state import Batch
from pipelines.dedup.history.tables import BANDS, EXACT, SETS, TABLES, URLS, Table
from pipelines.dedup.order import earlier
from pipelines.parts import write_part

BUCKETS, HUBS, THRESHOLD = 4, 2, 0.6
SETTINGS = {"ngram": 1, "threshold": THRESHOLD, "hubs": HUBS}


class Document(NamedTuple):
    """One document as hashes see it."""

    doc_id: str
    url: str | None
    exact: str
    shingles: frozenset[int]
    buckets: tuple[int, ...]


class Verdict(NamedTuple):
    """Why it went (None: kept), what it equalled, and the kept document that stands for it."""

    rule: str | None
    matched: str | None
    kept: str


class Plain:
    """All documents so far, judged one by one: the definition."""

    def __init__(self) -> None:
        self.urls: dict[str, tuple[str, str]] = {}
        self.hashes: dict[str, tuple[str, str]] = {}
        self.buckets: dict[int, list[str]] = {}
        self.sets: dict[str, frozenset[int]] = {}

    def judge(self, doc: Document) -> Verdict:
        """Judge the next document in the declared order, and remember it."""
        if doc.url is not None and (found := self.urls.get(doc.url)):
            return Verdict("url", *found)
        verdict = self._text(doc)
        if doc.url is not None:
            self.urls[doc.url] = (doc.doc_id, verdict.kept)
        return verdict

    def _text(self, doc: Document) -> Verdict:
        if found := self.hashes.get(doc.exact):
            return Verdict("exact", *found)
        verdict = self._near(doc)
        self.hashes[doc.exact] = (doc.doc_id, verdict.kept)
        return verdict

    def _near(self, doc: Document) -> Verdict:
        hubs = dict.fromkeys(h for bucket in doc.buckets for h in self.buckets.get(bucket, [])[:HUBS])
        close = [
            (-similarity(doc.shingles, self.sets[h]), place, h)
            for place, h in enumerate(self.sets)
            if h in hubs
        ]
        close = [found for found in close if -found[0] >= THRESHOLD]
        if close:
            return Verdict("near", min(close)[2], min(close)[2])
        self.sets[doc.doc_id] = doc.shingles
        for bucket in doc.buckets:
            self.buckets.setdefault(bucket, []).append(doc.doc_id)
        return Verdict(None, None, doc.doc_id)


class FromHistory(Plain):
    """The same rule for one day, knowing of earlier days only what the history on disk answers."""

    def __init__(self, history: History, name: str, day: Sequence[Document]) -> None:
        super().__init__()
        view = history.view(history.check(name, SETTINGS))

        def ask(table: Table, keys: Sequence[Any], limit: int | None) -> list[dict[str, Any]]:
            return [row for key in sorted(set(keys)) for row in _find(view, table, key, limit)]

        self.urls = _named(ask(URLS, [d.url for d in day if d.url is not None], 1), "url_hash")
        self.hashes = _named(ask(EXACT, [d.exact for d in day], 1), "exact_hash")
        hubs = ask(BANDS, [b for d in day for b in d.buckets], HUBS)
        self.buckets = {}
        for row in sorted(hubs, key=lambda row: row["order"]):
            self.buckets.setdefault(row["bucket"], []).append(row["doc_id"])
        places = {row["doc_id"]: row["order"] for row in hubs}
        found = {row["doc_id"]: row["shingles"] for row in ask(SETS, list(places), 1)}
        self.sets = {h: frozenset(found[h]) for h in sorted(places, key=lambda h: places[h])}


def similarity(a: frozenset[int], b: frozenset[int]) -> float:
    """Jaccard."""
    return len(a & b) / len(a | b) if a | b else 0.0


def run_day(
    history: History, name: str, day: Sequence[Document], pending: bool = False
) -> dict[str, Verdict]:
    """Judge a day against the history and append it."""
    rule = FromHistory(history, name, day)
    found = {doc.doc_id: rule.judge(doc) for doc in day}
    append(history, name, day, found, pending)
    return found


def append(
    history: History, name: str, day: Sequence[Document], found: Mapping[str, Verdict], pending: bool = False
) -> Batch:
    """Write a judged day, in the order given, as a batch."""
    number, folder = history.begin(name)
    tables = {}
    for table_name, rows in _rows(day, found, number).items():
        table = TABLES[table_name]
        by_bucket: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_bucket.setdefault(bucket_of(row[table.key]), []).append(row)
        entries = []
        for bucket, members in sorted(by_bucket.items()):
            made = pa.Table.from_pylist(
                sorted(members, key=lambda r: [r[k] for k in table.order]), table.schema
            )
            path = f"{table.name}/{bucket}.parquet"
            entries.append(write_part(folder, path, table.schema, made.to_batches(), table.layout))
        tables[table.name] = entries
    return history.commit(name, folder, tables, SETTINGS, {"documents": len(day)}, BUCKETS, pending)


def _rows(
    day: Sequence[Document], found: Mapping[str, Verdict], number: int
) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for place, doc in enumerate(day):
        verdict = found[doc.doc_id]
        stands = {"doc_id": doc.doc_id, "kept": None if verdict.kept == doc.doc_id else verdict.kept}
        if verdict.rule != "url" and doc.url is not None:
            rows["urls"].append({"url_hash": doc.url, **stands})
        if verdict.rule not in ("url", "exact"):
            rows["exact"].append({"exact_hash": doc.exact, **stands})
        if verdict.rule is None:
            order = earlier(number) + place.to_bytes(4, "big")
            rows["bands"] += [
                {"bucket": b, "order": order, "doc_id": doc.doc_id} for b in sorted(set(doc.buckets))
            ]
            rows["sets"].append({"doc_id": doc.doc_id, "shingles": sorted(doc.shingles)})
        else:
            member = {
                "cluster_id": verdict.kept,
                "doc_id": doc.doc_id,
                "level": verdict.rule,
                "batch": number,
            }
            rows["members"].append(member)
    return rows


def bucket_of(key: str | int) -> str:
    """Name of a key's bucket, as `buckets.bucket_name` has it."""
    data = key.encode() if isinstance(key, str) else key.to_bytes(8, "little", signed=True)
    return f"{xxhash.xxh64_intdigest(data, seed=42) >> (65 - BUCKETS.bit_length()):03x}"


def _find(view: Any, table: Table, key: Any, limit: int | None) -> list[dict[str, Any]]:
    keys = pa.array([key], table.schema.field(table.key).type)
    return [row for batch in find(view, table, bucket_of(key), keys, limit) for row in batch.to_pylist()]


def _named(rows: list[dict[str, Any]], key: str) -> dict[str, tuple[str, str]]:
    return {row[key]: (row["doc_id"], row["kept"] or row["doc_id"]) for row in rows}
