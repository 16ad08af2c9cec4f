"""`UrlCategories`: which categories of a list an address falls under.

| signal | type | definition |
|---|---|---|
| url_<category> | int32 | 1 where the host, a parent domain of it, or a prefix of the address is listed, else 0 |
| url_listed | int32 | how many categories list it |

The list has the layout of UT1 (category/domains, category/urls), or is JSON Lines of {"category", "kind", "value"}
with kind `domains` or `urls`. A domain stands for all hosts below it, label by label; a public suffix of a
registry (com, co.uk; `suffixes`) in the list stands for nothing.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
from xxhash import xxh64_hexdigest

from daybreak.errors import InputError
from pipelines.kernels.arrow import TextView, put
from pipelines.kernels.compile import cache_folder, source_stamp
from pipelines.lists.files import entry, json_rows, list_digest
from pipelines.lists.hosts import entry_hashes, match, plain_urls
from pipelines.lists.suffixes import bare_suffixes

WHAT = "list of URLs"
KINDS = ("domains", "urls")
MAX_CATEGORIES = 64


@dataclass(frozen=True)
class Index:
    """categories: names, by bit. keys: sorted hashes of entries, uint64. bits: the categories of each, uint64."""

    categories: tuple[str, ...]
    keys: np.ndarray
    bits: np.ndarray


@cache
def categories_of(path: str) -> tuple[str, ...]:
    """Names of the categories of a list, sorted. InputError for a wrong layout."""
    place = entry(path, WHAT)
    if place.is_dir():
        found = {f.parent.name for kind in KINDS for f in place.glob(f"*/{kind}") if f.is_file()}
    else:
        found = {row["category"] for row in json_rows(place, ("category", "kind", "value"), WHAT)}
    if not found:
        raise InputError(
            f"{WHAT} {place}: folders CATEGORY/domains and CATEGORY/urls expected, or JSON Lines"
        )
    return tuple(sorted(found))


def chosen_categories(path: str, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The categories that the signals tell of; InputError for unknown ones, or for more than 64."""
    known = categories_of(path)
    for name in wanted or ():
        if name not in known:
            raise InputError(f"{WHAT} {path} has no category {name!r}; it has: {', '.join(known)}")
    chosen = known if wanted is None else tuple(sorted(set(wanted)))
    if len(chosen) > MAX_CATEGORIES:
        raise InputError(f"{WHAT} {path} has {len(chosen)} categories: choose at most {MAX_CATEGORIES}")
    return chosen


def column_of(category: str) -> str:
    """The signal of a category: `url_` and its name, with _ for all but letters and digits."""
    return "url_" + re.sub(r"[^a-z0-9]+", "_", category.lower())


@cache
def index_for(path: str, wanted: tuple[str, ...] | None) -> Index:
    """The index of a list: built by one process of a machine, mapped into memory by all.

    The file's name tells of the list's content, the chosen categories, this code and the list of suffixes.
    """
    categories = chosen_categories(path, wanted)
    folder = cache_folder()
    if folder is None:
        return Index(categories, *_build(Path(path), categories))
    made_by = xxh64_hexdigest((source_stamp(__name__) + version("publicsuffixlist")).encode())
    file = folder / f"urls-{list_digest(path, WHAT)[:16]}-{_mask_of(path, categories):x}-{made_by}.npy"
    with _alone(folder):
        if not file.is_file():
            temporary = file.with_suffix(f".{os.getpid()}.tmp.npy")
            np.save(temporary, np.stack(_build(Path(path), categories)))
            os.replace(temporary, file)
    stored = np.load(file, mmap_mode="r")
    return Index(categories, stored[0], stored[1])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: the others wait for the index instead of building it too."""
    with open(folder / "urls.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _mask_of(path: str, categories: tuple[str, ...]) -> int:
    """Which of the list's categories are chosen, as a number for the file's name."""
    return sum(1 << bit for bit, name in enumerate(categories_of(path)) if name in categories)


def _build(place: Path, categories: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Sorted keys and their bits."""
    keys, bits = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for category, kind, view in _entries(place):
        if category in categories:
            keys.append(_usable(kind, view))
            bits.append(np.full(len(keys[-1]), 1 << categories.index(category), np.uint64))
    all_keys, all_bits = np.concatenate(keys), np.concatenate(bits)
    order = np.argsort(all_keys, kind="stable")
    all_keys, all_bits = all_keys[order], all_bits[order]
    unique, first = np.unique(all_keys, return_index=True)
    return unique, np.bitwise_or.reduceat(all_bits, first) if len(first) else all_bits


def _usable(kind: str, view: TextView) -> np.ndarray:
    """Hashes of the entries that stand for something."""
    hashes = entry_hashes(kind, view)
    usable = hashes != 0
    return hashes[usable & ~bare_suffixes(view)] if kind == "domains" else hashes[usable]


def _entries(place: Path) -> Iterator[tuple[str, str, TextView]]:
    """(category, kind, entries) of the whole list."""
    if place.is_dir():
        for file in sorted(f for kind in KINDS for f in place.glob(f"*/{kind}") if f.is_file()):
            yield file.parent.name, file.name, _lines(file.read_bytes())
        return
    grouped: dict[tuple[str, str], list[str]] = {}
    for number, row in enumerate(json_rows(place, ("category", "kind", "value"), WHAT), 1):
        if row["kind"] not in KINDS:
            raise InputError(
                f"{WHAT} {place}, line {number}: kind {row['kind']!r}; known: {', '.join(KINDS)}"
            )
        grouped.setdefault((row["category"], row["kind"]), []).append(row["value"])
    for (category, kind), values in sorted(grouped.items()):
        yield category, kind, _lines("\n".join(values).encode())


def _lines(content: bytes) -> TextView:
    """The lines of a file without white space at their ends; those outside ASCII with hosts in punycode."""
    content = content.replace(b"\r", b"")
    if not content.isascii():
        lines = content.decode("utf-8", "replace").split("\n")
        content = "\n".join(plain_urls(pa.array(lines, pa.large_string())).to_pylist()).encode()
    data = np.frombuffer(content, np.uint8)
    stops = np.append(np.flatnonzero(data == 0x0A), len(data)).astype(np.int64)
    starts = np.concatenate([[0], stops[:-1] + 1]).astype(np.int64)
    held = (stops > starts) & (np.append(data, 0)[starts] != ord("#"))
    return TextView(starts[held], stops[held], data)


@dataclass(frozen=True)
class UrlCategories:
    """Append the columns of the categories; `batch` has `url`. path: of the list. categories: None for all."""

    path: str
    categories: tuple[str, ...] | None = None
    name: str = "url_categories"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the columns; a null address falls under nothing."""
        index = index_for(self.path, self.categories)
        found = match(batch.column("url"), index.keys, index.bits)
        listed = np.zeros(len(found), np.int32)
        for bit, category in enumerate(index.categories):
            flags = ((found >> np.uint64(bit)) & np.uint64(1)).astype(np.int32)
            batch = put(batch, column_of(category), pa.array(flags))
            listed += flags
        return put(batch, "url_listed", pa.array(listed))
