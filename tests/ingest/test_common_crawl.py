"""Common Crawl by name: listings, parts of them, days of CC-NEWS, on a folder laid out like the published one."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from ingest_shards import kinds, page, read, texts, warc, wet

from daybreak.errors import InputError
from daybreak.recipe.sources import Source
from pipelines.ingest.sources import files_of

CRAWL = "CC-MAIN-2024-10"
SEGMENTS = ("1707947473347.0", "1707947473360.9")


def published(base: Path, listing: str, files: dict[str, bytes]) -> None:
    """Write files below `base` and the listing that names them, as Common Crawl does."""
    for name, data in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(data)
    (base / listing).parent.mkdir(parents=True, exist_ok=True)
    (base / listing).write_bytes(gzip.compress("".join(f"{name}\n" for name in files).encode()))


def names(segment: str, kind: str, count: int) -> list[str]:
    folder = f"crawl-data/{CRAWL}/segments/{segment}/{kind}"
    end = "warc.gz" if kind == "warc" else f"warc.{kind}.gz"
    return [f"{folder}/CC-MAIN-20240220211055-20240221001055-{number:05}.{end}" for number in range(count)]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    files = [name for segment in SEGMENTS for name in names(segment, "warc", 10)]
    published(
        tmp_path,
        f"crawl-data/{CRAWL}/warc.paths.gz",
        {name: warc([page(number)]) for number, name in enumerate(files)},
    )
    published(
        tmp_path,
        f"crawl-data/{CRAWL}/wet.paths.gz",
        {name: wet(["a text"]) for name in names(SEGMENTS[0], "wet", 2)},
    )
    return tmp_path


def source(base: Path, **keys: Any) -> Source:
    return Source(**{"format": "commoncrawl_warc", "crawl": CRAWL, "base": str(base)} | keys)


def test_a_crawl_is_its_listing_and_its_files_open(base: Path) -> None:
    found = files_of("web", source(base))
    assert [item.file for item in found] == sorted(
        name for segment in SEGMENTS for name in names(segment, "warc", 10)
    )
    assert kinds(read("commoncrawl_warc", Path(found[3].path))) == ["record_type", "document"]
    (text, _) = files_of("web", source(base, format="commoncrawl_wet"))
    assert texts(read("commoncrawl_wet", Path(text.path))) == ["a text"]


def test_no_file_of_a_listing_is_asked_for_its_size(base: Path) -> None:
    listed = files_of("web", source(base))
    for item in listed:
        Path(item.path).unlink()
    assert files_of("web", source(base)) == listed


def test_a_mirror_gives_the_same_names_and_identities(base: Path) -> None:
    here = [(item.unit, item.file, item.identity) for item in files_of("web", source(base))]
    mirror = base.with_name("mirror")
    base.rename(mirror)
    assert [(item.unit, item.file, item.identity) for item in files_of("web", source(mirror))] == here


@pytest.mark.parametrize(
    ("files", "count"),
    [({"first": 3}, 3), ({"every": 7}, 3), ({"segments": [SEGMENTS[1]]}, 10), ({"every": 5, "first": 2}, 2)],
)
def test_a_part_of_the_files(base: Path, files: dict[str, Any], count: int) -> None:
    assert len(files_of("web", source(base, files=files))) == count


def test_a_larger_share_holds_a_smaller_one_and_neither_depends_on_order(base: Path) -> None:
    shares = [{item.file for item in files_of("web", source(base, files={"share": s}))} for s in (0.3, 0.7)]
    assert shares[0] < shares[1]
    listing = base / f"crawl-data/{CRAWL}/warc.paths.gz"
    lines = gzip.decompress(listing.read_bytes()).splitlines(keepends=True)
    listing.write_bytes(gzip.compress(b"".join(reversed(lines))))
    assert {item.file for item in files_of("web", source(base, files={"share": 0.3}))} == shares[0]


def test_a_missing_or_damaged_listing_is_named(base: Path) -> None:
    with pytest.raises(InputError, match=r"CC-MAIN-2023-06/warc\.paths\.gz: there is no such file"):
        files_of("web", source(base, crawl="CC-MAIN-2023-06"))
    path = base / f"crawl-data/{CRAWL}/warc.paths.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"warc\.paths\.gz: the listing is damaged .*Fetch it again"):
        files_of("web", source(base))


def news(stamp: str, number: int) -> str:
    return f"crawl-data/CC-NEWS/{stamp[:4]}/{stamp[4:6]}/CC-NEWS-{stamp}-{number:05}.warc.gz"


@pytest.fixture
def newspaper(tmp_path: Path) -> Path:
    months = {
        "2025/12": [news("20251231010203", 1), news("20251231235959", 2)],
        "2026/01": [news("20260101000000", 3), news("20260102000000", 4), news("20260102120000", 5)],
    }
    for month, files in months.items():
        published(
            tmp_path,
            f"crawl-data/CC-NEWS/{month}/warc.paths.gz",
            {name: warc([page(number)]) for number, name in enumerate(files)},
        )
    return tmp_path


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({"day": "2026-01-02"}, [4, 5]),
        ({"day": "2025-12-31"}, [1, 2]),
        ({"day": "2025-12-31", "last_day": "2026-01-01"}, [1, 2, 3]),
    ],
)
def test_news_of_a_day_or_several(newspaper: Path, days: dict[str, str], found: list[int]) -> None:
    items = files_of("news", source(newspaper, crawl="CC-NEWS", **days))
    assert [int(item.file[-13:-8]) for item in items] == found


def test_a_day_without_files_says_which(newspaper: Path) -> None:
    with pytest.raises(InputError, match="of the 0 files of CC-NEWS 2026-01-09 none is left"):
        files_of("news", source(newspaper, crawl="CC-NEWS", day="2026-01-09"))
