"""Passages of earlier runs: a history of hashes in a folder of dedup's history, one table a unit of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from daybreak.errors import RecipeError
from daybreak.manifest import FileEntry
from daybreak.progress import Progress
from daybreak.recipe import Recipe
from daybreak.storage import Store
from daybreak.workspace import Workspace
from pipelines.dedup.history.history import History
from pipelines.dedup.history.record import Recorder, recording, wait_for
from pipelines.dedup.history.settings import pending
from pipelines.dedup.history.tables import table
from pipelines.dedup.normal import VERSION
from pipelines.passages.settings import settings_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pipelines.passages.across import Prior

FOLDER = "passages"


def place(recipe: Recipe) -> str | None:
    """The folder of the recipe's history of passages; None where it has no history."""
    history = recipe.dedup.history
    return None if history is None else f"{history.path.rstrip('/')}/{FOLDER}"


def comparable(recipe: Recipe) -> dict[str, Any]:
    """What two runs must have in common for hashes of one to mean the same in the other: plain JSON values."""
    section = recipe.passages
    assert section is not None
    names = settings_of(recipe).across
    units = {name: getattr(section, name).model_dump(exclude={"scope", "copies"}) for name in names}
    return {"units": units, "normal": VERSION}


def digest(recipe: Recipe) -> dict[str, str]:
    """What stands before this run's batch; it stays the same when this run appends, or later ones do."""
    if (folder := place(recipe)) is None:
        return {}
    assert recipe.dedup.history is not None
    state = History(folder).state()
    return {"passages.history": state.before(state.number(recipe.dedup.history.batch)).digest}


def check(recipe: Recipe) -> None:
    """The history can be used by this run. Raises RecipeError that says why not."""
    if (folder := place(recipe)) is None:
        return
    assert recipe.dedup.history is not None
    for name, unit in settings_of(recipe).units.items():
        if unit.copies > 1 and not unit.inside:
            raise RecipeError(
                f"{name}.copies: {unit.copies} cannot go with a history: it knows what stood before, not how often"
            )
    done = Workspace(recipe.workspace).manifest("passages")
    if done is None or done.settings.get("batch") != recipe.dedup.history.batch:
        History(folder).check(recipe.dedup.history.batch, comparable(recipe))


@contextmanager
def holding(recipe: Recipe) -> Iterator[Recorder | None]:
    """Hold the recipe's history of passages while the step runs; None where there is none."""
    folder, history = place(recipe), recipe.dedup.history
    if folder is None or history is None:
        yield None
        return
    settings = comparable(recipe)
    with recording(
        folder, history.batch, settings, history.buckets, history.wait, pending(recipe)
    ) as recorder:
        yield recorder


def wait(recipe: Recipe, progress: Progress) -> None:
    """Wait for another run that adds to the history."""
    if (folder := place(recipe)) is not None and recipe.dedup.history is not None:
        wait_for(folder, recipe.dedup.history.wait, progress)


def priors(recorder: Recorder, names: Sequence[str]) -> dict[str, Prior]:
    """By unit of text, which hashes earlier batches have."""
    prior = recorder.prior(1)

    def asked(name: str) -> Prior:
        return lambda hashes: prior.seen(hashes, table(_table(name))).select("hash")

    return {name: asked(name) for name in names}


def tables(
    spark: SparkSession, store: Store, seen: Sequence[FileEntry], names: Sequence[str]
) -> dict[str, DataFrame]:
    """The history's tables of this run: the hashes that it saw first (files of `engine.SEEN` below `store`)."""
    from pyspark.sql import functions as F

    from pipelines.dedup.phases import Phase
    from pipelines.passages.engine import SEEN

    nobody = F.lit(None).cast("string")
    frames = {}
    for name in names:
        files = [entry for entry in seen if entry.path.rsplit("/", 1)[1].startswith(f"{name}-")]
        found = Phase(spark, store, SEEN, tuple(e.path for e in files), tuple(e.rows for e in files))
        frames[_table(name)] = found.frame().select("hash", nobody.alias("doc_id"), nobody.alias("kept"))
    return frames


def _table(name: str) -> str:
    return f"seen-{name}"
