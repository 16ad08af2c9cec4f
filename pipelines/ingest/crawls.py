"""Common Crawl by the names of its crawls: files from the listings that it publishes beside them.

Layout (commoncrawl.org/get-started): `crawl-data/CRAWL/{warc,wet,wat,cc-index-table}.paths.gz`, and for news
`crawl-data/CC-NEWS/YYYY/MM/warc.paths.gz`, list paths below the base, one a line. The listing is what identifies
the input: a published file never changes, so none of up to 90,000 is asked for its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from xxhash import xxh3_64_intdigest

from daybreak.errors import InputError
from daybreak.recipe.crawl import Files
from daybreak.recipe.sources import Source
from pipelines.ingest.inputs import Input
from pipelines.ingest.lines import lines
from pipelines.ingest.streams import open_file, pieces, unreadable

SEGMENT = re.compile(r"/segments/([^/]+)/")
NEWS_DAY = re.compile(r"/CC-NEWS-(\d{8})\d{6}-\d+\.warc\.gz$")
"""Files of CC-NEWS are named by the second (UTC) in which they were begun."""


def crawl_files(name: str, source: Source) -> list[Input]:
    """The files of `source.crawl`, or of the days of CC-NEWS, less those that `source.files` leaves out.

    Each is called by its path below the base, so that a mirror gives the same documents. Raises InputError
    where a listing cannot be read or nothing is left.
    """
    assert source.crawl is not None
    if source.crawl == "CC-NEWS":
        found = list(_news(source))
    else:
        kind = source.format.removeprefix("commoncrawl_")
        found = listing(source.base, f"crawl-data/{source.crawl}/{kind}.paths.gz")
    taken = take(found, source.files) if source.files else found
    if not taken:
        raise InputError(
            f"{name}: of the {len(found)} files of {_described(source)} none is left. Check day and files"
        )
    return sorted(Input(name, path, below(source.base, path), 0, 0) for path in taken)


def listing(base: str, path: str) -> list[str]:
    """The paths that the listing at `path` below `base` names; raises InputError where it is not whole."""
    place = below(base, path)
    paths = []
    with open_file(place) as file:
        for line in lines(pieces(file)):
            if line.error:
                raise unreadable(place, f"the listing is damaged ({line.error})", "Fetch it again")
            paths.append(line.data.decode(errors="replace").strip())
    return paths


def below(base: str, path: str) -> str:
    """The place of `path` below `base`, a folder or an address."""
    return f"{base.rstrip('/')}/{path}"


def take(paths: Iterable[str], files: Files) -> list[str]:
    """The part of a listing that `files` wants: segments, then the share, every n-th, the first."""
    kept = [path for path in paths if not files.segments or _segment(path) in files.segments]
    if files.share is not None:
        bound = files.share * 2.0**64
        kept = [path for path in kept if xxh3_64_intdigest(path.encode()) < bound]
    return kept[:: files.every or 1][: files.first]


def _segment(path: str) -> str | None:
    found = SEGMENT.search(path)
    return found[1] if found else None


def _news(source: Source) -> Iterator[str]:
    """Files of the days wanted. One that runs past midnight belongs to the day on which it was begun."""
    wanted = set(_days(source))
    for month in sorted({day[:6] for day in wanted}):
        for path in listing(source.base, f"crawl-data/CC-NEWS/{month[:4]}/{month[4:]}/warc.paths.gz"):
            found = NEWS_DAY.search(path)
            if found and found[1] in wanted:
                yield path


def _days(source: Source) -> Iterator[str]:
    assert source.day is not None
    day, last = date.fromisoformat(source.day), date.fromisoformat(source.last_day or source.day)
    while day <= last:
        yield f"{day:%Y%m%d}"
        day += timedelta(days=1)


def _described(source: Source) -> str:
    days = [day for day in (source.day, source.last_day) if day]
    return f"{source.crawl} {' to '.join(days)}".strip()
