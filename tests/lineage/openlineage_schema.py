"""OpenLineage's schema as JSON Schema, from the classes that its project generates from the specification.

The client's package holds the classes (`openlineage.client.generated`, with the specification's required fields,
types and version) and not the JSON files. A facet is checked against the class that its `_schemaURL` names, and, more
strictly than the specification, may hold no field that the class does not have.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import types
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import attr
import openlineage.client.generated as generated
from jsonschema import Draft202012Validator
from openlineage.client.generated.base import BaseFacet, RunEvent

FORMATS = {
    "eventTime": "date-time", "runId": "uuid", "producer": "uri", "schemaURL": "uri",
    "_producer": "uri", "_schemaURL": "uri",
}  # fmt: skip
URI = r"^[a-zA-Z][a-zA-Z0-9+.-]*:\S+$"
ALWAYS = ("_producer", "_schemaURL", "producer", "schemaURL")
ANY_FACET = {
    "type": "object",
    "required": ["_producer", "_schemaURL"],
    "properties": {
        "_producer": {"type": "string", "format": "uri"},
        "_schemaURL": {"type": "string", "format": "uri"},
    },
}


def problems(event: dict[str, Any]) -> list[str]:
    """What is wrong with an event: its own fields, and every facet by its own schema."""
    found = [_said(e) for e in _validator(RunEvent).iter_errors(event)]
    for name, facet in facets_of(event):
        found += [f"{name}: {text}" for text in facet_problems(facet)]
    return found


def facet_problems(facet: dict[str, Any]) -> list[str]:
    """What is wrong with a facet, known by its `_schemaURL`."""
    url = facet["_schemaURL"]
    if url.startswith("urn:daybreak:"):
        schema = json.loads((files("pipelines.lineage") / "facets.json").read_text())
        base, _, pointer = url.partition("#")
        assert base == schema["$id"]
        schema |= {"$ref": f"#{pointer}"}
        return [_said(e) for e in _checker(schema).iter_errors(facet)]
    kind = _known().get(url)
    return (
        [_said(e) for e in _validator(kind).iter_errors(facet)]
        if kind
        else [f"no facet has the schema {url}"]
    )


def facets_of(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every facet of an event, by name."""
    places = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for place in places:
        for key in ("facets", "inputFacets", "outputFacets"):
            yield from place.get(key, {}).items()


def _said(error: Any) -> str:
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message}"


@cache
def _known() -> dict[str, type]:
    """Facet classes by the schema that they are of."""
    found = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for kind in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(kind, type) and issubclass(kind, BaseFacet):
                found[kind._get_schema()] = kind
    return found


@cache
def _validator(kind: type) -> Draft202012Validator:
    return _checker(_class_schema(kind))


def _checker(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _class_schema(kind: type, within: tuple[type, ...] = ()) -> dict[str, Any]:
    if issubclass(kind, BaseFacet) and kind.__name__.removesuffix("Facet") in (
        "Base", "Run", "Job", "Dataset", "InputDataset", "OutputDataset",
    ):  # fmt: skip
        return ANY_FACET
    hints = typing.get_type_hints(kind)
    fields = attr.fields(kind)
    return {
        "type": "object",
        "properties": {f.name: _schema(f.name, hints[f.name], (*within, kind)) for f in fields},
        "required": [f.name for f in fields if f.default is attr.NOTHING or f.name in ALWAYS],
        "additionalProperties": False,
    }


def _schema(name: str, hint: Any, within: tuple[type, ...]) -> dict[str, Any]:
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        return _plain(name, hint, within)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(name, a, within) for a in arguments if a is not type(None)]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema("", arguments[0], within)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema("", arguments[1], within)}
    return {}


def _plain(name: str, hint: type, within: tuple[type, ...]) -> dict[str, Any]:
    if issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if attr.has(hint):
        return {"type": "object"} if hint in within else _class_schema(hint, within)
    kinds = {str: "string", int: "integer", float: "number", bool: "boolean"}
    known = {"type": kinds[hint]} if hint in kinds else {}
    known |= {"pattern": URI} if FORMATS.get(name) == "uri" else {}
    return known | ({"format": FORMATS[name]} if name in FORMATS else {})
