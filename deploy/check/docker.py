"""The Dockerfile against the tree it is built from, and the lists of packages of the images against the lock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.check.files import Fault

DOCKERFILE = "deploy/docker/Dockerfile"
LOCKS = ("spark", "airflow", "trainer")
LOCK = "requirements.lock"
SECRET = re.compile(r"passw|secret|token(?!i)|api_?key|access_?key|credential", re.I)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.M)


@dataclass(frozen=True)
class Stage:
    """One FROM of the Dockerfile and what follows it: (instruction, the rest) in order."""

    name: str
    base: str
    lines: tuple[tuple[str, str], ...]

    def last(self, instruction: str) -> str | None:
        """What the last line of that instruction says."""
        return next((rest for word, rest in reversed(self.lines) if word == instruction), None)


def faults(root: Path) -> Iterator[Fault]:
    """Everything that is wrong with the Dockerfile and its lists below `root`."""
    found = stages((root / DOCKERFILE).read_text(encoding="utf-8"))
    for stage in found:
        yield from (Fault(DOCKERFILE, f"{stage.name}: {what}") for what in _copies(stage, root))
        yield from (Fault(DOCKERFILE, f"{stage.name}: {what}") for what in _secrets(stage))
    for target in LOCKS:
        stage = next((s for s in found if s.name == target), Stage(target, "", ()))
        yield from (Fault(DOCKERFILE, f"{target}: {what}") for what in _final(stage))
        yield from (Fault(f"deploy/docker/{target}.lock", what) for what in _lock(target, root))


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile, continued lines joined and comments dropped."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found: list[Stage] = []
    for line in re.sub(r"\\\n", " ", kept).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(name.strip() or base, base, ()))
        elif word and found:
            stage = found.pop()
            found.append(Stage(stage.name, stage.base, (*stage.lines, (word, rest.strip()))))
    return found


def pins(text: str) -> dict[str, str]:
    """Versions by package of a file that pins."""
    return {name.lower(): version for name, version in PIN.findall(text)}


def _copies(stage: Stage, root: Path) -> Iterator[str]:
    """Sources of COPY that are not in the tree, or that .dockerignore keeps from the build."""
    allowed = [line[1:] for line in _ignore(root) if line.startswith("!")]
    for word, rest in stage.lines:
        if word == "ADD":
            yield "ADD fetches and unpacks: use COPY"
        if word != "COPY" or "--from=" in rest:
            continue
        for source in [part for part in rest.split() if not part.startswith("--")][:-1]:
            if not (root / source).exists():
                yield f"COPY {source}: not in the tree"
            elif not any(source == place or source.startswith(f"{place}/") for place in allowed):
                yield f"COPY {source}: .dockerignore keeps it out"


def _ignore(root: Path) -> list[str]:
    return (root / ".dockerignore").read_text(encoding="utf-8").splitlines()


def _secrets(stage: Stage) -> Iterator[str]:
    for word, rest in stage.lines:
        if word in ("ENV", "ARG"):
            names = re.findall(r"([A-Za-z_][A-Za-z0-9_]*)=?", rest.split("=")[0]) + re.findall(
                r"\s(\w+)=", rest
            )
            yield from (
                f"{word} {name}: a secret would stay in the image" for name in names if SECRET.search(name)
            )


def _final(stage: Stage) -> Iterator[str]:
    user = stage.last("USER") or ""
    if not re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user):
        yield f"USER is {user or 'missing'}: name an ordinary user by its numbers, which Kubernetes can check"
    if not (stage.last("ENTRYPOINT") or "").startswith('["tini"'):
        yield "ENTRYPOINT does not begin with tini: children that die would stay as zombies"
    if stage.last("HEALTHCHECK") is None:
        yield "no HEALTHCHECK"


def _lock(target: str, root: Path) -> Iterator[str]:
    """Pins that differ from the project's lock, and wanted packages that are not pinned."""
    folder = root / "deploy/docker"
    image = pins((folder / f"{target}.lock").read_text(encoding="utf-8"))
    project = pins((root / LOCK).read_text(encoding="utf-8"))
    for name in sorted(image.keys() & project.keys()):
        if image[name] != project[name]:
            yield f"{name} {image[name]}, but {LOCK} has {project[name]}: make lock"
    for name in _wanted(folder / f"{target}.in"):
        if name not in image:
            yield f"{name} is in {target}.in and not pinned: make lock"


def _wanted(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from _wanted(path.parent / line[3:].strip())
        elif line and not line.startswith("#"):
            yield re.split(r"[=<>~\[ ]", line)[0].lower()
