"""Manifests and kustomizations below deploy/kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.check import pods, schema
from deploy.check.files import Fault, documents, relative

FOLDER = "deploy/kubernetes"
TEMPLATES = "conf/kubernetes"
REFERENCES = ("resources", "configurations")


def faults(root: Path) -> Iterator[Fault]:
    """Everything that is wrong with the manifests below `root`."""
    listed: set[Path] = set()
    for path in sorted((root / FOLDER).rglob("kustomization.yaml")):
        named = set(_named(path))
        listed |= named
        missing = sorted(str(file) for file in named if not file.exists())
        yield from (Fault(relative(path, root), f"names {name}, which is not there") for name in missing)
    for path in sorted((root / FOLDER).rglob("*.yaml")):
        if path.name == "kustomization.yaml":
            continue
        name = relative(path, root)
        if path.resolve() not in listed:
            yield Fault(name, "no kustomization names it")
        for thing in documents(path):
            if "apiVersion" in thing:
                whole = not path.match("overlays/*/*") or "template" in (thing.get("spec") or {})
                yield from (Fault(name, what) for what in _object(thing, whole))
    for path in sorted((root / TEMPLATES).glob("*.yaml")):
        for thing in documents(path):
            yield from (Fault(relative(path, root), what) for what in _object(thing, True))


def rendered(text: str, name: str) -> Iterator[Fault]:
    """The same for what kustomize printed."""
    for thing in yaml.safe_load_all(text):
        yield from (Fault(name, what) for what in _object(thing, True))


def _object(thing: dict[str, Any], whole: bool) -> Iterator[str]:
    title = f"{thing.get('kind')} {thing.get('metadata', {}).get('name')}"
    yield from (f"{title}: {what}" for what in schema.wrong(thing))
    if whole:
        yield from (f"{title}: {what}" for what in pods.faults(thing))


def _named(path: Path) -> Iterator[Path]:
    """Files and folders that a kustomization names."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key in REFERENCES:
        yield from ((path.parent / item).resolve() for item in content.get(key, []))
    yield from ((path.parent / patch["path"]).resolve() for patch in content.get("patches", []))
    for generator in content.get("configMapGenerator", []):
        yield from ((path.parent / item).resolve() for item in generator.get("files", []))
