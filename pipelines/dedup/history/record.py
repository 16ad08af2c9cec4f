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

    @property
    def number(self) -> int:
        """The number this run's batch has."""
        return self.view.state.last + 1

    def prior(self, hubs: int) -> HistoryPrior:
        """Earlier batches, as the stage asks for them."""
        from pipelines.dedup.history.read import HistoryPrior

        return HistoryPrior(self.view, hubs)

    def append(
        self, frames: Mapping[str, DataFrame], progress: Progress, facts: Mapping[str, int] | None = None
    ) -> Batch:
        """Add this run's tables (`write.document_tables`, or tables of hashes by name) as the last batch."""
        from pipelines.dedup.history.write import write_tables

        _, folder = self.history.begin(self.batch)
        buckets = self.view.state.buckets if self.view.state.batches else self.buckets
        tables = write_tables(frames, folder, buckets, progress)
        return self.history.commit(self.batch, folder, tables, self.settings, facts or {}, buckets)


@contextmanager
def recording(path: str, batch: str, settings: Mapping[str, Any], buckets: int = 16) -> Iterator[Recorder]:
    """Hold the history at `path` for a run that is its batch `batch`.

    Raises RecipeError where its settings differ or the batch cannot be made again, WorkspaceError where another
    process holds it.
    """
    history = History(path)
    with history.held():
        view = history.view(history.check(batch, settings))
        yield Recorder(history, batch, settings, buckets, view)
