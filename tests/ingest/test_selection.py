"""Pages chosen by the columnar index: which, from where, and that nothing else is read."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem
from ingest_shards import kinds, page, read
from pyarrow import fs
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from daybreak.errors import InputError, RecipeError
from daybreak.recipe.sources import Source
from daybreak.storage import Store
from pipelines.ingest import READERS
from pipelines.ingest.inputs import Input
from pipelines.ingest.sources import files_of, options_of

CRAWL = "CC-MAIN-2024-10"
SEGMENT = f"crawl-data/{CRAWL}/segments/1707947473347.0/warc"
INDEX = f"cc-index/table/cc-main/warc/crawl={CRAWL}"
PAGES = (
    ("https://www.example.com/a", "deu", "text/html"),
    ("https://example.com:8080/b", "eng,deu", "text/html"),
    ("https://example.com.evil.org/c", "eng", "text/html"),
    ("https://news.bbc.co.uk/d", "eng", "application/xhtml+xml"),
    ("https://bbc.co.uk/e", "zho", "text/html"),
    ("https://another.org/f?q=1", "deu,eng", "text/plain"),
    ("http://192.0.2.7/g", None, "text/html"),
    ("https://xn--mnchen-3ya.de/h", "deu", "text/html"),
)


def row(url: str, languages: str | None, mime: str, name: str, offset: int, length: int) -> dict[str, Any]:
    """A row of the index, with the columns that a selection looks at, by cc-index-schema-flat.json."""
    host = urlsplit(url).hostname or ""
    address = host.replace(".", "").isdigit()
    labels = host.removeprefix("www.").split(".")
    port = urlsplit(url).port
    surt = (host if address else ",".join(reversed(labels))) + (f":{port}" if port else "") + ")"
    domain = ".".join(labels[-3:] if host.endswith(".co.uk") else labels[-2:])
    return {
        "url_surtkey": surt + urlsplit(url).path,
        "url": url,
        "url_host_name": host,
        "url_host_registered_domain": None if address else domain,
        "fetch_status": 200,
        "content_mime_detected": mime,
        "content_languages": languages,
        "warc_filename": name,
        "warc_record_offset": offset,
        "warc_record_length": length,
    }


def known(name: str) -> dict[str, str]:
    """What the writer would else make up anew each time."""
    return {"WARC-Date": "2024-02-20T21:10:55Z", "WARC-Record-ID": f"<urn:{name}>"}


def crawl_file(pages: Sequence[tuple[str, str | None, str]]) -> tuple[bytes, list[tuple[int, int]]]:
    """A WARC file as the crawler writes it, a request before each response; and where the responses stand."""
    out, places = io.BytesIO(), []
    writer = WARCWriter(out, gzip=True)
    info = writer.create_warcinfo_record("a.warc.gz", {"software": "test"})
    for name, value in known("0").items():
        info.rec_headers.replace_header(name, value)
    writer.write_record(info)
    for number, (url, _, mime) in enumerate(pages):
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "x")], is_http_request=True)
        http = StatusAndHeaders("200 OK", [("Content-Type", mime)], protocol="HTTP/1.1")
        for kind, body, headers in (("request", b"", asked), ("response", page(number), http)):
            start, facts = out.tell(), known(f"{number}-{kind}")
            record = writer.create_warc_record(
                url, kind, io.BytesIO(body), http_headers=headers, warc_headers_dict=facts
            )
            writer.write_record(record)
        places.append((start, out.tell() - start))
    return out.getvalue(), places


def save_index(base: Path, rows: list[dict[str, Any]], group: int = 2) -> Path:
    rows = sorted(rows, key=lambda one: one["url_surtkey"])
    schema = pa.Table.from_pylist(rows).schema
    schema = schema.set(
        schema.get_field_index("fetch_status"), pa.field("fetch_status", pa.int16())
    )  # as published
    paths = [
        f"{INDEX}/subset={subset}/part-00000-0.c000.gz.parquet" for subset in ("crawldiagnostics", "warc")
    ]
    for path in paths:
        (base / path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.Table.from_pylist(rows, schema), base / paths[1], compression="gzip", row_group_size=group
    )
    listing = base / f"crawl-data/{CRAWL}/cc-index-table.paths.gz"
    listing.write_bytes(gzip.compress("\n".join(paths).encode()))
    return base / paths[1]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    rows = []
    for number, pages in enumerate((PAGES[::2], PAGES[1::2])):
        name = f"{SEGMENT}/CC-MAIN-20240220211055-20240221001055-{number:05}.warc.gz"
        data, places = crawl_file(pages)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
        rows += [row(*one, name, *place) for one, place in zip(pages, places, strict=True)]
    save_index(tmp_path, rows)
    return tmp_path


def source(base: Path, **select: Any) -> Source:
    return Source(format="commoncrawl_warc", crawl=CRAWL, base=str(base), select=select)


def chosen(base: Path, **select: Any) -> list[dict[str, Any]]:
    one = source(base, **select)
    rows = []
    for item in files_of("web", one):
        rows += read("commoncrawl_warc", Path(item.path), **options_of(one, item))
    return rows


@pytest.mark.parametrize(
    ("select", "letters"),
    [
        ({}, "abcdegh"),
        ({"domains": ["example.com"]}, "ab"),
        ({"domains": ["bbc.co.uk", "Another.org"], "mime": ["text/html"]}, "e"),
        ({"hosts": ["www.example.com"]}, "a"),
        ({"hosts": ["co.uk"]}, "de"),
        ({"hosts": ["192.0.2.7"]}, "g"),
        ({"hosts": ["münchen.de"]}, "h"),
        ({"languages": ["de"]}, "ah"),
        ({"languages": ["zh_Hans", "eng_Latn"]}, "bcde"),
        ({"mime": ["application/xhtml+xml"]}, "d"),
        ({"url": r"\.com[/:].*b$"}, "b"),
        ({"status": [200, 206], "url": "/[ab]$"}, "ab"),
    ],
)
def test_what_fits_is_read_and_nothing_else(base: Path, select: dict[str, Any], letters: str) -> None:
    """`f` is plain text: the index finds it, the reader drops it."""
    rows = chosen(base, **select)
    assert sorted(r["url"][-1] for r in rows if not r["drop"]) == list(letters)
    assert {r["drop"] for r in rows} <= {None, "mime"}


def test_nothing_that_fits_and_no_language_are_refused(base: Path) -> None:
    with pytest.raises(InputError, match="no page in the index of CC-MAIN-2024-10 fits"):
        chosen(base, domains=["absent.org"])
    with pytest.raises(RecipeError, match="Germn"):
        chosen(base, languages=["Germn"])
    with pytest.raises(RecipeError, match="RE2"):
        chosen(base, url="(?=a)b")


def test_a_draw_is_of_the_size_asked_and_a_larger_one_holds_a_smaller(base: Path) -> None:
    draws = [{r["url"] for r in chosen(base, limit=n)} for n in (2, 4, 100)]
    assert [len(draw) for draw in draws] == [2, 4, 8]
    assert draws[0] < draws[1] < draws[2]
    assert {r["url"] for r in chosen(base, share=0.5)} < draws[2]


def test_statistics_spare_the_row_groups_of_other_domains(base: Path) -> None:
    """The other row groups are overwritten: reading them would fail."""
    path = next(base.glob(f"{INDEX}/subset=warc/*"))
    data, facts = bytearray(path.read_bytes()), pq.ParquetFile(path).metadata
    wanted = [r["url"] for r in pq.read_table(path).to_pylist()].index(PAGES[4][0]) // 2
    for group in range(facts.num_row_groups):
        for column in range(facts.num_columns) if group != wanted else ():
            chunk = facts.row_group(group).column(column)
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(data)
    assert [r["url"] for r in chosen(base, domains=["bbc.co.uk"], mime=["text/html"])] == [PAGES[4][0]]
    with pytest.raises(InputError, match=r"parquet: the index cannot be searched"):
        chosen(base, languages=["en"])


def test_a_search_is_done_once_unless_the_index_or_the_wish_changes(base: Path) -> None:
    """What was found is found again without the index, until the file is another."""
    kept = Store.at(base / "kept")
    index = next(base.glob(f"{INDEX}/subset=warc/*"))
    first = files_of("web", source(base, languages=["de"]), kept)
    known, data = index.stat(), index.read_bytes()
    index.write_bytes(b"x" * len(data))
    os.utime(index, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert files_of("web", source(base, languages=["de"]), kept) == first
    with pytest.raises(InputError, match="the index cannot be searched"):
        files_of("web", source(base, languages=["en"]), kept)
    os.utime(index, ns=(0, 0))
    with pytest.raises(InputError, match="the index cannot be searched"):
        files_of("web", source(base, languages=["de"]), kept)
    index.write_bytes(data)
    (base / "kept").joinpath(kept.names()[0]).write_bytes(b"torn")
    os.utime(index, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert files_of("web", source(base, languages=["de"]), kept) == first


def test_what_is_read_of_a_file_is_part_of_its_identity(base: Path) -> None:
    one, other = (files_of("web", source(base, languages=[lang])) for lang in ("de", "en"))
    assert [item.file for item in one] == [item.file for item in other]
    assert all(a.identity != b.identity for a, b in zip(one, other, strict=True))


class Counted(io.FileIO):
    """A file that notes what is read of it."""

    reads: list[tuple[int, int]]

    def readinto(self, buffer: Any) -> int:
        self.reads.append((self.tell(), len(buffer)))
        return super().readinto(buffer)

    def read(self, size: int | None = -1) -> bytes:
        self.reads.append((self.tell(), size or 0))
        return super().read(size)


class Counting(fs.FSSpecHandler):
    """The local file system with Counted files."""

    def __init__(self, reads: list[tuple[int, int]]) -> None:
        super().__init__(LocalFileSystem())
        self.reads = reads

    def open_input_file(self, path: str) -> pa.PythonFile:
        file = Counted(path)
        file.reads = self.reads
        return pa.PythonFile(file, mode="r")


def read_counted(
    path: str, ranges: Sequence[tuple[int, int]]
) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    reads: list[tuple[int, int]] = []
    batches = READERS["commoncrawl_warc"](
        path, fs.PyFileSystem(Counting(reads)), options={"ranges": ranges} if ranges else {}
    )
    return [r for batch in batches for r in batch.to_pylist()], reads


@pytest.mark.parametrize(("every", "requests"), [(1, 1), (40, 6)])
def test_only_the_ranges_are_read_and_the_records_are_those_of_the_whole_file(
    shared_data: Path, every: int, requests: int
) -> None:
    """Every response of a real file, then each 40th; requests are fewer than records where these are near."""
    path = str(shared_data / "commoncrawl/LAB-SHARED-00000.warc.gz")
    whole = [r for r in read_counted(path, ())[0] if r["drop"] != "record_type"]
    wanted = whole[::every]
    rows, reads = read_counted(path, [(r["offset"], r["length"]) for r in wanted])
    assert rows == wanted
    assert len(reads) == requests
    spent = sum(r["length"] for r in wanted)
    assert spent <= sum(size for _, size in reads) <= spent + (64 << 10) * len(wanted)


def test_a_place_without_a_record_or_past_the_end_is_an_error_there(base: Path) -> None:
    item: Input = files_of("web", source(base))[0]
    (start, length), *_ = item.ranges
    size = Path(item.path).stat().st_size
    rows = read(
        "commoncrawl_warc",
        Path(item.path),
        ranges=((start, length), (start + 7, 40), (size - 10, 40), (size + 9, 9)),
    )
    assert kinds(rows) == ["document", "error", "error", "error"]
    assert [r["offset"] for r in rows] == [start, start + 7, size - 10, size + 9]
    assert "No record stands where the index places one" in rows[3]["error"]


def test_records_far_larger_than_a_request_come_one_by_one(tmp_path: Path) -> None:
    big = b"<html><body>" + bytes(range(33, 127)) * 100_000 + b"</body></html>"
    out = io.BytesIO()
    writer, places = WARCWriter(out, gzip=False), []
    for number in range(3):
        start = out.tell()
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        url = f"http://a/{number}"
        writer.write_record(writer.create_warc_record(url, "response", io.BytesIO(big), http_headers=http))
        places.append((start, out.tell() - start))
    (tmp_path / "a.warc").write_bytes(out.getvalue())
    rows, reads = read_counted(str(tmp_path / "a.warc"), places)
    assert [r["n_raw"] for r in rows] == [len(big)] * 3
    assert len(reads) == 3
