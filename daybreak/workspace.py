"""The folder of one corpus build: a folder a step, each with its manifest; one run at a time, or parts of one.

WORKSPACE/<step>/manifest.json            written last: the step is done when it is there
WORKSPACE/<step>/<fingerprint>/<table>/…  the data it names
WORKSPACE/<step>/attempt-…                a run in progress, or what a killed run left (removed by the next)
WORKSPACE/<step>/in-progress-<fingerprint>  the same of a step whose finished parts the next run takes over
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from daybreak.errors import WorkspaceError
from daybreak.locks import held
from daybreak.manifest import Manifest
from daybreak.storage import Store

MANIFEST = "manifest.json"
IN_PROGRESS = "in-progress-"
MARKERS = "units"
"""Folder of the marks of finished units, beside the tables; it goes when the step is committed."""
LOCKS = ".locks"
"""Folder of the locks of parts: a file a source."""
PATIENCE = 60.0
"""Seconds that a part waits for a run, a run for parts, and a part for another of its source."""


class Workspace:
    """Reads and commits steps in one place. Use `locked()` around everything that writes."""

    def __init__(self, location: str | Path) -> None:
        self.store = Store.at(location)

    def __str__(self) -> str:
        return self.store.root

    def prepare(self, free_bytes: int = 0) -> None:
        """Create the folder; refuse when it is not writable or the disk has less than `free_bytes` free."""
        probe = f".probe-{os.getpid()}"
        try:
            self.store.make()
            self.store.write(probe, b"")
            self.store.remove(probe)
        except OSError as error:
            raise WorkspaceError(
                f"cannot write to the workspace {self}: {error}. Choose another `workspace`."
            ) from error
        if self.store.local and (free := shutil.disk_usage(self.store.root).free) < free_bytes:
            raise WorkspaceError(
                f"{free / 1e9:.2f} GB free on the disk of {self}, this run may need {free_bytes / 1e9:.2f} GB. "
                "Free some space, or put `workspace` on another disk. Nothing was started."
            )

    @contextmanager
    def locked(self, wait: float = PATIENCE) -> Iterator[None]:
        """Hold the workspace for this process alone; a killed process lets go by itself.

        Raises WorkspaceError at once where another run holds it, after `wait` seconds where parts do.
        """
        with held(self.store, f"the workspace {self}", wait=wait):
            yield

    @contextmanager
    def shared(self, step: str, parts: Sequence[str], wait: float = PATIENCE) -> Iterator[None]:
        """Hold the workspace together with others that work on other parts of the step, and these parts alone.

        Raises WorkspaceError where a run, or another process on one of these parts, goes on after `wait` seconds.
        """
        with ExitStack() as stack:
            stack.enter_context(held(self.store, f"the workspace {self}", shared=True, wait=wait))
            self.store.make(LOCKS)
            for part in sorted(parts):
                what = f"{part}, a part of {step} in {self},"
                lock = held(self.store, what, wait=wait, name=f"{LOCKS}/{step}-{part}", queue=True)
                stack.enter_context(lock)
            yield

    def manifest(self, step: str) -> Manifest | None:
        """The manifest of a finished step, or None."""
        if not self.store.exists(step, MANIFEST):
            return None
        try:
            return Manifest.from_json(self.store.read(step, MANIFEST))
        except (ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(
                f"{self.store.path(step, MANIFEST)} cannot be read: {error}. Delete it to build the step again."
            ) from error

    def data(self, manifest: Manifest) -> Store:
        """Where the data of a finished step is."""
        return self.store.below(manifest.step, manifest.folder)

    def begin(self, step: str) -> Store:
        """An empty folder for a new attempt; what killed runs left behind is removed."""
        for name in self.store.names(step):
            if name.startswith("attempt-"):
                self.store.remove(step, name)
        attempt = self.store.below(step, f"attempt-{os.getpid()}-{time.time_ns():x}")
        attempt.make()
        return attempt

    def in_progress(self, step: str, fingerprint: str) -> Store:
        """The folder that every run of a step under this fingerprint goes on in; those of others are removed."""
        wanted = IN_PROGRESS + fingerprint[:16]
        for name in self.store.names(step):
            if name.startswith(IN_PROGRESS) and name != wanted:
                self.store.remove(step, name)
        self.store.make(step, wanted)
        return self.store.below(step, wanted)

    def resume(self, step: str, fingerprint: str) -> Store:
        """`in_progress` for a step that writes its tables there, even where a kill came amid its commit."""
        self._recall(step, fingerprint)
        return self.in_progress(step, fingerprint)

    def join(self, step: str, fingerprint: str) -> Store:
        """`resume` for one of several parts at once: nothing is removed, for it may be another's."""
        self.store.make(LOCKS)
        lock = held(self.store, f"{step} in {self}", wait=PATIENCE, name=f"{LOCKS}/{step}", queue=True)
        with lock:
            self._recall(step, fingerprint)
        place = IN_PROGRESS + fingerprint[:16]
        self.store.make(step, place)
        return self.store.below(step, place)

    def _recall(self, step: str, fingerprint: str) -> None:
        """Take back what a commit had moved into place when it was killed before its manifest."""
        data = fingerprint[:16]
        if self.store.exists(step, data, MARKERS) and not self._committed(step, fingerprint):
            self.store.remove(step, IN_PROGRESS + data)
            self.store.move(f"{step}/{data}", f"{step}/{IN_PROGRESS}{data}")

    def _committed(self, step: str, fingerprint: str) -> bool:
        manifest = self.manifest(step)
        return manifest is not None and manifest.fingerprint == fingerprint

    def commit(self, manifest: Manifest, attempt: Store) -> None:
        """Move the attempt's data into place, then the manifest; older data of the step goes last.

        What a task that died left in the attempt, and no manifest names, is removed first.
        """
        for table, entries in manifest.tables.items():
            for name in set(attempt.names(table)) - {entry.path.rsplit("/", 1)[-1] for entry in entries}:
                attempt.remove(table, name)
        step = self.store.below(manifest.step)
        step.remove(manifest.folder)
        step.move(attempt.root.rsplit("/", 1)[1], manifest.folder)
        step.write(MANIFEST, manifest.to_json())
        step.remove(manifest.folder, MARKERS)
        for name in step.names():
            if (name != manifest.folder and step.is_folder(name)) or name.endswith(".tmp"):
                step.remove(name)

    def log(self, event: dict[str, object]) -> None:
        """Append one JSON line to the run log: times and durations, which manifests do not hold."""
        line = json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **event}) + "\n"
        if self.store.local:
            with open(self.store.path("run.log.jsonl"), "a", encoding="utf-8") as file:
                file.write(line)
