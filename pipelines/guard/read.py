"""Reading under watch, and ending where an earlier attempt could not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh64_intdigest

from daybreak.errors import InputError
from pipelines.guard.attempt import CURRENT, Stop
from pipelines.guard.crumb import Crumb, Phase

MAX_ROWS = 1024

Read = Callable[[int], Iterator[pa.RecordBatch]]


def reading(unit: str, path: str, read: Read, batch_bytes: int) -> Iterator[pa.RecordBatch]:
    """The batches of `read(batch_bytes)`, which reads `unit` (a name like no other's) of the file at `path`.

    Where reading killed an earlier attempt, what stands before is given out; then InputError says where.
    """
    attempt, key = CURRENT.get(), xxh64_intdigest(unit.encode()) >> 1
    attempt.crumb.begin(key)
    stop = attempt.stops.get(key)
    if stop and stop.rows == 0:
        raise _impassable(path, stop)
    fine = attempt.fine
    batches = _finely(path, read(1), batch_bytes, attempt.crumb, stop) if fine else read(batch_bytes)
    rows = 0
    attempt.crumb.enter(Phase.READING)
    for batch in batches:
        rows += batch.num_rows
        attempt.crumb.has_read(rows, _end(batch))
        attempt.crumb.enter(Phase.OTHER)
        yield batch
        attempt.crumb.enter(Phase.READING)
    attempt.crumb.enter(Phase.OTHER)


@dataclass
class _Held:
    """Records that wait to become a batch."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def take(self, batch: pa.RecordBatch) -> None:
        self.batches.append(batch)
        self.rows += batch.num_rows
        self.size += pc.sum(batch["n_raw"], min_count=0).as_py()

    def give(self) -> Iterator[pa.RecordBatch]:
        if self.batches:
            yield pa.concat_batches(self.batches)
        self.batches, self.rows, self.size = [], 0, 0


def _finely(
    path: str, records: Iterator[pa.RecordBatch], batch_bytes: int, crumb: Crumb, stop: Stop | None
) -> Iterator[pa.RecordBatch]:
    """Batches of records that are read one by one and counted; up to `stop`."""
    held, rows = _Held(), 0
    for record in records:
        held.take(record)
        rows += record.num_rows
        crumb.has_read(rows, _end(record))
        if stop and rows >= stop.rows:
            yield from held.give()
            raise _impassable(path, stop)
        if held.size >= batch_bytes or held.rows >= MAX_ROWS:
            yield from held.give()
    yield from held.give()


def _end(batch: pa.RecordBatch) -> int:
    """The place behind a batch's last record."""
    last = batch.num_rows - 1
    return batch["offset"][last].as_py() + batch["length"][last].as_py() if last >= 0 else 0


def _impassable(path: str, stop: Stop) -> InputError:
    return InputError(
        f"{path}: {stop.why}; {stop.rows} records before that were read. Leave the file out, or raise "
        "ingest.record_seconds or ingest.record_memory if it is sound."
    )
