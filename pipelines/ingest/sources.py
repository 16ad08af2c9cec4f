"""From a source of the recipe to its input files: paths, a crawl of Common Crawl, a data set's folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daybreak.recipe.sources import Source
from daybreak.storage import Store
from pipelines.ingest.crawls import crawl_files
from pipelines.ingest.huggingface import data_files
from pipelines.ingest.inputs import Input, expand
from pipelines.ingest.selection import selected_files


def files_of(name: str, source: Source, kept: Store | None = None) -> list[Input]:
    """Every input of the source called `name`, sorted by file; raises InputError where there is none.

    kept: a folder for searches of an index, which take long.
    """
    if source.select is not None:
        return selected_files(name, source, kept)
    if source.crawl is not None:
        return crawl_files(name, source)
    if source.format == "huggingface":
        return data_files(name, source.paths, source.options)
    return expand(name, source.paths, missing_ok=True)


def options_of(source: Source, item: Input) -> Mapping[str, Any]:
    """The reader's options for one input: the recipe's, and the ranges to read where a selection gave them."""
    return {**source.options, "ranges": item.ranges} if item.ranges else source.options
