"""`daybreak sample DIR --days 2026-01-01:4`: days of news as CC-NEWS has them, one folder a day.

From the second day on some pages are copies of earlier days' pages at other addresses, exact and near ones.
`days.json` names every page and whose copy it is. A bad day is mostly spam, garbled text and copies.
A day's bytes hang on the first day and the installed packages alone, not on how many days are written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from daybreak.errors import RecipeError, WorkspaceError
from daybreak.sample import manifest, warc
from daybreak.sample.articles import Article, articles, as_html, garbled, near_copy, spam
from daybreak.sample.documents import deal, digest, fraction, url_of
from daybreak.sample.gather import packages
from daybreak.sample.manifest import SampleReport, Shard
from daybreak.sample.place import partial, refuse_foreign, replace

Kind = Literal["new", "exact", "near", "spam", "garbled"]
NEW, EXACT, NEAR = 48, 8, 6
"""Pages of a day: new ones and, from the second day on, exact and near copies of earlier days' new ones."""
BAD = {"new": 8, "spam": 20, "garbled": 14, "exact": 20}
"""Pages of a bad day; its exact copies are of its own first page."""
FILES = 2
MOST_DAYS = 31
DAYS = "days.json"
FORMAT = 1  # raise it when a day's content changes


@dataclass(frozen=True)
class NewsPage:
    """One page of a day. `of`: the address it is a copy of."""

    day: str
    url: str
    kind: Kind
    of: str | None
    article: Article

    @property
    def exchange(self) -> warc.Exchange:
        """The fetch of it, at a second of its day."""
        second = int(fraction(self.url, "second") * 86_400)
        time = datetime.fromisoformat(self.day).replace(tzinfo=UTC) + timedelta(seconds=second)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = as_html(self.article).encode()
        return warc.Exchange(self.url, stamp, "200 OK", "text/html", "utf-8", body, "en")


def parse_days(text: str) -> list[str]:
    """`2026-01-01:4` as four days, `2026-01-01` as one. Raises RecipeError for anything else."""
    first, _, count = text.partition(":")
    try:
        begin, number = date.fromisoformat(first), int(count or "1")
    except ValueError:
        raise RecipeError(f"--days {text!r}: write FIRST:COUNT, for example 2026-01-01:4") from None
    if not 1 <= number <= MOST_DAYS:
        raise RecipeError(f"--days {text!r}: between 1 and {MOST_DAYS} days can be made")
    return [(begin + timedelta(days=n)).isoformat() for n in range(number)]


def write_days(directory: Path, days: Sequence[str], bad: Sequence[str] = ()) -> SampleReport:
    """Write the days to `directory`, or keep them if they stand there whole.

    Raises RecipeError for a bad day that is none of the days, WorkspaceError where the folder holds something else.
    """
    if unknown := [day for day in bad if day not in days]:
        raise RecipeError(f"--bad-day {unknown[0]} is none of the days {days[0]} to {days[-1]}")
    directory = Path(os.path.abspath(directory))
    installed = packages()
    environment = digest(manifest.fingerprint(installed, FORMAT), *days, "bad", *sorted(bad)).hex()
    there = manifest.read_complete(directory)
    if there and there["fingerprint"] == environment:
        return manifest.report(directory, there, kept=True)
    refuse_foreign(directory)
    made = [page for pages in plan_days(articles(installed), days, bad) for page in pages]
    try:
        with partial(directory) as folder:
            shards = list(_write(folder, days, made))
            (folder / DAYS).write_text(json.dumps(_listed(made), indent=1) + "\n")
            written = manifest.write_manifest(folder, shards, environment, 1)
            replace(folder, directory)
    except OSError as error:
        raise WorkspaceError(f"the sample cannot be written at {directory}: {error}") from error
    return manifest.report(directory, written, kept=False)


def plan_days(source: Iterator[Article], days: Sequence[str], bad: Sequence[str]) -> Iterator[list[NewsPage]]:
    """The pages of each day. Raises WorkspaceError where the installed packages give too few articles."""
    earlier: list[NewsPage] = []
    for day in days:
        fresh = [_new(day, article) for article in islice(source, NEW)]
        if len(fresh) < NEW:
            raise WorkspaceError(
                f"the installed packages do not give enough articles for {day}: ask for fewer days"
            )
        if day in bad:
            yield list(_bad(fresh))
        else:
            yield [*fresh, *_copies(day, earlier)]
            earlier += fresh


def _new(day: str, article: Article) -> NewsPage:
    return NewsPage(day, f"{url_of(article.origin)}/{day}.html", "new", None, article)


def _copies(day: str, earlier: list[NewsPage]) -> Iterator[NewsPage]:
    """Pages of earlier days once more, each at most once a day, as other papers print them."""
    drawn = sorted(earlier, key=lambda page: digest(day, page.url))[: EXACT + NEAR]
    for number, page in enumerate(drawn):
        url = f"https://paper-{number}.example.org/{day}/{page.article.origin.replace('#', '-')}"
        if number < EXACT:
            yield NewsPage(day, url, "exact", page.url, page.article)
        else:
            yield NewsPage(day, url, "near", page.url, near_copy(page.article, day))


def _bad(fresh: list[NewsPage]) -> Iterator[NewsPage]:
    yield from fresh[: BAD["new"]]
    rest = iter(fresh[BAD["new"] :])
    for page in islice(rest, BAD["spam"]):
        yield NewsPage(page.day, page.url, "spam", None, spam(page.article))
    for page in islice(rest, BAD["garbled"]):
        yield NewsPage(page.day, page.url, "garbled", None, garbled(page.article))
    first = fresh[0]
    for number in range(BAD["exact"]):
        url = f"https://mirror-{number}.example.org/{first.day}"
        yield NewsPage(first.day, url, "exact", first.url, first.article)


def _write(folder: Path, days: Sequence[str], made: list[NewsPage]) -> Iterator[Shard]:
    for day in days:
        pages = sorted((p for p in made if p.day == day), key=lambda p: digest(p.url))
        (folder / day).mkdir()
        for number, part in enumerate(deal(pages, FILES)):
            name = f"{day}/CC-NEWS-{day.replace('-', '')}000000-{number:05d}.warc.gz"
            yield warc.write_warc(folder / name, name, [page.exchange for page in part])
            # A run tells an input by its size and time of change: the same day written again is the same input.
            noon = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=12).timestamp()
            os.utime(folder / name, (noon, noon))


def _listed(made: list[NewsPage]) -> dict[str, Any]:
    """Every page by day: address, kind, and the address it is a copy of."""
    listed: dict[str, Any] = {}
    for page in made:
        day = listed.setdefault(
            page.day, {"new": 0, "exact": 0, "near": 0, "spam": 0, "garbled": 0, "pages": []}
        )
        day[page.kind] += 1
        day["pages"].append({"url": page.url, "kind": page.kind, "of": page.of})
    return listed
