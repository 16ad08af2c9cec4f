"""The compose file: what compose itself would refuse, and what it would let through but should not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.check.docker import SECRET, stages
from deploy.check.files import Fault

FILE = "deploy/compose/compose.yaml"
EXAMPLE = "deploy/compose/.env.example"
MAKER = "deploy/compose/make-secrets.sh"

KEYS = {
    "build", "cap_add", "cap_drop", "command", "container_name", "depends_on", "deploy", "entrypoint",
    "env_file", "environment", "expose", "extra_hosts", "healthcheck", "hostname", "image", "init",
    "labels", "logging", "networks", "ports", "profiles", "pull_policy", "read_only", "restart",
    "secrets", "security_opt", "shm_size", "stop_grace_period", "tmpfs", "user", "volumes",
    "working_dir",
}  # fmt: skip
"""Keys of a service (compose-spec) that this project uses or may come to use."""
SECTIONS = {"name", "services", "networks", "volumes", "secrets", "configs"}
NEEDS_A_WRITABLE_ROOT = {"postgres"}
FROM_FILE = re.compile(r"_(FILE|CMD)$")
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")

Service = dict[str, Any]


def faults(root: Path) -> Iterator[Fault]:
    """Everything that is wrong with the compose file below `root`."""
    text = (root / FILE).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    for key in content:
        if key not in SECTIONS and not key.startswith("x-"):
            yield Fault(FILE, f"unknown section {key}")
    targets = {s.name for s in stages((root / "deploy/docker/Dockerfile").read_text(encoding="utf-8"))}
    for name, service in content["services"].items():
        yield from (Fault(FILE, f"{name}: {what}") for what in _service(name, service, content))
        target = (service.get("build") or {}).get("target")
        if target and target not in targets:
            yield Fault(FILE, f"{name}: the Dockerfile has no target {target}")
    yield from (Fault(FILE, what) for what in _unbuilt(content["services"]))
    yield from _variables(text, (root / EXAMPLE).read_text(encoding="utf-8"))
    maker = (root / MAKER).read_text(encoding="utf-8")
    for secret in content.get("secrets", {}):
        if f"keep {secret} " not in maker:
            yield Fault(MAKER, f"does not make {secret}")


def _service(name: str, service: Service, content: dict[str, Any]) -> Iterator[str]:
    yield from (f"unknown key {key}" for key in sorted(service.keys() - KEYS))
    yield from _names(service, content)
    yield from _confined(name, service)
    yield from _bounded(service)
    for key, value in _environment(service).items():
        if SECRET.search(key) and not FROM_FILE.search(key) and value:
            yield f"environment {key}: a secret comes from a file of `secrets`"
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            yield f"port {port} is open to the network: bind it to 127.0.0.1"


def _names(service: Service, content: dict[str, Any]) -> Iterator[str]:
    """Networks, volumes, secrets and services that are named and not there."""
    for section in ("networks", "secrets"):
        missing = [n for n in service.get(section, []) if n not in content.get(section, {})]
        yield from (f"no {section} {n}" for n in missing)
    for volume in service.get("volumes", []):
        source = volume.get("source") if isinstance(volume, dict) else volume.split(":")[0]
        if source and not source.startswith((".", "/")) and source not in content.get("volumes", {}):
            yield f"no volume {source}"
    for other, how in (service.get("depends_on") or {}).items():
        needed = content["services"].get(other)
        if needed is None:
            yield f"depends on {other}, which is no service"
        elif how["condition"] == "service_healthy" and "healthcheck" not in needed:
            yield f"waits for {other} to be healthy, which has no healthcheck"
        elif how["condition"] == "service_completed_successfully" and needed.get("restart") != "no":
            yield f"waits for {other} to end, which starts again"


def _confined(name: str, service: Service) -> Iterator[str]:
    if service.get("cap_drop") != ["ALL"]:
        yield "keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if not service.get("read_only") and name not in NEEDS_A_WRITABLE_ROOT:
        yield "its root file system is writable"
    if service.get("privileged") or service.get("network_mode") == "host":
        yield "runs with the host's rights"


def _bounded(service: Service) -> Iterator[str]:
    image = VARIABLE.sub(lambda found: found[2] or "", service.get("image", ""))
    tag = image.rpartition(":")[2] if ":" in image else ""
    if tag in ("", "latest"):
        yield f"image {image}: name a version"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    yield from (f"no limit of {kind}" for kind in ("cpus", "memory") if kind not in limits)
    if service.get("restart") != "no" and "healthcheck" not in service:
        yield "no healthcheck"


def _environment(service: Service) -> dict[str, str]:
    given = service.get("environment", {})
    pairs = given.items() if isinstance(given, dict) else (line.split("=", 1) for line in given)
    return {key: str(value) for key, value in pairs}


def _unbuilt(services: dict[str, Service]) -> Iterator[str]:
    """Our own images that no service builds."""
    built = {s["image"] for s in services.values() if "build" in s}
    for name, service in services.items():
        if service["image"].startswith("daybreak-") and service["image"] not in built:
            yield f"{name}: nothing builds {service['image']}"


def _variables(text: str, example: str) -> Iterator[Fault]:
    """The example names every variable with the default that the compose file has."""
    given = dict(
        line.split("=", 1) for line in example.splitlines() if "=" in line and not line.startswith("#")
    )
    used = dict(VARIABLE.findall(text))
    for name in sorted(used.keys() | given.keys()):
        if used.get(name) != given.get(name):
            yield Fault(EXAMPLE, f"{name}={given.get(name)}, the compose file has {used.get(name)}")
