"""Other data sets as priors: their tables are made by the same code as a history's, once, and kept by content.

A history is read as it stands. Of a workspace that finished dedup the documents that dedup kept count. Files
are read as sources are (`ingest`), with no rule of quality applied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from daybreak.errors import RecipeError
from daybreak.manifest import Manifest, canonical
from daybreak.recipe import Recipe
from daybreak.recipe.duplicates import Against
from daybreak.recipe.sources import Source
from daybreak.storage import Store
from daybreak.workspace import MANIFEST, Workspace
from pipelines.code import code_version
from pipelines.dedup.history.history import STATE, History
from pipelines.dedup.history.record import recording
from pipelines.ingest.inputs import expand
from pipelines.reading import KeptUnit, kept_units
from pipelines.step import Context, Step

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pipelines.dedup.history.read import HistoryPrior

FOLDER, BATCH = "against", "all"
READ = ("ingest", "filter", "dedup")
"""Steps of another workspace whose tables tell which documents it keeps."""

Tables = Callable[[list[KeptUnit]], "Mapping[str, DataFrame]"]
"""Tables of documents (`history.write.kept_tables`) from the units that hold them."""


def reading_digest(recipe: Recipe, ingest: Step) -> dict[str, str]:
    """How the files of data sets are read: by code and settings of the step `ingest`; nothing where there are none."""
    if not any(one.format for one in recipe.dedup.against.values()):
        return {}
    settings = {**ingest.settings(recipe), "sources": None}
    code = code_version(ingest.code, ingest.libraries)
    return {"dedup.against": hashlib.sha256(canonical([code, settings])).hexdigest()}


def against_digests(recipe: Recipe) -> dict[str, str]:
    """What each data set of the recipe holds, as inputs of a run. Raises RecipeError for what is none."""
    return {f"dedup.against/{name}": _digest(name, one) for name, one in recipe.dedup.against.items()}


def check_against(recipe: Recipe, settings: Mapping[str, Any]) -> None:
    """Every data set is there, and histories among them were made by `settings`. Raises RecipeError."""
    against_digests(recipe)
    for name, one in recipe.dedup.against.items():
        if _is_history(one):
            _comparable(name, one, settings)


def against_priors(
    context: Context, settings: Mapping[str, Any], hubs: int, ingest: Step, tables: Tables
) -> list[HistoryPrior]:
    """One prior a data set, in order of their names; each stands before all documents of this run and its history."""
    from pipelines.dedup.history.read import HistoryPrior

    priors = []
    for rank, (name, one) in enumerate(sorted(context.recipe.dedup.against.items())):
        own = _is_history(one)
        history = History(one.path) if own else _made(context, name, one, settings, ingest, tables)
        priors.append(HistoryPrior(history.view(), hubs, name, rank))
    return priors


def _is_history(one: Against) -> bool:
    return one.format is None and Store.at(one.path).exists(STATE)


def _comparable(name: str, one: Against, settings: Mapping[str, Any]) -> None:
    try:
        History(one.path).check("", settings)
    except RecipeError as error:
        raise RecipeError(f"{name}: {error}") from error


def _digest(name: str, one: Against) -> str:
    if one.format is not None:
        files = [[i.file, i.size, i.mtime_ns] for i in expand(name, [one.path])]
        return hashlib.sha256(canonical([one.format, one.options, files])).hexdigest()
    if _is_history(one):
        return History(one.path).state().digest
    manifests = _manifests(one)
    if "dedup" not in manifests:
        raise RecipeError(
            f"{name}: {one.path} is no history and no workspace that finished dedup; for files give their `format`"
        )
    return hashlib.sha256(canonical([m.digest for m in manifests.values()])).hexdigest()


def _manifests(one: Against) -> dict[str, Manifest]:
    workspace = Workspace(one.path)
    found = {step: workspace.manifest(step) for step in READ if workspace.store.exists(step, MANIFEST)}
    return {step: manifest for step, manifest in found.items() if manifest is not None}


def _made(
    context: Context, name: str, one: Against, settings: Mapping[str, Any], ingest: Step, tables: Tables
) -> History:
    """The tables of a data set, in WORKSPACE/against/NAME; those of other content or settings are removed."""
    place = context.workspace.store.below(FOLDER, name)
    known = {**reading_digest(context.recipe, ingest), "code": code_version(("pipelines.dedup",))}
    wanted = hashlib.sha256(canonical([_digest(name, one), settings, known])).hexdigest()[:16]
    for entry in place.names():
        if entry not in (wanted, ingest.name):
            place.remove(entry)
    history = History(place.path(wanted))
    if not history.there:
        units = _units(context, name, one, place, ingest)
        with recording(place.path(wanted), BATCH, settings) as run:
            run.append(tables(units), context.progress, {"documents": _rows(units)})
    return history


def _rows(units: list[KeptUnit]) -> int:
    import pyarrow.parquet as pq

    found = 0
    for unit in units:
        store, path = unit.documents
        mask = unit.mask()
        with store.filesystem.open_input_file(store.path(path)) as stream:
            found += pq.ParquetFile(stream).metadata.num_rows if mask is None else int(mask.sum())
    return found


def _units(context: Context, name: str, one: Against, place: Store, ingest: Step) -> list[KeptUnit]:
    if one.format is None:
        other = Context(
            context.recipe, Workspace(one.path), _manifests(one), place, context.progress, context.session
        )
        return kept_units(other, *READ[1:])
    return kept_units(_ingested(context, name, one, Workspace(place.root), ingest))


def _ingested(context: Context, name: str, one: Against, workspace: Workspace, ingest: Step) -> Context:
    """The data set's files read, as this recipe reads its sources."""
    source = Source(format=one.format, paths=[one.path], options=one.options)
    recipe = context.recipe.model_copy(update={"sources": {name: source}, "workspace": workspace.store.root})
    attempt = workspace.begin(ingest.name)
    make = partial(Context, recipe, workspace, progress=context.progress, session=context.session)
    result = ingest.run(make(inputs={}, out=attempt))
    manifest = Manifest(ingest.name, hashlib.sha256(name.encode()).hexdigest(), "", {}, {}, result.tables)
    workspace.commit(manifest, attempt)
    return make(inputs={ingest.name: manifest}, out=attempt)
