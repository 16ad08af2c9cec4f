"""OpenLineage events of every step: to WORKSPACE/lineage.jsonl, and to a back end where one is configured.

The back end is what the OpenLineage client's own settings name: OPENLINEAGE_URL (with OPENLINEAGE_API_KEY and
OPENLINEAGE_ENDPOINT), OPENLINEAGE__TRANSPORT__..., or an openlineage.yml. OPENLINEAGE_DISABLED=true switches both off.
A step that is found done tells nothing: nothing ran.
"""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import TYPE_CHECKING

from daybreak.manifest import Manifest
from daybreak.workspace import LINEAGE
from pipelines.observe.bounded import Bounded, Unreachable
from pipelines.observe.observer import Observer, StepRun
from pipelines.observe.run_log import note

if TYPE_CHECKING:
    from openlineage.client.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

LIBRARY = "openlineage"
NO_GIT = {"facets": {"source_code_location": {"disabled": True}}}
"""The client would tell of the repository around the current folder, which need not be this code's."""


class Lineage(Observer):
    """Emits START, then COMPLETE, FAIL or ABORT. A back end that is down is a warning in the run log."""

    def __init__(self, bounded: Bounded | None = None) -> None:
        self._bounded = bounded or Bounded()

    def begin(self, run: StepRun) -> None:
        """START."""
        from pipelines.lineage.events import started

        self._emit(run, started(run))

    def commit(self, run: StepRun, manifest: Manifest, seconds: float) -> None:
        """COMPLETE."""
        from pipelines.lineage.events import completed

        self._emit(run, completed(run, manifest))

    def fail(self, run: StepRun, error: BaseException, seconds: float) -> None:
        """FAIL, or ABORT where the process was asked to stop."""
        from pipelines.lineage.events import failed

        self._emit(run, failed(run, error))

    def _emit(self, run: StepRun, event: RunEvent) -> None:
        logging.getLogger(LIBRARY).setLevel(os.environ.get("OPENLINEAGE_CLIENT_LOGGING", "ERROR"))
        if run.workspace.store.local:
            _to_file(run).emit(event)
        if (client := _backend()) is None:
            return
        try:
            self._bounded(partial(_send, client, event))
        except Unreachable as failure:
            note(run, "warning", observer="Lineage", error=str(failure), lost=str(event.eventType))


def _send(client: OpenLineageClient, event: RunEvent) -> None:
    client.emit(event)
    client.close(timeout=5.0)


def _to_file(run: StepRun) -> OpenLineageClient:
    from openlineage.client.client import OpenLineageClient
    from openlineage.client.transport.file import FileConfig, FileTransport

    config = FileConfig(log_file_path=run.workspace.store.path(LINEAGE), append=True)
    return OpenLineageClient(transport=FileTransport(config), config=NO_GIT)


def _backend() -> OpenLineageClient | None:
    """The client as it is configured outside; None where it would print events, for want of a configuration."""
    from openlineage.client.client import OpenLineageClient

    client = OpenLineageClient(config=NO_GIT)
    return None if client.transport.kind in ("console", "noop") else client
