"""A source's paths (files, folders, globs) as a sorted list of input files, named alike on every machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pyarrow import ArrowException, fs
from xxhash import xxh64_hexdigest

from daybreak.errors import InputError
from daybreak.secrets import without_secrets
from pipelines.ingest.places import facts_of, filesystem_of, is_web, settings, web_name
from pipelines.ingest.places.stores import parts

WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, order=True)
class Input:
    """One input file: `file` is relative to the source's root, `path` opens it; bytes, nanoseconds (or 0).

    A file of a published listing has size 0: nobody asked for it. `ranges`: the records to read, each by
    offset and length in bytes, in order; all where there are none. `etag` is an HTTP server's; `missing` says
    why the file could not be had when the list was made.
    """

    source: str
    file: str
    path: str
    size: int
    mtime_ns: int
    ranges: tuple[tuple[int, int], ...] = ()
    etag: str = ""
    missing: str = ""

    @property
    def unit(self) -> str:
        """The name of the unit that this file makes: part of every table's file names."""
        return f"{self.source}-{xxh64_hexdigest(self.file.encode())}"

    @property
    def identity(self) -> str:
        """What changes where the file, or what is read of it, changes."""
        known = "missing" if self.missing else f"{self.size}:{self.etag or self.mtime_ns}"
        ranges = ",".join(f"{offset}+{length}" for offset, length in self.ranges)
        return f"{known}:{xxh64_hexdigest(ranges.encode())}" if ranges else known


def expand(source: str, paths: Sequence[str], base: str = ".", missing_ok: bool = False) -> list[Input]:
    """Every file that `paths` name, sorted by relative name; a relative path starts at `base`.

    A glob's names are relative to the folder before its first wildcard ('**' crosses folders), a folder's to
    itself, a file's to its folder, a URL's to its host. Hidden files and names with a leading underscore are
    passed over, except when named outright. Raises InputError where a path matches nothing, or two files would
    bear one name; with `missing_ok` a single file that cannot be had is listed, with the reason in `missing`.
    """
    web, others = _parted(paths)
    found = [*_web_inputs(source, web), *(i for path in others for i in _inputs(source, path, base))]
    missing = [item.missing for item in found if item.missing]
    if missing and not missing_ok:
        raise InputError("\n".join(missing))
    return _distinct(sorted({item.path: item for item in reversed(found)}.values()))


def _parted(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    web = [path for path in paths if is_web(path)]
    return web, [path for path in paths if not is_web(path)]


def _web_inputs(source: str, urls: Sequence[str]) -> list[Input]:
    """Files on HTTP servers, each asked for its facts, a few at once."""
    for url in urls:
        path = urlsplit(url).path
        if re.search(r"[*\[]", path) or path.endswith("/") or not path:
            raise InputError(
                without_secrets(f"{source}: {url} is a glob or a folder, and HTTP has no listing. ")
                + "Name each file by its URL, or read the same data from a bucket (s3://) or a local copy"
            )
    with ThreadPoolExecutor(settings().connections) as pool:
        return list(pool.map(partial(_web_input, source), urls))


def _web_input(source: str, url: str) -> Input:
    try:
        facts = facts_of(url)
    except InputError as error:
        return Input(source, web_name(url), url, 0, 0, missing=f"{source}: {error}")
    return Input(source, web_name(url), url, facts.size or 0, facts.mtime_ns, etag=facts.etag)


def _inputs(source: str, pattern: str, base: str) -> list[Input]:
    """Files of one path, glob or folder."""
    before, place = _located(pattern, base)
    filesystem = filesystem_of(before + place)[0] if before else fs.LocalFileSystem()
    try:
        matched = _matched(filesystem, place)
        nearby = "" if matched else _nearby(filesystem, place)
    except (OSError, ArrowException) as error:
        matched, nearby = [], f"Its storage says: {error}"
    if matched:
        return [
            Input(source, name, before + info.path, info.size or 0, info.mtime_ns or 0)
            for name, info in matched
        ]
    missing = without_secrets(f"{source}: '{pattern}' matches no file. {nearby}")
    if WILD.search(place) or place.endswith("/"):
        raise InputError(missing)
    return [Input(source, PurePosixPath(place).name, before + place, 0, 0, missing=missing)]


def _distinct(inputs: list[Input]) -> list[Input]:
    for one, other in pairwise(inputs):
        if one.file == other.file:
            raise InputError(
                f"{one.source}: {one.path} and {other.path} would both be called '{one.file}'. "
                "Name them by one glob with a common root, or make them two sources"
            )
    return inputs


def _located(pattern: str, base: str) -> tuple[str, str]:
    """What to put before paths ('' for local files) and the path within its file system."""
    if "://" in pattern:
        return parts(pattern)
    return "", os.path.abspath(os.path.join(base, os.path.expanduser(pattern)))


def _matched(filesystem: fs.FileSystem, place: str) -> list[tuple[str, fs.FileInfo]]:
    """Relative name and facts of each file that `place` names."""
    wild = WILD.search(place)
    if wild is None:
        info = filesystem.get_file_info(place)
        if info.type != fs.FileType.Directory:
            return [(info.base_name, info)] if info.type == fs.FileType.File else []
        root, rule = place.rstrip("/"), re.compile(".*")
    else:
        root = place[: place.rindex("/", 0, wild.start())] or "/"
        rule = re.compile(glob_pattern(place[len(root.rstrip("/")) + 1 :]))
    named = ((_relative(info.path, root), info) for info in _files(filesystem, root))
    return [(name, info) for name, info in named if rule.fullmatch(name) and not _hidden(name)]


def _files(filesystem: fs.FileSystem, root: str) -> list[fs.FileInfo]:
    selector = fs.FileSelector(root, allow_not_found=True, recursive=True)
    return [info for info in filesystem.get_file_info(selector) if info.type == fs.FileType.File]


def _relative(path: str, root: str) -> str:
    return path[len(root.rstrip("/")) + 1 :]


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))


def glob_pattern(pattern: str) -> str:
    """A glob as a regular expression: '*' and '?' stay within a folder, '**/' crosses any number of them."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    fixed = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if part in fixed:
        return fixed[part]
    if part.startswith("[") and part.endswith("]"):
        return "[" + part[1:-1].replace("\\", "\\\\").replace("!", "^", 1) + "]" if part[1] == "!" else part
    return re.escape(part)


def _nearby(filesystem: fs.FileSystem, place: str) -> str:
    """A sentence on what does exist where `place` points."""
    wild = WILD.search(place)
    folder = PurePosixPath(place[: wild.start()] + "x" if wild else place).parent
    while filesystem.get_file_info(str(folder)).type != fs.FileType.Directory and folder != folder.parent:
        folder = folder.parent
    names = sorted(_entries(filesystem.get_file_info(fs.FileSelector(str(folder), allow_not_found=True))))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"The folder {folder} holds: {', '.join(names[:5]) or 'nothing'}{more}"


def _entries(infos: Iterable[fs.FileInfo]) -> list[str]:
    return [info.base_name + ("/" if info.type == fs.FileType.Directory else "") for info in infos]
