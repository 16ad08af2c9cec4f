"""Rules for every pod that a manifest describes: no root, no rights, bounded resources, probes where it serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Mapping = dict[str, Any]


def pods(thing: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Pod templates of an object, each with where it stands."""
    spec = thing.get("spec") or {}
    if thing.get("kind") == "Job" and "tasks" in spec:
        for task in spec["tasks"]:
            yield f"task {task['name']}", task["template"]["spec"]
    elif thing.get("kind") == "Pod":
        yield "pod", spec
    elif "template" in spec:
        yield "template", spec["template"].get("spec") or {}


def faults(thing: Mapping) -> Iterator[str]:
    """What in the pods of an object breaks a rule."""
    if thing.get("kind") == "SparkApplication":
        yield from _spark(thing["spec"])
    for place, spec in pods(thing):
        context = spec.get("securityContext") or {}
        yield from (f"{place}: {what}" for what in _pod(context))
        for container in spec.get("containers", []) + spec.get("initContainers", []):
            where = f"{place}, container {container['name']}"
            yield from (f"{where}: {what}" for what in _container(container.get("securityContext") or {}))
            if thing.get("kind") != "Pod":  # templates for spark-submit, which knows the sizes
                yield from (f"{where}: {what}" for what in _resources(container.get("resources") or {}))
        if thing.get("kind") == "Deployment":
            yield from (f"{place}: {what}" for what in _probes(spec))


def _probes(spec: Mapping) -> Iterator[str]:
    for container in spec["containers"]:
        missing = [probe for probe in ("readinessProbe", "livenessProbe") if probe not in container]
        yield from (f"container {container['name']}: no {probe}" for probe in missing)


def _pod(context: Mapping) -> Iterator[str]:
    if context.get("runAsNonRoot") is not True:
        yield "securityContext.runAsNonRoot is not true"
    if not isinstance(context.get("runAsUser"), int) or context["runAsUser"] < 1000:
        yield "securityContext.runAsUser is no number of an ordinary user"
    if (context.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
        yield "securityContext.seccompProfile is not RuntimeDefault"


def _container(context: Mapping) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "its root file system is writable"
    if (context.get("capabilities") or {}).get("drop") != ["ALL"]:
        yield "keeps capabilities"


def _resources(resources: Mapping) -> Iterator[str]:
    for kind, names in (("requests", ("cpu", "memory")), ("limits", ("memory",))):
        yield from (
            f"no resources.{kind}.{name}" for name in names if name not in (resources.get(kind) or {})
        )


def _spark(spec: Mapping) -> Iterator[str]:
    for role in ("driver", "executor"):
        part = spec[role]
        yield from (f"{role}: {what}" for what in _pod(part.get("podSecurityContext") or {}))
        yield from (f"{role}: {what}" for what in _container(part.get("securityContext") or {}))
        yield from (
            f"{role}: no {name}" for name in ("cores", "memory", "memoryOverhead") if name not in part
        )
