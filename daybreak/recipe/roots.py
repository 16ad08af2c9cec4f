"""DAYBREAK_ROOTS: the places that recipes may read and write, for services that take recipes or changes from others."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from daybreak.recipe.model import Recipe

ROOTS = "DAYBREAK_ROOTS"
"""Environment variable: folders and beginnings of addresses, separated by colons."""

PLACES = {
    "workspace",
    "paths",
    "base",
    "path",
    "cache",
    "model",
    "badwords",
    "urls",
    "url_words",
    "sentencepiece",
    "marker",
}
"""Keys under which a recipe names places."""

HARMLESS = ("spark.sql.", "spark.shuffle.", "spark.memory.", "spark.task.")
"""Beginnings of Spark settings that name no file, class or command."""

GLOB = re.compile(r"[*?\[]")


def outside(recipe: Recipe, roots: str | None) -> Iterator[str]:
    """A sentence for each place of a recipe that is not below one of `roots`; none where roots is None."""
    if roots is None:
        return
    allowed = [root for root in re.split(r":(?!//)", roots) if root]
    content = recipe.model_dump()
    for source in content["sources"].values():
        if source["crawl"] is None:
            source.pop("base")
    for key, place in _places(content, ""):
        if not any(_below(place, root) for root in allowed):
            yield f"{key}: {place} is not below {' or '.join(allowed)}, which {ROOTS} allows here"
    for name in recipe.spark.conf:
        if not name.startswith(HARMLESS):
            yield f"spark.conf: {name} can name code to run, and {ROOTS} is set here: give it to spark-submit"


def _places(content: Any, at: str) -> Iterator[tuple[str, str]]:
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        name = f"{at}.{key}" if at else str(key)
        if isinstance(value, dict | list | tuple):
            yield from _places(value, name)
        elif isinstance(value, str) and value and PLACES & set(name.split(".")[-2:]):
            yield name, value


def _below(place: str, root: str) -> bool:
    """Whether a path, glob or address stays below a root, whatever `..`, links and escapes it holds."""
    if ("://" in place) != ("://" in root):
        return False
    if "://" in place:
        return _address_below(place, root)
    fixed = GLOB.split(place)[0]
    if ".." in place[len(fixed) :].split("/"):
        return False
    return _contains(os.path.realpath(root), os.path.realpath(fixed))


def _address_below(place: str, root: str) -> bool:
    wanted, allowed = urlsplit(place), urlsplit(root)
    if (wanted.scheme, wanted.netloc.lower()) != (allowed.scheme, allowed.netloc.lower()):
        return False
    path = unquote(wanted.path)
    return ".." not in path.split("/") and _contains(
        allowed.path.rstrip("/") or "/", posixpath.normpath(path or "/")
    )


def _contains(folder: str, path: str) -> bool:
    return folder == "/" or path == folder or path.startswith(f"{folder}/")
