"""Prometheus metrics of a workspace, from its manifests and its run log: the state after the last step that ran.

Names keep to Prometheus' conventions (base units, `_total` for counters). The trace id is no label: every run would
be a series of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from daybreak import __version__
from daybreak.accounting import Count
from daybreak.manifest import Manifest
from daybreak.recipe import Recipe
from daybreak.workspace import RUN_LOG, Workspace

Lines = Iterable[Mapping[str, Any]]


def registry_of(recipe: Recipe, workspace: Workspace, steps: Iterable[str]) -> CollectorRegistry:
    """A registry whose metrics all bear the recipe's name."""
    found = {step: workspace.manifest(step) for step in steps}
    manifests = {step: manifest for step, manifest in found.items() if manifest is not None}
    registry = CollectorRegistry()
    registry.register(_Workspace(recipe.name, workspace, manifests))
    return registry


@dataclass(frozen=True, eq=False)
class _Workspace(Collector):
    recipe: str
    workspace: Workspace
    manifests: Mapping[str, Manifest]

    def collect(self) -> Iterator[Metric]:
        yield from self._stages([c for m in self.manifests.values() for c in m.accounting])
        yield from self._tables()
        yield from self._inputs()
        yield from self._runs(_lines(self.workspace, RUN_LOG))
        yield from self._training()
        build = InfoMetricFamily("daybreak_build", "Version that wrote these metrics.", labels=["recipe"])
        build.add_metric([self.recipe], {"version": __version__})
        yield build

    def _gauge(self, name: str, what: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"daybreak_{name}", what, labels=["recipe", *labels])

    def _stages(self, counts: list[Count]) -> Iterator[Metric]:
        labels = ("stage", "source", "outcome", "rule")
        kinds = {
            "documents": "Documents by outcome in a stage of the funnel.",
            "bytes": "Bytes of text (before extraction: of content) by outcome; edited ones left kept documents.",
            "tokens": "Tokens by outcome, from encoding on.",
        }
        for kind, what in kinds.items():
            family = self._gauge(f"stage_{kind}", what, labels)
            for c in (c for c in counts if getattr(c, kind) is not None):
                family.add_metric([self.recipe, c.stage, c.source, c.outcome, c.rule or ""], getattr(c, kind))
            yield family

    def _tables(self) -> Iterator[Metric]:
        rows = self._gauge("table_rows", "Rows of a step's table.", ("step", "table"))
        size = self._gauge("table_bytes", "Stored bytes of a step's table.", ("step", "table"))
        for step, manifest in self.manifests.items():
            for table, entries in manifest.tables.items():
                rows.add_metric([self.recipe, step, table], manifest.rows(table))
                size.add_metric([self.recipe, step, table], sum(e.bytes for e in entries))
        yield from (rows, size)

    def _inputs(self) -> Iterator[Metric]:
        if (ingest := self.manifests.get("ingest")) is None:
            return
        files = self._gauge("input_files", "Input files of a source.", ("source",))
        names = [f["source"] for f in ingest.facts["files"]]
        for name in sorted(set(names)):
            files.add_metric([self.recipe, name], names.count(name))
        bad = self._gauge("bad_inputs", "Input files that could not be read.")
        bad.add_metric([self.recipe], len(ingest.facts["bad_inputs"]))
        yield from (files, bad)

    def _runs(self, log: Lines) -> Iterator[Metric]:
        runs = CounterMetricFamily(
            "daybreak_step_runs", "Attempts at a step that ended.", labels=["recipe", "step", "outcome"]
        )
        seconds = self._gauge("step_duration_seconds", "How long the last attempt at a step took.", ("step",))
        last = self._gauge("step_last_end_timestamp_seconds", "Its end, by outcome.", ("step", "outcome"))
        outcomes = {"commit": "success", "fail": "failure"}
        ends = [e for e in log if e.get("event") in outcomes]
        for (step, event), some in _grouped(ends).items():
            runs.add_metric([self.recipe, step, outcomes[event]], len(some))
            last.add_metric([self.recipe, step, outcomes[event]], _seconds(some[-1]["time"]))
        for step, end in {e["step"]: e for e in ends}.items():
            seconds.add_metric([self.recipe, step], end["seconds"])
        yield from (runs, seconds, last)

    def _training(self) -> Iterator[Metric]:
        if (train := self.manifests.get("train")) is None:
            return
        store = self.workspace.data(train)
        entries = train.tables["metrics"]
        lines = [json.loads(line) for e in entries for line in store.read(e.path).splitlines()]
        named = {
            "loss": "training_loss", "eval_loss": "training_eval_loss", "tokens": "training_tokens",
            "step": "training_steps", "grad_norm": "training_gradient_norm",
        }  # fmt: skip
        known = {key: value for line in lines for key, value in line.items() if value is not None}
        for key, name in named.items():
            if key in known:
                family = self._gauge(name, f"Last value of `{key}` in training.")
                family.add_metric([self.recipe], known[key])
                yield family
        spikes = self._gauge("training_loss_spikes", "Steps whose loss jumped.")
        spikes.add_metric([self.recipe], train.rows("spikes"))
        yield spikes


def _lines(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    if not workspace.store.exists(name):
        return []
    return [json.loads(line) for line in workspace.store.read(name).splitlines()]


def _grouped(ends: Lines) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for end in ends:
        groups.setdefault((end["step"], end["event"]), []).append(end)
    return groups


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
