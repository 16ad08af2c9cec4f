"""Finding the record in a batch that kills whoever works on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from pipelines.guard.attempt import CURRENT, Attempt
from pipelines.guard.child import in_child
from pipelines.guard.crumb import Phase
from pipelines.guard.limits import Death, Limits

Outcome = tuple[pa.RecordBatch, list[tuple[int, str]]]
"""What work on a batch leaves, and the rows that it could not leave: (row of the batch, why)."""

Work = Callable[[pa.RecordBatch], Outcome]
Refuse = Callable[[pa.RecordBatch, str], Outcome]


def apart(stage: str, work: Work, batch: pa.RecordBatch, refuse: Refuse) -> Outcome:
    """`work(batch)`, whose rows may be poison: row by row it must do what it does for all at once.

    `refuse` gives the outcome of a batch of one row, and why it could not be worked on. The verdict over a
    row falls where it stands alone, so neither neighbours nor earlier attempts are in it.
    """
    attempt = CURRENT.get()
    attempt.crumb.enter(Phase.WORKING, stage)
    outcome = work(batch) if attempt.limits is None else _Search(attempt, stage, work, refuse)(batch)
    attempt.crumb.enter(Phase.OTHER)
    return outcome


@dataclass(frozen=True)
class _Search:
    """Work on a batch in children, on ever smaller parts of it where they die."""

    attempt: Attempt
    stage: str
    work: Work
    refuse: Refuse

    def __call__(self, batch: pa.RecordBatch) -> Outcome:
        assert self.attempt.limits is not None
        single = batch.num_rows <= 1
        outcome = self._try(batch, self.attempt.limits if single else self.attempt.limits.suspecting())
        if not isinstance(outcome, Death):
            return outcome
        if single:
            return self._condemn(batch, outcome)
        ends = _parts(batch.num_rows, outcome.row)
        starts = [0, *ends[:-1]]
        outcomes = [self(batch.slice(start, end - start)) for start, end in zip(starts, ends, strict=True)]
        failures = [
            (start + row, why) for start, (_, part) in zip(starts, outcomes, strict=True) for row, why in part
        ]
        return pa.concat_batches([left for left, _ in outcomes]), failures

    def _try(self, batch: pa.RecordBatch, limits: Limits) -> Outcome | Death:
        watched = Attempt()
        watched.crumb.enter(Phase.WORKING, self.stage)
        return in_child(partial(self.work, batch), watched, limits, alive=self.attempt.crumb.beat)

    def _condemn(self, batch: pa.RecordBatch, death: Death) -> Outcome:
        """One row alone was too much; if somebody else ended it, it is tried once more."""
        assert self.attempt.limits is not None
        again = self._try(batch, self.attempt.limits) if death.alien else death
        if not isinstance(again, Death):
            return again
        return self.refuse(batch, f"The record {again}")


def _parts(rows: int, suspect: int) -> list[int]:
    """Where the parts of a batch end: the suspect stands alone, without one there are halves."""
    if 0 <= suspect < rows:
        return sorted({suspect, suspect + 1, rows} - {0})
    return [rows // 2, rows]
