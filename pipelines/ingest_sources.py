"""Ingest of some sources alone: their units are read and marked as finished, for the step to find and commit.

Processes may read different sources of one workspace at the same time, on one machine or several that share a disk.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from daybreak.accounting import Ledger, check
from daybreak.errors import RecipeError
from daybreak.recipe import Recipe
from pipelines.observe import StepRun
from pipelines.observe.run_log import note
from pipelines.observe.spark_metrics import Measured, flows
from pipelines.registry import step
from pipelines.runner import Runner, explained
from pipelines.spark.narrow import UnitResult
from pipelines.step import Context
from pipelines.steps.ingest import Reading, bad_inputs, inputs


@dataclass(frozen=True)
class SourcesRead:
    """What became of sources: `units` stand finished, `new` of them were read now, `bad` files could not be.

    committed: the step was done before, and nothing was left to do.
    """

    sources: tuple[str, ...]
    committed: bool
    seconds: float = 0.0
    units: int = 0
    new: int = 0
    documents: int = 0
    bad: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = ", ".join(self.sources)
        if self.committed:
            return f"ingest of {names}: already done, the step is committed"
        done = f"{self.units} units, {self.new} of them now, {self.documents:,} documents"
        return f"ingest of {names}: {self.seconds:.1f} s  {done}; `--only ingest` commits"


def read_sources(runner: Runner, names: Sequence[str]) -> SourcesRead:
    """Read these sources' units as far as they are not finished; commits nothing.

    Raises RecipeError for a source that the recipe does not have, InputError where more of their files cannot be
    read than the recipe allows for all sources, WorkspaceError while another run holds the workspace.
    """
    wanted = known_sources(runner.recipe, names)
    workspace = runner.workspace
    workspace.prepare(int(runner.recipe.min_free_gb * 1e9))
    with workspace.shared("ingest", wanted), explained(workspace):
        run = runner.wanted(step("ingest"))
        manifest = workspace.manifest("ingest")
        if manifest is not None and manifest.fingerprint == run.fingerprint:
            return SourcesRead(wanted, committed=True)
        return _read(runner, run, wanted)


def known_sources(recipe: Recipe, names: Sequence[str]) -> tuple[str, ...]:
    """The names, sorted, each once; raises RecipeError for one that the recipe does not have."""
    for name in names:
        if name not in recipe.sources:
            near = difflib.get_close_matches(name, recipe.sources, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"the sources are {', '.join(recipe.sources)}"
            raise RecipeError(f"no source {name!r} in the recipe; {hint}")
    return tuple(sorted(set(names)))


def _read(runner: Runner, run: StepRun, names: tuple[str, ...]) -> SourcesRead:
    began, measured = time.monotonic(), Measured(run)
    items = [item for item in inputs(run.recipe) if item.source in names]
    out = run.workspace.join("ingest", run.fingerprint)
    reading = Reading(
        Context(run.recipe, run.workspace, run.inputs, out, runner.progress, runner.session), items, names
    )
    runner.progress.begin("ingest")
    try:
        results = reading.results()
        bad = bad_inputs(run.recipe, items, results)
        counts = Ledger(count for result in results for count in result.counts).counts()
        check(counts)
    except BaseException:
        measured.drop()
        raise
    finally:
        runner.progress.end()
    seconds = time.monotonic() - began
    read = len(results) - reading.taken_over
    note(run, "read", sources=names, units=read, seconds=round(seconds, 2))
    stored = {name: sum(item.size for item in items if item.source == name) for name in names}
    measured.write(
        seconds,
        {"part": names, "resumed_units": reading.taken_over, "sources": flows(counts, stored), "tables": {}},
    )
    return SourcesRead(names, False, seconds, len(results), read, _documents(results), tuple(bad.values()))


def _documents(results: Sequence[UnitResult]) -> int:
    counts = (count for result in results for count in result.counts)
    return sum(c.documents for c in counts if (c.stage, c.outcome) == ("ingest", "in"))
