"""The code version of a step: a hash of the sources and libraries that decide its output."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from daybreak.errors import DaybreakError


@cache
def code_version(modules: Sequence[str], libraries: Sequence[str] = ()) -> str:
    """SHA-256 (16 hex) over the Python sources of packages or modules and the versions of distributions.

    Taken from the sources themselves, so nobody can forget to raise a number; reads from a zip as well.
    """
    digest = hashlib.sha256()
    for module in modules:
        for name, source in _sources(module):
            digest.update(f"{module}/{name}\0".encode() + source + b"\0")
    for library in libraries:
        digest.update(f"{library}=={library_version(library)}\0".encode())
    return digest.hexdigest()[:16]


def library_version(library: str) -> str:
    """Version of an installed distribution; of Spark also where it is the cluster's and no distribution tells it.

    Raises DaybreakError where it is not there.
    """
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        if library == "pyspark" and importlib.util.find_spec(library):
            return str(importlib.import_module(library).__version__)
        raise DaybreakError(
            f"{library} is not installed where this runs, and a step's result depends on its version. "
            "In a packed environment: `make dist WITH_TORCH=1` adds torch; or submit the step in client mode."
        ) from None


def _sources(module: str) -> Iterator[tuple[str, bytes]]:
    parent, _, name = module.rpartition(".")
    folder = resources.files(parent or module)
    entry = folder / name if parent else folder
    if entry.is_dir():
        yield from _walk(entry, "")
    else:
        yield name, (folder / f"{name}.py").read_bytes()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".j2", ".css", ".js")):
            yield prefix + entry.name, entry.read_bytes()
