"""What is wrong in a file of settings, key by key, and what was likely meant."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from daybreak.recipe.sources import FORMATS
from daybreak.secrets import without_secrets


def explain(error: ValidationError, root: type[BaseModel]) -> Iterable[str]:
    """A line a wrong key of a file whose sections are `root`'s."""
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"]) or "(the file)"
        yield without_secrets(f"  {place}: {_reason(item, root)}")


def _reason(item: Any, root: type[BaseModel]) -> str:
    if item["type"] == "extra_forbidden":
        return "unknown key" + _suggest(str(item["loc"][-1]), _keys(item["loc"][:-1], root))
    if item["type"] == "literal_error" and item["loc"][0] == "sources" and item["loc"][-1] == "format":
        return f"unknown format {item['input']!r}" + _suggest(str(item["input"]), FORMATS)
    if item["type"] == "missing":
        return "is missing"
    message = item["msg"].removeprefix("Value error, ")
    given = item["input"]
    return message if isinstance(given, dict | BaseModel) else f"{message} (it is {given!r})"


def _suggest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known: {', '.join(known)}" if known else ""


def _keys(place: Sequence[Any], root: type[BaseModel]) -> list[str]:
    """Keys that the section at `place` knows."""
    section = root
    for part in place:
        field = section.model_fields.get(str(part))
        found = _section_of(field.annotation) if field else None
        if found is not None:
            section = found
    return list(section.model_fields)


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section model inside an annotation such as `Train | None` or `dict[str, Source]`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in typing.get_args(annotation):
        if (found := _section_of(argument)) is not None:
            return found
    return None
