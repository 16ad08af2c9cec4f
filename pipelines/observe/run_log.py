"""The run log of the workspace: one JSON line an event, with times, which manifests do not hold."""

from __future__ import annotations

from typing import Any

from daybreak import logs
from daybreak.manifest import Manifest
from pipelines.observe.observer import Observer, StepRun


class RunLog(Observer):
    """Writes WORKSPACE/run.log.jsonl. Lines of one attempt at a step share `run`, those of one trace `trace_id`."""

    def begin(self, run: StepRun) -> None:
        """Note the start."""
        note(run, "begin", fingerprint=run.fingerprint)

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """Note the end, and the rows of every table."""
        note(run, "commit", seconds=round(seconds, 2), rows={t: manifest.rows(t) for t in manifest.tables})

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """Note the error's kind; its text may hold what a workspace must not (see `pii`)."""
        note(run, "fail", seconds=round(seconds, 2), error=type(error).__name__)


def note(run: StepRun, event: str, **more: Any) -> None:
    """Append a line of this attempt to the run log, and say it on stderr where structured lines are wanted."""
    known = {"step": run.step.name, "run": run.run_id, **more}
    run.workspace.log({"event": event, "trace_id": run.trace_id, **known})
    logs.say(event, recipe=run.recipe.name, **known)
