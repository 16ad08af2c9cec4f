"""Inputs in an S3-compatible store, over its protocol: listings, ranges, retries, and what happens without keys."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from daybreak.errors import InputError
from daybreak.recipe.running import ObjectStore, Remote
from pipelines.ingest import READERS
from pipelines.ingest.inputs import expand
from pipelines.ingest.places import settings, use
from pipelines.ingest.streams import open_file
from tests.ingest.test_web_places import FILES, LAYOUTS, lines

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@dataclass
class Store:
    """A store in memory that counts what it is asked for; `busy` GETs are refused with 503 SlowDown."""

    app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))
    url: str = ""
    busy: int = 0
    refused: int = 0
    ranges: list[tuple[str, str]] = field(default_factory=list)
    served: int = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET" and self.refused < self.busy:
            self.refused += 1
            start("503 Slow Down", [("Content-Type", "application/xml"), ("Content-Length", str(len(BUSY)))])
            return [BUSY]
        if asked := environ.get("HTTP_RANGE"):
            self.ranges.append((environ["PATH_INFO"], asked))
        body = b"".join(self.app(environ, start))
        self.served += len(body) if environ["REQUEST_METHOD"] == "GET" else 0
        return [body]


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    store = Store()
    server = make_server("127.0.0.1", 0, store, threaded=True)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    client = boto3.client(
        "s3",
        endpoint_url=store.url,
        aws_access_key_id="k",
        aws_secret_access_key="s",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="crawl")
    for name, data in FILES.items():
        client.put_object(Bucket="crawl", Key=name, Body=data)
    client.put_object(Bucket="crawl", Key="public.jsonl", Body=b"{}\n", ACL="public-read")
    for number in range(1005):  # past the protocol, which takes 16 seconds
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object("crawl", f"many/{number:04}.jsonl", b"{}\n")
    yield store
    server.shutdown()
    thread.join()


@pytest.fixture
def store(running: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "planted-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    before = settings()
    use(Remote(retries=4, s3=ObjectStore(endpoint=running.url, region="us-east-1")))
    running.ranges.clear()
    running.served = running.busy = running.refused = 0
    yield running
    use(before)


def read(layout: str, path: str) -> list[dict[str, Any]]:
    return [row for batch in READERS[layout](path, options={}) for row in batch.to_pylist()]


@pytest.mark.parametrize("name", FILES)
def test_every_record_is_that_of_the_local_file(name: str, store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(FILES[name])
    assert read(LAYOUTS[name], f"s3://crawl/{name}") == read(LAYOUTS[name], str(tmp_path / "file"))


def test_a_store_that_says_slow_down_is_asked_again(store: Store, tmp_path: Path) -> None:
    name = "a/lines.jsonl.gz"
    store.busy = 2
    assert gzip.decompress(open_file(f"s3://crawl/{name}").read()) == lines(0, 1000)
    assert store.refused == 2


def test_only_the_ranges_that_are_sought_are_asked_for(store: Store) -> None:
    name = "a/table.parquet"
    table = pq.ParquetFile(open_file(f"s3://crawl/{name}"))
    assert table.read_row_group(2, ["text"]).num_rows == 250
    assert store.served < len(FILES[name]) / 3
    assert store.ranges
    assert {path for path, _ in store.ranges} == {f"/crawl/{name}"}


def test_listings_go_on_after_a_thousand_keys(store: Store) -> None:
    found = expand("s", ["s3://crawl/many/*.jsonl"])
    assert [item.file for item in found] == [f"{number:04}.jsonl" for number in range(1005)]
    assert {(item.path.rpartition("/")[0], item.size) for item in found} == {("s3://crawl/many", 3)}
    assert all(item.mtime_ns for item in found)
    assert len(expand("s", ["s3://crawl/many/"])) == 1005


def test_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(InputError, match=r"s3://crawl/none\.gz: there is no such file"):
        open_file("s3://crawl/none.gz")
    with pytest.raises(InputError, match=r"'s3://crawl/a/\*\.zst' matches no file.*holds: lines\.jsonl\.gz"):
        expand("s", ["s3://crawl/a/*.zst"])
    (missing,) = expand("s", ["s3://crawl/a/none.gz"], missing_ok=True)
    assert "'s3://crawl/a/none.gz' matches no file" in missing.missing


def test_the_environment_names_the_store_as_well(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    use(Remote(retries=1, s3=ObjectStore(anonymous=True)))
    assert open_file("s3://crawl/public.jsonl").read() == b"{}\n"


def test_a_store_that_is_away_is_named_without_keys(store: Store) -> None:
    use(Remote(retries=0, connect_timeout=1, s3=ObjectStore(endpoint="http://127.0.0.1:1", region="x")))
    with pytest.raises(InputError, match=r"s3://crawl/a: it cannot be opened") as error:
        open_file("s3://crawl/a")
    assert "planted" not in str(error.value)


def test_what_is_read_is_kept_in_the_cache(store: Store, tmp_path: Path) -> None:
    use(settings().model_copy(update={"cache": str(tmp_path)}))
    path = "s3://crawl/a/lines.jsonl.gz"
    assert open_file(path).read() == open_file(path).read() == FILES["a/lines.jsonl.gz"]
    assert store.served == len(FILES["a/lines.jsonl.gz"])


def test_hadoop_tells_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARROW_LIBHDFS_DIR", "/nowhere")
    with pytest.raises(
        InputError, match=r"hdfs://name\.example\.org:8020/a/b\.gz: its file system .*CLASSPATH"
    ):
        open_file("hdfs://name.example.org:8020/a/b.gz")
