"""Poison: records that hang, explode in memory or crash the process are found, parked and passed.

`Guarded` does a unit's work in a child process and watches it; the work itself tells where it is (`at_stage`,
`at_row`), reads through `reading` and does what records can provoke through `apart`. Unwatched, these cost a few
stores and change nothing.
"""

from pipelines.guard.attempt import at_row, at_stage, progressed
from pipelines.guard.isolate import Outcome, apart
from pipelines.guard.limits import Limits
from pipelines.guard.read import reading
from pipelines.guard.unit import Guarded

__all__ = ["Guarded", "Limits", "Outcome", "apart", "at_row", "at_stage", "progressed", "reading"]
