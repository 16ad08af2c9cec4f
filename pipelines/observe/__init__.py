"""Who is told what a run does: the run log, and whatever else `OBSERVERS` names. None can change an output."""

from pipelines.observe.careful import Careful
from pipelines.observe.lineage import Lineage
from pipelines.observe.metrics import Metrics
from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.run_log import RunLog

OBSERVERS: tuple[Observer, ...] = (RunLog(), Careful(Lineage()), Careful(Metrics()))
"""A new observer is one file here and one entry."""

__all__ = ["OBSERVERS", "Observer", "StepRun"]
