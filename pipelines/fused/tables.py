"""The five tables of one ingested unit, and the count of every record that goes into or past them."""

from __future__ import annotations

from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.accounting import Ledger, Outcome
from daybreak.manifest import FileEntry
from daybreak.schema import DECISIONS, DOCUMENTS, FINDINGS, QUARANTINE
from daybreak.storage import Store
from pipelines.fused.chain import Chain
from pipelines.ingest.inputs import Input
from pipelines.ingest.rows import MAX_QUARANTINED
from pipelines.parts import PartWriter
from pipelines.pii.findings import findings_table

TABLES = ("documents", "signals", "findings", "decisions", "quarantine")


class IngestTables:
    """Writers of documents, signals, findings, decisions and quarantine for one unit of an input file."""

    def __init__(self, store: Store, item: Input, chain: Chain, unit: str | None = None) -> None:
        self.ledger = Ledger()
        self._item = item
        self._urls = chain.urls
        schemas = {
            "documents": DOCUMENTS,
            "signals": chain.signals(),
            "findings": FINDINGS,
            "decisions": DECISIONS,
            "quarantine": QUARANTINE,
        }
        self._writers = {
            t: PartWriter(store, f"{t}/{unit or item.unit}.parquet", s) for t, s in schemas.items()
        }

    def __enter__(self) -> IngestTables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.__exit__(kind, error, trace)

    def close(self) -> dict[str, FileEntry]:
        """Finish all parts."""
        return {table: writer.close() for table, writer in self._writers.items()}

    def discard(self) -> None:
        """Leave no part."""
        for writer in self._writers.values():
            writer.discard()

    def divert(self, stage: str, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Send unreadable records to quarantine and dropped ones to decisions; give back the rest."""
        sizes = batch.column("n_raw")
        self._count(stage, "in", batch.num_rows, sizes)
        bad = pc.is_valid(batch.column("error"))
        dropped = pc.and_(pc.invert(bad), pc.is_valid(batch.column("drop")))
        self._quarantine(stage, batch.filter(bad))
        self._drop(stage, batch.filter(dropped))
        live = batch.filter(pc.invert(pc.or_(bad, dropped)))
        if stage == "ingest":
            self._count(stage, "kept", live.num_rows, live.column("n_raw"))
        else:
            self._extracted(stage, live)
        return live

    def keep(self, chain: Chain, raw: pa.RecordBatch) -> None:
        """Run the chain over extracted records and write documents, signals and findings."""
        source = self._item.source
        before = self._documents(raw)
        size = _total(pc.binary_length(before.column("text")))
        self.ledger.add("clean", source, "in", before.num_rows, size)
        after, failures = chain.survivors(before)
        self._broken(before, failures)
        lost = sum(len(before.column("text")[row].as_py().encode()) for row, _ in failures)
        kept = _total(after.column("n_bytes"))
        self.ledger.add("clean", source, "kept", after.num_rows, kept)
        self.ledger.add("clean", source, "edited", 0, size - lost - kept)
        self._writers["documents"].write(after)
        self._writers["signals"].write(after)
        self._writers["findings"].write(findings_table(after))

    def unreadable(self, reason: str) -> None:
        """The file as a whole (or the rest of it) cannot be read: one quarantined record of no bytes."""
        self.ledger.add("ingest", self._item.source, "in", 1, 0)
        self.ledger.add("ingest", self._item.source, "quarantined", 1, 0, rule="unreadable_file")
        row = [self._item.source, self._item.file, 0, self._item.size, reason, None]
        arrays = [pa.array([value], field.type) for value, field in zip(row, QUARANTINE, strict=True)]
        self._writers["quarantine"].write(pa.RecordBatch.from_arrays(arrays, schema=QUARANTINE))

    def _count(
        self, stage: str, outcome: Outcome, rows: int, sizes: pa.Array, rule: str | None = None
    ) -> None:
        self.ledger.add(stage, self._item.source, outcome, rows, _total(sizes), rule)

    def _extracted(self, stage: str, live: pa.RecordBatch) -> None:
        raw, text = _total(live.column("n_raw")), _total(pc.binary_length(live.column("text")))
        self.ledger.add(stage, self._item.source, "kept", live.num_rows, text)
        self.ledger.add(stage, self._item.source, "edited", 0, raw - text)

    def _documents(self, raw: pa.RecordBatch) -> pa.RecordBatch:
        known = {name: raw.column(name) for name in raw.schema.names}
        known["source"] = pa.repeat(self._item.source, raw.num_rows)
        known["file"] = pa.repeat(self._item.file, raw.num_rows)
        return pa.RecordBatch.from_arrays([known[f.name].cast(f.type) for f in DOCUMENTS], schema=DOCUMENTS)

    def _quarantine(self, stage: str, bad: pa.RecordBatch) -> None:
        if bad.num_rows == 0:
            return
        rule = "unreadable_record" if stage == "ingest" else "extraction_failed"
        self._count(stage, "quarantined", bad.num_rows, bad.column("n_raw"), rule)
        columns = [
            pa.repeat(self._item.source, bad.num_rows),
            pa.repeat(self._item.file, bad.num_rows),
            *(bad.column(name) for name in ("offset", "length", "error", "payload")),
        ]
        self._writers["quarantine"].write(pa.RecordBatch.from_arrays(columns, schema=QUARANTINE))

    def _broken(self, before: pa.RecordBatch, failures: list[tuple[int, str]]) -> None:
        for row, why in failures:
            record = before.slice(row, 1)
            size = _total(pc.binary_length(record.column("text")))
            self.ledger.add("clean", self._item.source, "quarantined", 1, size, rule="stage_failed")
            columns = [record.column(n) for n in ("source", "file", "offset", "length")]
            raw = pc.binary_slice(record.column("text").cast(pa.binary()), 0, MAX_QUARANTINED)
            columns += [pa.array([why]), raw]
            self._writers["quarantine"].write(pa.RecordBatch.from_arrays(columns, schema=QUARANTINE))

    def _drop(self, stage: str, dropped: pa.RecordBatch) -> None:
        if dropped.num_rows == 0:
            return
        rules = dropped.column("drop")
        for rule in pc.unique(rules).to_pylist():
            sizes = dropped.column("n_raw").filter(pc.equal(rules, rule))
            self._count(stage, "dropped", len(sizes), sizes, rule)
        number = dropped.num_rows
        known = {
            "doc_id": dropped.column("doc_id"),
            "source": pa.repeat(self._item.source, number),
            "stage": pa.repeat(stage, number),
            "verdict": pa.repeat("drop", number),
            "rule": rules,
            "n_bytes": dropped.column("n_raw"),
            "detail": self._urls(dropped.column("url")),
        }
        columns = [known.get(f.name, pa.nulls(number, f.type)) for f in DECISIONS]
        self._writers["decisions"].write(pa.RecordBatch.from_arrays(columns, schema=DECISIONS))


def _total(sizes: pa.Array) -> int:
    return int(pc.sum(sizes, min_count=0).as_py())
