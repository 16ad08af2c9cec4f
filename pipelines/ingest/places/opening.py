"""Opening and naming what stands at a URL, whatever its scheme."""

from __future__ import annotations

import os
from functools import cache
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from daybreak.errors import InputError
from daybreak.recipe.running import Remote
from daybreak.secrets import lasting, without_secrets
from pipelines.ingest.places import stores
from pipelines.ingest.places.cache import Cache
from pipelines.ingest.places.client import client
from pipelines.ingest.places.remote_file import Origin, RemoteFile
from pipelines.ingest.places.settings import asked, settings
from pipelines.ingest.places.web import Facts, WebFile, look


def is_web(url: str) -> bool:
    """Whether `url` is read by HTTP."""
    return url.lower().startswith(("http://", "https://"))


def open_remote(url: str) -> pa.NativeFile:
    """Open a URL for random access; raises InputError where it is missing, refused or unreachable."""
    known = settings()
    origin: Origin = WebFile(client(known), url) if is_web(url) else stores.StoredFile(url, known)
    kept = _cache(known)
    entry = kept.entry(origin.name, origin.version, origin.size) if kept else None
    return pa.PythonFile(RemoteFile(origin, entry), mode="r")


def filesystem_of(url: str) -> tuple[fs.FileSystem, str]:
    """The file system of a URL that is not HTTP, and the path within it."""
    return stores.filesystem(url, settings())


def facts_of(url: str) -> Facts:
    """Size and version of a file on an HTTP server, which is asked once for all plans of a run."""
    if url not in asked():
        try:
            asked()[url] = look(client(settings()), url)
        except InputError as error:
            asked()[url] = error
    known = asked()[url]
    if isinstance(known, InputError):
        raise known
    return known


def web_name(url: str) -> str:
    """What a file on an HTTP server is called: its path below the host, with the query if that is no secret.

    So a signature that changes leaves the file the same, and files of one name in two folders are two.
    """
    parts = urlsplit(without_secrets(lasting(url)))
    name = parts.path.lstrip("/")
    return f"{name}?{parts.query}" if parts.query else name


def _cache(known: Remote) -> Cache | None:
    if known.cache is None:
        return None
    return _one_cache(known.cache, int(known.cache_gb * 1e9), known.read_timeout, os.getpid())


@cache
def _one_cache(folder: str, size: int, patience: float, process: int) -> Cache:
    return Cache(folder, size, patience)
