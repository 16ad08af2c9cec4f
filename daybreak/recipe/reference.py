"""docs/recipe.md, written from the models: `python -m daybreak.recipe.reference > docs/recipe.md`."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from daybreak.recipe.model import Recipe
from daybreak.recipe.options import OPTIONS

HEAD = """# Recipe reference

One recipe is one corpus build. It is a YAML file of the sections below; a key can be changed on the command line
(`daybreak run RECIPE language.min_score=0.7`), and `${oc.env:NAME}` stands for an environment variable. Relative paths
stand relative to `DAYBREAK_HOME` if that is set, else to the current folder. A wrong key stops the run before any work.
Settings under `spark` never change the output; every other one is part of the fingerprint of the steps it decides.

This page is written from the models in `daybreak/recipe` (`make docs`).
"""


def reference() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *_section(Recipe, ""), *_options()]).rstrip() + "\n"


def _options() -> Iterator[str]:
    """A section for each set of options that layouts share."""
    for model in dict.fromkeys(OPTIONS.values()):
        names = ", ".join(layout for layout, own in OPTIONS.items() if own is model)
        yield from _section(model, f"sources.*.options of {names}.")


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    title = prefix.rstrip(".") or "Top level"
    yield f"## {title}\n"
    yield f"{_first_line(model)}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    nested = []
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            star = "*." if typing.get_origin(field.annotation) is dict else ""
            nested.append((inner, f"{prefix}{name}.{star}"))
        yield f"| `{name}` | {_type(field.annotation)} | {_default(field, inner)} | {_meaning(field, inner)} |"
    yield ""
    for inner, place in nested:
        yield from _section(inner, place)


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _meaning(field: FieldInfo, inner: type[BaseModel] | None) -> str:
    return (field.description or (_first_line(inner) if inner else "")).rstrip(".")


def _default(field: FieldInfo, inner: type[BaseModel] | None) -> str:
    if field.default_factory is not None:
        value = field.default_factory()  # type: ignore[call-arg]
        return "on" if inner and isinstance(value, BaseModel) else f"`{value}`"
    if field.default is PydanticUndefined:
        return "required"
    return "off" if inner and field.default is None else f"`{field.default}`"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in typing.get_args(annotation) if (m := _model_in(a)) is not None), None)


def _type(annotation: Any) -> str:
    if _model_in(annotation) is not None:
        return "sections by name" if typing.get_origin(annotation) is dict else "section"
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = typing.get_args(annotation)
        named = " or ".join(_type(part) for part in parts if part is not type(None))
        return named + (", or null" if type(None) in parts else "")
    if typing.get_origin(annotation) is typing.Annotated:
        return _type(typing.get_args(annotation)[0])
    return str(annotation).replace("typing.", "")


if __name__ == "__main__":
    print(reference(), end="")
