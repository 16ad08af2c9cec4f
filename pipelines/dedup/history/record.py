"""A run's hold on its history: what stands before it, and one append at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daybreak.progress import Progress
from pipelines.dedup.history.history import History, View
from pipelines.dedup.history.state import Batch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pipelines.dedup.history.read import HistoryPrior


@dataclass(frozen=True)
class Recorder:
    """One run on a history that it holds. Nothing is there before `append` returns, and all of it after."""

    history: History
    batch: str
    settings: Mapping[str, Any]
    buckets: int
    view: View
    pending: bool = False

    @property
    def number(self) -> int:
        """The number this run's batch has."""
        return self.history.state().number(self.batch)

    @property
    def later(self) -> list[str]:
        """Batches by later names that stand before this one: it is late, and is compared with them too."""
        return [batch.name for batch in self.view.state.batches if batch.name > self.batch]

    def prior(self, hubs: int) -> HistoryPrior:
        """Earlier batches, as the stage asks for them."""
        from pipelines.dedup.history.read import HistoryPrior

        return HistoryPrior(self.view, hubs)

    def append(
        self, frames: Mapping[str, DataFrame], progress: Progress, facts: Mapping[str, int] | None = None
    ) -> Batch:
        """Add this run's tables (`write.document_tables`, or tables of hashes by name) as its batch: the last one,
        or one that is there already and comes out the same.
        """
        from pipelines.dedup.history.write import write_tables

        _, folder = self.history.begin(self.batch)
        buckets = self.history.state().buckets_with(self.batch, self.buckets)
        tables = write_tables(frames, folder, buckets, progress)
        return self.history.commit(
            self.batch, folder, tables, self.settings, facts or {}, buckets, self.pending
        )


@contextmanager
def recording(
    path: str,
    batch: str,
    settings: Mapping[str, Any],
    buckets: int = 16,
    wait: float = 0.0,
    pending: bool = False,
) -> Iterator[Recorder]:
    """Hold the history at `path` for a run that is its batch `batch`; `pending`: until it is admitted.

    Raises RecipeError where its settings differ or the batch cannot be made again, WorkspaceError where another
    process holds it for longer than `wait` seconds.
    """
    history = History(path)
    with history.held(wait):
        view = history.view(history.check(batch, settings))
        yield Recorder(history, batch, settings, buckets, view, pending)


def wait_for(path: str, wait: float, progress: Progress) -> None:
    """Return when no other run holds the history at `path`; WorkspaceError after `wait` seconds.

    Called before a run looks at what stands before it: another run may be adding to that.
    """
    told: list[str] = []

    def waiting(holder: str) -> None:
        if not told:
            progress.tell(f"waits for the history {path}, up to {wait:g} s: another run has it ({holder})")
        told.append(holder)

    with History(path).held(wait, waiting):
        pass
