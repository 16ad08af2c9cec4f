"""`kernel`: compile with numba, and keep the machine code where every worker finds it.

numba's own cache lies beside the source file or, for a module inside a zip (spark --py-files), in a folder
named after the zip's path, which is new in every Spark application; without a writable place it refuses to
import. And it looks only at the file of the function itself, so an edited callee in another file leaves
stale code behind. Here the folder is named after the text of the kernel's module and of every module of the
pipelines that it imports, directly or not: one compilation serves a checkout, a wheel and every zip alike,
and an edit compiles anew only what it can have changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

Function = TypeVar("Function", bound=Callable[..., Any])
IMPORT = re.compile(
    rb"^\s*(?:from\s+(pipelines[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+([^\n]*))", re.M
)
NAME = re.compile(rb"pipelines[\w.]*")
WORD = re.compile(rb"\w+")


@cache
def source_stamp(module: str) -> str:
    """Hash of the sources of `module` and of all modules of the pipelines that it imports, or those in turn."""
    digest = hashlib.sha256()
    for name in sorted(closure(module)):
        digest.update(name.encode() + b"\0" + _source(name))
    return digest.hexdigest()


def closure(module: str) -> set[str]:
    """`module` and the modules of the pipelines that it imports, directly or not; imports in functions count."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found and (name == module or _source(name)):
            found.add(name)
            waiting += _imports(name)
    return found


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Names that `module` imports from the pipelines. What is no module among them has no source."""
    names: list[bytes] = []
    for package, members, plain in IMPORT.findall(_source(module)):
        names += NAME.findall(plain)
        if package:
            names += [package, *(package + b"." + word for word in WORD.findall(members))]
    return tuple(name.decode() for name in names)


@cache
def _source(module: str) -> bytes:
    """Source of a module, found without importing it (in a zip too); nothing where there is no such module."""
    root, *parts = module.split(".")
    place = resources.files(root)
    for part in parts[:-1]:
        place = place.joinpath(part)
    for file in (
        (place.joinpath(f"{parts[-1]}.py"), place.joinpath(parts[-1], "__init__.py")) if parts else ()
    ):
        if file.is_file():
            return file.read_bytes()
    return b""


@cache
def cache_folder() -> Path | None:
    """The first writable of NUMBA_CACHE_DIR, the user's cache folder and the temporary folder; None if none
    is.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    private = os.path.join(tempfile.gettempdir(), f"daybreak-{os.getuid()}")
    for root in (os.environ.get("NUMBA_CACHE_DIR"), home, private):
        # a user without a home (a container's, by number) has "~" for one: no folder of that name beside the job
        folder = Path(root, "daybreak-kernels") if root and os.path.isabs(root) else None
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
    """Tells numba to cache a function below `cache_folder`, in a folder named after its module's stamp."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._module = function.__module__
        self._name = f"{function.__module__}.{function.__code__.co_firstlineno}"

    def get_cache_path(self) -> str:
        return str(cast(Path, cache_folder()) / source_stamp(self._module)[:16])

    def get_source_stamp(self) -> str:
        return source_stamp(self._module)

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
    return _compiled(function, False)


def inlined(function: Function) -> Function:
    """`kernel` for small functions in hot loops: merged into their callers whatever LLVM thinks of it, since a call
    hands over every array in seven words.
    """
    return _compiled(function, True)


def _compiled(function: Function, merged: bool) -> Function:
    dispatcher: Any = numba.njit(nogil=True, forceinline=merged)(function)
    if cache_folder() is not None:
        dispatcher._cache = _SharedCache(function)
    return cast(Function, dispatcher)
