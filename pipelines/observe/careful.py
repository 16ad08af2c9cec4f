"""An observer that cannot fail a run: what goes wrong in it is one line of the run log."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from daybreak.manifest import Manifest
from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.run_log import note


class Careful(Observer):
    """Tells `observer` everything, and notes what it raises."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer

    def begin(self, run: StepRun) -> None:
        """See `Observer.begin`."""
        with self._noted(run):
            self.observer.begin(run)

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """See `Observer.commit`."""
        with self._noted(run):
            self.observer.commit(run, manifest, seconds)

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """See `Observer.fail`."""
        with self._noted(run):
            self.observer.fail(run, error, seconds)

    def skip(self, run: StepRun, manifest: Manifest) -> None:
        """See `Observer.skip`."""
        with self._noted(run):
            self.observer.skip(run, manifest)

    @contextlib.contextmanager
    def _noted(self, run: StepRun) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            with contextlib.suppress(OSError):
                note(run, "warning", observer=type(self.observer).__name__, error=type(error).__name__)
