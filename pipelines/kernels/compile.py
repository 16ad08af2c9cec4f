"""`kernel`: compile with numba, and keep the machine code where every worker finds it.

numba's own cache lies beside the source file or, for a module inside a zip (spark --py-files), in a folder
named after the zip's path, which is new in every Spark application; without a writable place it refuses to
import. And it looks only at the file of the function itself, so an edited callee in another file leaves
stale code behind. Here the folder is named after the text of all kernel modules: one compilation serves a
checkout, a wheel and every zip alike.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

Function = TypeVar("Function", bound=Callable[..., Any])
PACKAGES = (
    "pipelines.decontaminate",
    "pipelines.dedup",
    "pipelines.kernels",
    "pipelines.language",
    "pipelines.lists",
    "pipelines.models",
    "pipelines.passages",
    "pipelines.pii",
    "pipelines.quality",
    "pipelines.quality.families",
)
"""The packages whose modules hold kernels; any edit in them means a fresh cache folder."""


@cache
def source_stamp() -> str:
    """Hash of the source of every module in `PACKAGES`, read through the import system (a zip will do)."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        files = (file for file in resources.files(package).iterdir() if file.name.endswith(".py"))
        for file in sorted(files, key=lambda file: file.name):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@cache
def cache_folder() -> Path | None:
    """The first writable of NUMBA_CACHE_DIR, the user's cache folder and the temporary folder; None if none
    is.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    private = os.path.join(tempfile.gettempdir(), f"daybreak-{os.getuid()}")
    for root in (os.environ.get("NUMBA_CACHE_DIR"), home, private):
        folder = Path(root, "daybreak-kernels", source_stamp()[:16]) if root else None
        if folder and _writable(folder):
            return folder
    return None


def _writable(folder: Path) -> bool:
    """True if a file of ours can be made in `folder`, and nobody else may have put code there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return folder.stat().st_uid == os.getuid()


class _SharedLocator(_CacheLocator):
    """Tells numba to cache a function in `cache_folder`, stamped by `source_stamp`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = f"{function.__module__}.{function.__code__.co_firstlineno}"

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return source_stamp()

    def get_disambiguator(self) -> str:
        return self._name

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _SharedLocator:
        return cls(py_func)


class _SharedImpl(CompileResultCacheImpl):
    _locator_classes: list[Any] = [_SharedLocator]  # noqa: RUF012


class _SharedCache(FunctionCache):
    _impl_class = _SharedImpl


def kernel(function: Function) -> Function:
    """Compile `function` without the interpreter lock on first call, and load it from the cache where it
    was compiled.

    With no writable folder at all it is compiled once a process.
    """
    dispatcher: Any = numba.njit(nogil=True)(function)
    if cache_folder() is not None:
        dispatcher._cache = _SharedCache(function)
    return cast(Function, dispatcher)
