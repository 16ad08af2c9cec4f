"""The run log of the workspace: one JSON line an event, with times, which manifests do not hold."""

from __future__ import annotations

from daybreak.manifest import Manifest
from pipelines.observe.observer import Observer, StepRun


class RunLog(Observer):
    """Writes WORKSPACE/run.log.jsonl."""

    def begin(self, run: StepRun) -> None:
        """Note the start."""
        run.workspace.log({"event": "begin", "step": run.step.name, "fingerprint": run.fingerprint})

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """Note the end."""
        run.workspace.log({"event": "commit", "step": run.step.name, "seconds": round(seconds, 2)})

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """Note the error's kind; its text may hold what a workspace must not (see `pii`)."""
        event = {"event": "fail", "step": run.step.name, "seconds": round(seconds, 2)}
        run.workspace.log({**event, "error": type(error).__name__})
