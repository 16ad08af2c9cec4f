"""Prometheus metrics after every step: WORKSPACE/metrics.prom, a textfile collector's folder, a Pushgateway.

DAYBREAK_METRICS_DIR    folder that node exporter's textfile collector reads: RECIPE.prom there, too
DAYBREAK_PUSHGATEWAY    address of a Pushgateway; one group a recipe
"""

from __future__ import annotations

import os
from functools import partial

from daybreak.manifest import Manifest
from daybreak.storage import Store
from pipelines.observe.bounded import Bounded, Unreachable
from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.run_log import note

FILE = "metrics.prom"
FOLDER, GATEWAY = "DAYBREAK_METRICS_DIR", "DAYBREAK_PUSHGATEWAY"


class Prometheus(Observer):
    """Writes what `gauges` collects, whole, after each end of a step; so a file speaks of all steps done so far."""

    def __init__(self, bounded: Bounded | None = None) -> None:
        self._bounded = bounded or Bounded()

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """The step's counts are new."""
        self._write(run)

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """One more failure."""
        self._write(run)

    def _write(self, run: StepRun) -> None:
        from prometheus_client import generate_latest

        from pipelines.observe.gauges import registry_of
        from pipelines.registry import STEPS

        steps = [step.name for step in STEPS if step.wanted(run.recipe)]
        registry = registry_of(run.recipe, run.workspace, steps)
        text = generate_latest(registry)
        run.workspace.store.write(FILE, text)
        if folder := os.environ.get(FOLDER):
            Store.at(folder).write(f"{run.recipe.name}.prom", text)
        if gateway := os.environ.get(GATEWAY):
            self._push(run, gateway, registry)

    def _push(self, run: StepRun, gateway: str, registry: object) -> None:
        from prometheus_client import push_to_gateway

        group = {"recipe": run.recipe.name}
        push = partial(push_to_gateway, gateway, "daybreak", registry, group, timeout=5)  # type: ignore[arg-type]
        try:
            self._bounded(push)
        except Unreachable as failure:
            note(run, "warning", observer="Prometheus", error=str(failure))
