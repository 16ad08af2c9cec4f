"""Runs the steps of a recipe in order, skipping what is done, and tells what it did."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import takewhile
from typing import TYPE_CHECKING, Literal, cast

from daybreak import accounting
from daybreak.accounting import Count
from daybreak.errors import DaybreakError, WorkspaceError
from daybreak.manifest import Manifest, fingerprint
from daybreak.progress import Progress
from daybreak.recipe import Recipe
from daybreak.workspace import Workspace
from pipelines.code import code_version
from pipelines.ingest.places import use
from pipelines.observe import OBSERVERS, Observer, StepRun
from pipelines.registry import STEPS, validate
from pipelines.spark.naming import app_name, group_jobs
from pipelines.step import Context, Result, Step

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

State = Literal["done", "run", "perhaps"]


@dataclass(frozen=True)
class Planned:
    """One line of a plan: `perhaps` means it runs unless the steps before it come out as they were."""

    step: str
    state: State
    needs: tuple[str, ...]
    fingerprint: str | None
    why: str


@dataclass(frozen=True)
class Outcome:
    """What a run did with one step."""

    step: str
    ran: bool
    seconds: float
    manifest: Manifest


class Runner:
    """One recipe on its workspace. Spark starts when the first step needs it."""

    def __init__(
        self,
        recipe: Recipe,
        progress: Progress | None = None,
        observers: Sequence[Observer] = OBSERVERS,
    ) -> None:
        use(recipe.remote)
        validate(recipe)
        self.recipe = recipe
        self.workspace = Workspace(recipe.workspace)
        self.progress = progress or Progress()
        self.observers = observers
        self.session = cache(self._start)
        self._only: Sequence[str] | None = None

    def _start(self) -> SparkSession:
        from pipelines.spark.session import start

        return start(self.recipe, app_name(self.recipe.name, self._only))

    def _session_of(self, step: str) -> SparkSession:
        """The session, with its jobs under the step's name from here on."""
        spark = self.session()
        group_jobs(spark, step)
        return spark

    def _running(self) -> SparkSession | None:
        return self.session() if self.session.cache_info().currsize else None

    def steps(self) -> list[Step]:
        """The steps that the recipe wants, in order."""
        return [step for step in STEPS if step.wanted(self.recipe)]

    def plan(self, before: str | None = None) -> list[Planned]:
        """What is done and what would run, of all steps or those `before` one; starts and writes nothing."""
        planned: list[Planned] = []
        stale: set[str] = set()
        for step in takewhile(lambda step: step.name != before, self.steps()):
            unsure = [n for n in step.needs if n in stale]
            manifest = self.workspace.manifest(step.name)
            if unsure:
                state: State = "perhaps" if manifest else "run"
                planned.append(Planned(step.name, state, step.needs, None, f"after {', '.join(unsure)}"))
                stale.add(step.name)
                continue
            wanted = self._fingerprint(step, self._inputs(step))
            done = self._done(step, manifest, wanted)
            why = "" if done else _difference(manifest, step, self.recipe)
            planned.append(Planned(step.name, "done" if done else "run", step.needs, wanted, why))
            stale |= set() if done else {step.name}
        return planned

    def run(self, only: Sequence[str] | None = None) -> Iterator[Outcome]:
        """Run the steps (or `only` some, whose needs must be up to date), one outcome each as it finishes."""
        self._only = only
        self.workspace.prepare(int(self.recipe.min_free_gb * 1e9))
        with self.workspace.locked(), explained(self.workspace):
            for step in self.steps():
                if only is None:
                    yield self._one(step)
                elif step.name in only:
                    self._require_current(step)
                    yield self._one(step)

    def wanted(self, step: Step) -> StepRun:
        """The step as it would run now, on the inputs that are there."""
        inputs = self._inputs(step)
        wanted = self._fingerprint(step, inputs)
        return StepRun(step, self.recipe, self.workspace, inputs, wanted, self._running)

    def prepare(self, step: Step) -> Context:
        """What `step` would run with, for those who start its work by other means. Its needs must be up to date."""
        self._require_current(step)
        run, place = self.wanted(step), self.workspace.store.below(step.name)
        return Context(
            self.recipe, self.workspace, run.inputs, place, self.progress, self.session, run.fingerprint
        )

    def manifests(self) -> dict[str, Manifest]:
        """Manifests of all finished steps of the recipe, in order."""
        found = {step.name: self.workspace.manifest(step.name) for step in self.steps()}
        return {name: manifest for name, manifest in found.items() if manifest is not None}

    def _require_current(self, step: Step) -> None:
        """Refuse to build on tables that other settings, code or inputs made: they may not line up."""
        states = {planned.step: planned for planned in self.plan(before=step.name)}
        for need in (states[name] for name in step.needs if name in states):
            if need.state != "done":
                raise DaybreakError(
                    f"{step.name} needs {need.step}, which is not up to date in {self.workspace} ({need.why}). "
                    f"Run {need.step} first, or all steps."
                )

    def _done(self, step: Step, manifest: Manifest | None, wanted: str) -> bool:
        same = manifest is not None and manifest.fingerprint == wanted
        return same and step.stands(self.recipe, cast(Manifest, manifest))

    def _one(self, step: Step) -> Outcome:
        run = self.wanted(step)
        manifest = self.workspace.manifest(step.name)
        done = self._done(step, manifest, run.fingerprint)
        if not done:
            step.ready(self.recipe, self.progress)
            run = self.wanted(step)
        if done and manifest is not None:
            for observer in self.observers:
                observer.skip(run, manifest)
            return Outcome(step.name, False, 0.0, manifest)
        manifest, seconds = self._observed(run)
        return Outcome(step.name, True, seconds, manifest)

    def _observed(self, run: StepRun) -> tuple[Manifest, float]:
        """Run the step under the eyes of all observers; its manifest and the seconds it took."""
        began = time.monotonic()
        for observer in self.observers:
            observer.begin(run)
        try:
            manifest = self._execute(run.step, dict(run.inputs), run.fingerprint)
        except BaseException as error:
            for observer in self.observers:
                observer.fail(run, error, time.monotonic() - began)
            raise
        seconds = time.monotonic() - began
        for observer in self.observers:
            observer.commit(run, manifest, seconds)
        return manifest, seconds

    def _execute(self, step: Step, inputs: dict[str, Manifest], wanted: str) -> Manifest:
        begin = partial(self.workspace.resume, fingerprint=wanted) if step.resumes else self.workspace.begin
        attempt = begin(step.name)
        session = partial(self._session_of, step.name)
        context = Context(self.recipe, self.workspace, inputs, attempt, self.progress, session, wanted)
        self.progress.begin(step.name)
        try:
            result = step.run(context)
        finally:
            self.progress.end()
        counts = accounting.Ledger(result.accounting).counts()
        accounting.check(counts, self._counts_before(step))
        manifest = self._manifest(step, wanted, inputs, result, counts)
        self.workspace.commit(manifest, attempt)
        return manifest

    def _counts_before(self, step: Step) -> list[Count]:
        names = [s.name for s in self.steps()]
        earlier = names[: names.index(step.name)]
        return [c for name, m in self.manifests().items() if name in earlier for c in m.accounting]

    def _manifest(
        self, step: Step, wanted: str, inputs: dict[str, Manifest], result: Result, counts: list[Count]
    ) -> Manifest:
        return Manifest(
            step=step.name,
            fingerprint=wanted,
            code=code_version(step.code, step.libraries),
            settings=step.settings(self.recipe),
            inputs={name: m.digest for name, m in inputs.items()},
            tables=result.tables,
            accounting=counts,
            facts=result.facts,
        )

    def _inputs(self, step: Step) -> dict[str, Manifest]:
        names = {s.name for s in self.steps()}
        inputs = {}
        for name in (n for n in step.needs if n in names):
            if (manifest := self.workspace.manifest(name)) is not None:
                inputs[name] = manifest
        return inputs

    def _fingerprint(self, step: Step, inputs: dict[str, Manifest]) -> str:
        known = {name: manifest.digest for name, manifest in inputs.items()} | step.outside(self.recipe)
        return fingerprint(
            step.name, code_version(step.code, step.libraries), step.settings(self.recipe), known
        )


def _difference(manifest: Manifest | None, step: Step, recipe: Recipe) -> str:
    if manifest is None:
        return "not done yet"
    if manifest.settings != step.settings(recipe):
        return "settings changed"
    if manifest.code != code_version(step.code, step.libraries):
        return "code changed"
    return "inputs changed, or what it left elsewhere"


@contextlib.contextmanager
def explained(workspace: Workspace) -> Iterator[None]:
    """Turn a full disk into a message; what is committed stays, and the next run goes on from there."""
    try:
        yield
    except DaybreakError:
        raise
    except Exception as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        if full or "No space left on device" in str(error) or "Errno 28" in str(error):
            raise WorkspaceError(
                f"no space left on the disk of {workspace} (or of Spark's scratch folder). "
                "Free some and run again: finished steps are kept."
            ) from error
        raise
