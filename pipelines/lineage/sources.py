"""Data sets from outside the workspace: the recipe's sources, and what it names beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import dataset_version_dataset, input_statistics_input_dataset

from daybreak.manifest import Manifest
from daybreak.recipe import Recipe
from daybreak.recipe.sources import Source
from daybreak.schema import RAW
from pipelines.ingest.inputs import WILD, glob_pattern
from pipelines.lineage.datasets import Facets, InputFacets, kept_at, schema_facet
from pipelines.lineage.facets import StepDatasetFacet
from pipelines.lineage.naming import Place, place_of

MOST_PATHS = 16
"""A source of more paths is one data set a server or bucket: the folder that they have in common."""


def source_places(name: str, source: Source) -> list[Place]:
    """The data sets that a source names: a path, a glob or a crawl each."""
    if source.crawl is None:
        places = list(dict.fromkeys(place_of(path) for path in source.paths))
        return places if len(places) <= MOST_PATHS else _common(places)
    days = f"{source.day}--{source.last_day}" if source.last_day else source.day
    return [place_of(source.base).below(*(part for part in (source.crawl, days) if part))]


def _common(places: Sequence[Place]) -> list[Place]:
    grouped = groupby(sorted(places), key=lambda place: place.namespace)
    return [Place(at, os.path.commonpath([place.name for place in some])) for at, some in grouped]


def source_inputs(recipe: Recipe, done: Manifest | None) -> Iterator[InputDataset]:
    """A data set for each pattern of each source."""
    for name, source in sorted(recipe.sources.items()):
        places = source_places(name, source)
        files = [f for f in done.facts["files"] if f["source"] == name] if done else []
        for place, of_place in zip(places, _parted(source, places, files), strict=True):
            facets: Facets = {
                **kept_at(place, "FILE", source.format),
                "schema": schema_facet(RAW),
                "daybreak_step": StepDatasetFacet("source", "source", name),
            }
            counted: InputFacets = {}
            if done is not None:
                rows = _records(done, name) if len(places) == 1 else None
                counted["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                    rowCount=rows, size=sum(f["size"] for f in of_place), fileCount=len(of_place)
                )
            yield InputDataset(*place, facets=facets, inputFacets=counted)


def _records(done: Manifest, source: str) -> int:
    found = (c for c in done.accounting if (c.stage, c.source, c.outcome) == ("ingest", source, "in"))
    return sum(c.documents for c in found)


def _parted(
    source: Source, places: Sequence[Place], files: Iterable[Mapping[str, Any]]
) -> list[list[Mapping[str, Any]]]:
    """Each file to the first pattern that it fits; where there is one pattern, all of them."""
    parts: list[list[Mapping[str, Any]]] = [[] for _ in places]
    for file in files:
        name = place_of(file["path"]).name
        fits = (n for n, place in enumerate(places) if len(places) == 1 or _fits(place.name, name))
        if (at := next(fits, None)) is not None:
            parts[at].append(file)
    return parts


def _fits(pattern: str, path: str) -> bool:
    if WILD.search(pattern):
        return re.fullmatch(glob_pattern(pattern), path) is not None
    return path == pattern or path.startswith(pattern.rstrip("/") + "/")


def outside_inputs(recipe: Recipe, step: str) -> Iterator[InputDataset]:
    """Data sets that the recipe names beside its sources."""
    for kind, name, location in outside_places(recipe, step):
        place = place_of(location)
        facets = kept_at(place, "MODEL" if "model" in kind else "FILE", "")
        yield InputDataset(
            *place, facets={**facets, "daybreak_step": StepDatasetFacet("outside", kind, name)}
        )


def outside_places(recipe: Recipe, step: str) -> Iterator[tuple[str, str, str]]:
    """Kind, name and location of what a step reads from outside the workspace, sources apart."""
    if step == "ingest":
        yield from (("models", name, model.path) for name, model in sorted(recipe.models.items()))
        yield from (("models", name, model.path) for name, model in sorted(recipe.perplexity.items()))
        paths = {key: getattr(recipe.lists, key) for key in ("badwords", "urls", "url_words")}
        yield from (("lists", key, path) for key, path in paths.items() if path)
    if step == "tokenizer" and recipe.tokenizer is not None and recipe.tokenizer.path:
        yield "models", "tokenizer", recipe.tokenizer.path
    if step in ("dedup", "passages") and recipe.dedup.history is not None:
        yield "history", "history", recipe.dedup.history.path
    if step == "dedup":
        yield from (("against", name, other.path) for name, other in sorted(recipe.dedup.against.items()))
    if step == "decontaminate" and recipe.decontaminate is not None:
        benchmarks = recipe.decontaminate.benchmarks
        yield from (("benchmarks", name, b.path) for name, b in sorted(benchmarks.items()))


def outside_outputs(recipe: Recipe, manifest: Manifest) -> Iterator[OutputDataset]:
    """What a step wrote outside the workspace: the history that later runs compare with, the published edition."""
    if manifest.step in ("dedup", "passages") and recipe.dedup.history is not None:
        history = recipe.dedup.history
        yield _outside("history", "history", place_of(history.path), history.batch)
    if manifest.step == "publish" and recipe.publish is not None:
        edition = str(manifest.facts["edition"])
        yield _outside("edition", edition, place_of(recipe.publish.path), edition)


def _outside(kind: str, name: str, place: Place, version: str) -> OutputDataset:
    facets: Facets = {
        **kept_at(place, "TABLE", ""),
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version),
        "daybreak_step": StepDatasetFacet("outside", kind, name),
    }
    return OutputDataset(*place, facets=facets)
