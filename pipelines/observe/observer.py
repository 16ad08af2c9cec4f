"""What an observer is told, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daybreak.manifest import Manifest
from daybreak.recipe import Recipe
from daybreak.trace import current
from daybreak.workspace import Workspace
from pipelines.step import Step

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def _new_run_id() -> str:
    from openlineage.client.uuid import generate_new_uuid  # the client takes a moment to load

    return str(generate_new_uuid())


@dataclass(frozen=True)
class StepRun:
    """One step, about to run or running."""

    step: Step
    recipe: Recipe
    workspace: Workspace
    inputs: Mapping[str, Manifest]
    """Manifests of the steps it reads."""
    fingerprint: str
    spark: Callable[[], SparkSession | None]
    """The session that runs, or None where none was started; never starts one."""
    run_id: str = field(default_factory=_new_run_id)
    """UUID, later ones sort after earlier ones: this attempt at the step, in run log and lineage alike."""

    @property
    def trace_id(self) -> str:
        """The W3C trace that the run is part of, 32 hexadecimal digits."""
        return current().trace_id


class Observer:
    """Told of each step in order, in the driver's process. All calls do nothing unless overridden."""

    def begin(self, run: StepRun) -> None:
        """The step starts."""

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """The step's manifest is in place."""

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """The step ended with an error, which is raised after this."""

    def skip(self, run: StepRun, manifest: Manifest) -> None:
        """The step was done before, under the same fingerprint."""
