"""Who is told what a run does: run log, metrics, and whatever else `OBSERVERS` names. None can change an output."""

from pipelines.observe.careful import Careful
from pipelines.observe.lineage import Lineage
from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.prometheus import Prometheus
from pipelines.observe.run_log import RunLog
from pipelines.observe.spark_metrics import SparkMetrics

OBSERVERS: tuple[Observer, ...] = (RunLog(), SparkMetrics(), Careful(Lineage()), Careful(Prometheus()))
"""A new observer is one file here and one entry."""

__all__ = ["OBSERVERS", "Observer", "StepRun"]
