"""Pages of a crawl chosen by its columnar index, and the byte ranges where they stand.

The index (github.com/commoncrawl/cc-index-table) is Parquet, a row a capture, sorted by SURT key; its files
stand in the listing `cc-index-table.paths.gz`. Only columns that `select` names are read, and only row groups
whose statistics allow a match: a domain costs a few row groups, a language the column of all languages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from operator import and_, or_
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

from daybreak.errors import InputError, RecipeError
from daybreak.manifest import canonical
from daybreak.recipe.crawl import Select
from daybreak.recipe.sources import Source
from daybreak.storage import Store
from pipelines.ingest.crawls import below, listing
from pipelines.ingest.inputs import Input
from pipelines.ingest.streams import open_file, unreadable
from pipelines.language.codes import language_of, macro_of, wanted

PLACE = ("warc_filename", "warc_record_offset", "warc_record_length")
SUBSET = "/subset=warc/"
"""The part of the index that holds pages; the others hold redirects, errors and robots.txt."""

SEARCHES = 4
"""Index files searched at once: from afar the wait is longer than the work."""


def selected_files(name: str, source: Source, kept: Store | None = None) -> list[Input]:
    """An input for each WARC file that holds pages which fit `source.select`, with their ranges.

    kept: where a search that was done is found again, for a published index never changes. Raises InputError
    where the index cannot be read or no page fits, RecipeError for an unknown language.
    """
    assert source.crawl is not None and source.select is not None
    listed = listing(source.base, f"crawl-data/{source.crawl}/cc-index-table.paths.gz")
    paths = [below(source.base, path) for path in listed if SUBSET in path]
    found = _kept(paths, source.select, kept) if kept else places(paths, source.select)
    if not found.num_rows:
        raise InputError(f"{name}: no page in the index of {source.crawl} fits `select`. Ask for less")
    return [
        Input(name, file, below(source.base, file), sum(length for _, length in ranges), 0, ranges)
        for file, ranges in _by_file(found)
    ]


def _kept(paths: Sequence[str], select: Select, store: Store) -> pa.Table:
    """What a search finds, from `store` where it was done before; else by searching."""
    known = [[path, *_facts(path)] for path in paths]
    name = f"{xxh3_128_hexdigest(canonical([known, select.model_dump()]))}.parquet"
    try:
        with store.filesystem.open_input_file(store.path(name)) as file:
            return pq.read_table(file)
    except (OSError, pa.ArrowException):
        found = places(paths, select)
    sink = pa.BufferOutputStream()
    pq.write_table(found, sink)
    store.make()
    store.write(name, sink.getvalue().to_pybytes())
    return found


def _facts(path: str) -> list[int]:
    """Size and time of an index file on this machine, where it may be written anew."""
    if "://" in path or not os.path.exists(path):
        return []
    known = os.stat(path)
    return [known.st_size, known.st_mtime_ns]


def _by_file(places: pa.Table) -> Iterable[tuple[str, tuple[tuple[int, int], ...]]]:
    """Ranges of each file, both in order; `places` is sorted so."""
    files, offsets, lengths = (places.column(name).to_pylist() for name in PLACE)
    ranges: dict[str, dict[int, int]] = {}
    for file, offset, length in zip(files, offsets, lengths, strict=True):
        ranges.setdefault(file, {})[offset] = length
    return ((file, tuple(found.items())) for file, found in ranges.items())


def places(paths: Iterable[str], select: Select) -> pa.Table:
    """PLACE of every page in the index files at `paths` that fits, sorted."""
    condition = predicate(select)
    with ThreadPoolExecutor(SEARCHES) as pool:
        found = list(pool.map(partial(_matching, condition=condition), paths))
    table = pa.concat_tables(found) if found else _table()
    return _drawn(table.sort_by([(name, "ascending") for name in PLACE]), select)


def _table() -> pa.Table:
    return pa.table(
        {PLACE[0]: pa.array([], pa.string()), **dict.fromkeys(PLACE[1:], pa.array([], pa.int64()))}
    )


def _matching(path: str, condition: ds.Expression) -> pa.Table:
    """PLACE of the rows of one index file that fit."""
    with open_file(path) as file:
        try:
            fragment = ds.ParquetFileFormat().make_fragment(file)
            found = fragment.to_table(
                columns=list(PLACE), filter=condition, use_threads=False, batch_readahead=1
            )
        except (pa.ArrowException, OSError) as error:
            raise unreadable(
                path,
                f"the index cannot be searched ({error})",
                "Fetch it again; a crawl before 2018-39 has no languages",
            ) from None
    return found.cast(_table().schema)


def predicate(select: Select) -> ds.Expression:
    """The condition on a row of the index that `select` says."""
    conditions = [
        _languages(select.languages),
        _domains([_ascii(domain) for domain in select.domains]),
        _hosts([_ascii(host) for host in select.hosts]),
        _one_of("content_mime_detected", [mime.lower() for mime in select.mime]),
        _one_of("fetch_status", select.status),
    ]
    if select.url is not None:
        conditions.append(_pattern(select.url))
    return reduce(and_, (one for one in conditions if one is not None), pc.scalar(True))


def _languages(tags: Sequence[str]) -> ds.Expression | None:
    """The first of content_languages is one of `tags`, or a macro-language over it (zho for cmn)."""
    if not tags:
        return None
    codes: set[str] = set()
    for tag in tags:
        wanted(tag)  # raises for what is no code
        known = language_of(tag) or tag
        codes |= {known, macro_of(known)}
    pattern = f"^(?:{'|'.join(sorted(codes))})(?:,|$)"
    return pc.match_substring_regex(pc.field("content_languages"), pattern=pattern)


def _domains(domains: Sequence[str]) -> ds.Expression | None:
    exact = _one_of("url_host_registered_domain", domains)
    return None if exact is None else _near(domains) & exact


def _hosts(hosts: Sequence[str]) -> ds.Expression | None:
    """The host is one of `hosts` or stands below one."""
    if not hosts:
        return None
    pattern = f"(?:^|\\.)(?:{'|'.join(re.escape(host) for host in sorted(hosts))})$"
    return _near(hosts) & pc.match_substring_regex(pc.field("url_host_name"), pattern=pattern)


def _near(hosts: Iterable[str]) -> ds.Expression:
    """The stretches of the index in which `hosts` can stand: what prunes row groups.

    A SURT key is the host's labels from the last on, with commas, less a leading www, then ':' and a port or
    ')'; ';' follows all of these. An IP address stands as it is.
    """
    key = pc.field("url_surtkey")
    starts = [_surt(host) for host in sorted(set(hosts))]
    return reduce(or_, ((key >= start) & (key < start + ";") for start in starts))


def _surt(host: str) -> str:
    if re.fullmatch(r"[\d.]+", host):
        return host
    return ",".join(reversed(re.sub(r"^www\d*\.", "", host).split(".")))


Value = TypeVar("Value", str, int)


def _one_of(name: str, values: Sequence[Value]) -> ds.Expression | None:
    """The value is one of `values`; its bounds are said too, for statistics know bounds alone."""
    if not values:
        return None
    field = pc.field(name)
    return (field >= min(values)) & (field <= max(values)) & field.isin(sorted(set(values)))


def _pattern(pattern: str) -> ds.Expression:
    try:
        pc.match_substring_regex(pa.array([""]), pattern=pattern)
    except pa.ArrowInvalid as error:
        raise RecipeError(f"select.url: RE2, which knows no look-around, refuses it ({error})") from None
    return pc.match_substring_regex(pc.field("url"), pattern=pattern)


def _ascii(host: str) -> str:
    """A host as URLs have it: lower case, labels outside ASCII in punycode, no dot around it."""
    host = host.lower().strip(".")
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host


def _drawn(table: pa.Table, select: Select) -> pa.Table:
    """The share and number of rows that `select` allows, by the keyed hash of a record's place; in order."""
    if select.share is None and select.limit is None:
        return table
    files, offsets = table.column(PLACE[0]).to_pylist(), table.column(PLACE[1]).to_pylist()
    keys = np.fromiter(
        (xxh3_64_intdigest(f"{f}\0{o}".encode()) for f, o in zip(files, offsets, strict=True)),
        np.uint64,
        len(files),
    )
    order = np.argsort(keys, kind="stable")
    if select.share is not None:
        order = order[keys[order].astype(np.float64) < select.share * 2.0**64]
    return table.take(pa.array(np.sort(order[: select.limit])))
