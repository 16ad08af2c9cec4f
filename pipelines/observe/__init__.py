"""Who is told what a run does: the run log, and whatever else `OBSERVERS` names. None can change an output."""

from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.run_log import RunLog

OBSERVERS: tuple[Observer, ...] = (RunLog(),)
"""A new observer is one file here and one entry."""

__all__ = ["OBSERVERS", "Observer", "StepRun"]
