"""Objects against the schemas of Kubernetes (from the package kubernetes-validate) and our own for custom kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
from referencing import Registry, Resource

HERE = Path(__file__).parent / "schemas"
CUSTOM = {
    ("sparkoperator.k8s.io/v1beta2", "SparkApplication"): "sparkapplication.json",
    ("batch.volcano.sh/v1alpha1", "Job"): "job-volcano.json",
    ("scheduling.volcano.sh/v1beta1", "Queue"): "queue-volcano.json",
}
"""Kinds that Kubernetes itself does not know, each with its file in schemas/."""


def wrong(thing: dict[str, Any]) -> Iterator[str]:
    """Sentences on what in an object is not as its kind's schema has it; unknown fields count."""
    version, kind = str(thing.get("apiVersion")), str(thing.get("kind"))
    own = CUSTOM.get((version, kind))
    try:
        validator = _validator(f"{HERE}/{own}" if own else f"{_kubernetes()}/{_file(version, kind)}")
    except FileNotFoundError:
        yield f"no schema for {version} {kind}"
        return
    yield from (_sentence(error) for error in validator.iter_errors(thing))


def _file(version: str, kind: str) -> str:
    """The package's name for a schema: `deployment-apps-v1.json`, `service-v1.json`; groups without their domain."""
    group, _, number = version.rpartition("/")
    return "-".join(filter(None, (kind.lower(), group.split(".")[0], number))) + ".json"


def _sentence(error: jsonschema.ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place or '(object)'}: {error.message[:200]}"


@cache
def _kubernetes() -> Path:
    """The folder of the newest release's schemas, those that refuse unknown fields."""
    release = f"v{kubernetes_validate.latest_version()}-local-strict"
    return Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / release


@cache
def _validator(path: str) -> jsonschema.Draft202012Validator:
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(content, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    """Knows the definitions that all schemas refer to."""
    definitions = json.loads((_kubernetes() / "_definitions.json").read_text(encoding="utf-8"))
    return Resource.from_contents(definitions) @ Registry()
