"""Files on an HTTP server that fails in every way that servers do: all bytes, or an error that says what is missing."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.errors import InputError
from daybreak.recipe.running import Remote
from pipelines.ingest import READERS
from pipelines.ingest.inputs import expand
from pipelines.ingest.places import settings, use
from pipelines.ingest.streams import open_file
from tests.ingest.ingest_shards import page, warc
from tests.ingest.web_server import (
    Fault,
    Server,
    answers,
    breaks_at,
    drips,
    ends,
    moved,
    serving,
    stalls,
)

NUMBER = 1000
QUICK = Remote(retries=3, backoff=0.01, max_wait=1.0, read_timeout=0.3, min_rate=1000)


def lines(start: int, number: int) -> bytes:
    """JSON Lines of texts that do not compress away."""
    words = random.Random(start).randbytes
    return b"".join(
        json.dumps({"text": f"Text {start + i} {words(40).hex()}"}).encode() + b"\n" for i in range(number)
    )


def parquet(number: int) -> bytes:
    out = pa.BufferOutputStream()
    texts = [f"Text {i} {random.Random(i).randbytes(400).hex()}" for i in range(number)]
    table = pa.table({"text": texts, "other": [random.Random(~i).randbytes(1000) for i in range(number)]})
    pq.write_table(table, out, row_group_size=number // 4, compression="none")
    return out.getvalue().to_pybytes()


FILES = {
    "a/lines.jsonl.gz": gzip.compress(lines(0, NUMBER)),
    "a/pages.warc.gz": warc([page(i) for i in range(200)]),
    "a/table.parquet": parquet(NUMBER),
}
LAYOUTS = {
    "a/lines.jsonl.gz": "jsonl",
    "a/pages.warc.gz": "commoncrawl_warc",
    "a/table.parquet": "parquet",
}


@pytest.fixture
def server() -> Iterator[Server]:
    before = settings()
    use(QUICK)
    with serving(FILES) as running:
        yield running
    use(before)


def read(layout: str, path: str) -> list[dict[str, Any]]:
    return [row for batch in READERS[layout](path, options={}) for row in batch.to_pylist()]


TRANSIENT: dict[str, list[Fault]] = {
    "none": [],
    "429 with Retry-After": [answers(429, Retry_After="1")],
    "503 twice": [answers(503), answers(503, Retry_After="0")],
    "reset at once": [ends(0, reset=True)],
    "reset in the body": [ends(3000, reset=True)],
    "ends early, twice": [ends(1000), ends(2000)],
    "drips": [drips(2000)],
    "stalls": [stalls],
}


@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.parametrize("name", FILES)
def test_every_record_arrives_in_spite_of(fault: str, name: str, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(FILES[name])
    server.faults[name] = iter(TRANSIENT[fault])
    assert read(LAYOUTS[name], f"{server.url}/{name}") == read(LAYOUTS[name], str(tmp_path / "file"))
    assert next(server.faults[name], None) is None  # all of them happened


@pytest.mark.parametrize("name", FILES)
def test_a_moved_file_is_followed(name: str, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(FILES[name])
    server.faults["old"] = repeat(moved(f"/{name}"))
    server.no_head.add("old")
    assert read(LAYOUTS[name], f"{server.url}/old") == read(LAYOUTS[name], str(tmp_path / "file"))


def test_retry_after_is_waited_for(server: Server) -> None:
    name = "a/lines.jsonl.gz"
    server.faults[name] = iter([answers(429, Retry_After="1")])
    assert open_file(f"{server.url}/{name}").read() == FILES[name]
    first, second = server.gets(name)
    assert second.at - first.at >= 1


@pytest.mark.parametrize("wrong", ["no HEAD", "no ranges", "no ETag", "all three"])
def test_servers_that_know_less(wrong: str, server: Server) -> None:
    name = "a/table.parquet"
    url = f"{server.url}/{name}"
    if wrong in ("no HEAD", "all three"):
        server.no_head.add(name)
    if wrong in ("no ranges", "all three"):
        server.no_ranges.add(name)
        server.faults[name] = iter([ends(5000, reset=True), ends(100_000)])
    if wrong in ("no ETag", "all three"):
        server.no_etag.add(name)
    file = open_file(url)
    assert file.size() == len(FILES[name])
    file.seek(1_000_000)
    assert file.read(1000) == FILES[name][1_000_000:1_001_000]
    assert pq.read_table(open_file(url)).num_rows == NUMBER


@pytest.mark.parametrize("code", [403, 404, 410, 401])
def test_final_answers_are_not_asked_again(code: int, server: Server) -> None:
    server.faults["gone"] = repeat(answers(code))
    server.no_head.add("gone")
    with pytest.raises(InputError, match=rf"/gone: the server answers {code} "):
        open_file(f"{server.url}/gone")
    assert len(server.gets("gone")) == 1


def test_a_server_that_stays_down_is_given_up(server: Server) -> None:
    name = "a/lines.jsonl.gz"
    server.faults[name] = repeat(answers(503))
    with pytest.raises(InputError, match=r"503 \(Service Unavailable\), after 4 attempts"):
        open_file(f"{server.url}/{name}").read()
    assert len(server.gets(name)) == 4


def test_no_server_at_all_is_named(server: Server) -> None:
    use(QUICK.model_copy(update={"retries": 1}))
    with pytest.raises(InputError, match=r"could not be reached in 2 attempts \(.*[Cc]onnection refused"):
        open_file("http://127.0.0.1:1/lines.jsonl")


def test_a_file_short_on_the_server_gives_what_stands_before_the_break(server: Server) -> None:
    name = "a/lines.jsonl"
    server.files[name] = lines(0, NUMBER)
    server.faults[name] = repeat(breaks_at(50_000))
    size = len(server.files[name])
    rows: list[Any] = []
    with pytest.raises(InputError, match=f"breaks off at byte 50000 of {size} promised"):
        for batch in READERS["jsonl"](f"{server.url}/{name}", options={}):
            rows += batch.to_pylist()
    whole = server.files[name][:50_000].count(b"\n")
    assert [row["text"][:10].split()[1] for row in rows if not row["error"]] == [str(i) for i in range(whole)]


def test_a_parquet_file_short_on_the_server_is_an_error_not_a_short_table(server: Server) -> None:
    name = "a/table.parquet"
    server.faults[name] = repeat(breaks_at(500_000))
    with pytest.raises(InputError, match=r"table.parquet: it breaks off at byte \d+ of \d+ promised"):
        read("parquet", f"{server.url}/{name}")


def test_a_file_that_changes_while_it_is_read_is_refused(server: Server) -> None:
    name = "a/lines.jsonl.gz"
    file = open_file(f"{server.url}/{name}")
    assert file.read(10) == FILES[name][:10]
    server.files[name] = gzip.compress(lines(5, NUMBER))
    with pytest.raises(InputError, match="changed on the server while it was read"):
        file.read(50_000)


def test_only_the_bytes_that_are_sought_are_served(server: Server) -> None:
    name = "a/table.parquet"
    table = pq.ParquetFile(open_file(f"{server.url}/{name}"))
    assert table.read_row_group(2, ["text"]).num_rows == NUMBER // 4
    assert server.served(name) < len(FILES[name]) / 5
    assert all(asked.range for asked in server.gets(name))


def test_reading_on_takes_few_requests(server: Server) -> None:
    server.files["big"] = random.Random(1).randbytes(20 << 20)
    file, got = open_file(f"{server.url}/big"), b""
    while data := file.read(1 << 20):
        got += data
    assert got == server.files["big"]
    assert len(server.gets("big")) < 8
    assert len({asked.connection for asked in server.log}) == 1


def test_hosts_are_spared(server: Server) -> None:
    use(QUICK.model_copy(update={"connections": 2, "pause": 0.02, "contact": "crawl@example.org"}))
    for number in range(12):
        server.files[f"b/{number}"] = b"x" * 1000
    found = expand("s", [f"{server.url}/b/{number}" for number in range(12)])
    assert [item.size for item in found] == [1000] * 12
    starts = sorted(asked.at for asked in server.log)
    assert server.most_at_once <= 2
    assert starts[-1] - starts[0] >= 11 * 0.02 - 0.02
    assert {asked.agent for asked in server.log} == {
        "daybreak-corpus/0.1.0 (corpus builder; crawl@example.org)"
    }


def test_inputs_by_url_have_a_name_and_an_identity(server: Server) -> None:
    name = "a/lines.jsonl.gz"
    (found,) = expand("s", [f"{server.url}/{name}"])
    assert (found.file, found.size) == (name, len(FILES[name]))
    before = found.identity
    server.files[name] = FILES[name][:-1] + b"x"
    assert expand("s", [f"{server.url}/{name}"]) == [found]  # asked once a run
    use(QUICK)
    (found,) = expand("s", [f"{server.url}/{name}"])
    assert found.identity != before
    server.no_etag.add(name)
    use(QUICK)
    (found,) = expand("s", [f"{server.url}/{name}"])
    assert found.identity == f"{len(FILES[name])}:1714557600000000000"


def test_a_signature_is_no_part_of_a_name(server: Server) -> None:
    signed = f"{server.url}/a/lines.jsonl.gz?X-Amz-Date=20240501&X-Amz-Signature="
    (one,), (other,) = (expand("s", [signed + signature]) for signature in ("1f2e", "3d4c"))
    assert (one.file, one.unit, one.identity) == (other.file, other.unit, other.identity)
    assert one.file == "a/lines.jsonl.gz"
    found = expand("s", [f"{server.url}/a/lines.jsonl.gz?part={part}" for part in (1, 2)])
    assert [item.file for item in found] == ["a/lines.jsonl.gz?part=1", "a/lines.jsonl.gz?part=2"]


def test_a_missing_url_is_listed_where_that_is_allowed_and_refused_elsewhere(server: Server) -> None:
    paths = [f"{server.url}/a/lines.jsonl.gz", f"{server.url}/a/none.gz"]
    whole, missing = expand("s", paths, missing_ok=True)
    assert (whole.missing, missing.file) == ("", "a/none.gz")
    assert missing.missing.startswith(f"s: {paths[1]}: the server answers 404 (Not Found)")
    with pytest.raises(InputError, match="404"):
        expand("s", paths)


@pytest.mark.parametrize("path", ["a/*.gz", "a/", ""])
def test_globs_and_folders_cannot_be_had_by_http(path: str, server: Server) -> None:
    with pytest.raises(InputError, match="HTTP has no listing"):
        expand("s", [f"{server.url}/{path}"])
