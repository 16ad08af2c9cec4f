"""The cache of files from elsewhere: what was read is not fetched again, after kills and beside other processes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.errors import InputError
from daybreak.recipe.running import Remote
from pipelines.ingest.places import settings, use
from pipelines.ingest.streams import open_file
from tests.ingest.web_server import Handler, Server, breaks_at, serving

ROOT = Path(__file__).resolve().parents[2]
SIZE = 3 << 20
DATA = random.Random(3).randbytes(SIZE)

READER = """
import hashlib, sys
from daybreak.recipe.running import Remote
from pipelines.ingest.places import use
from pipelines.ingest.streams import open_file

use(Remote(cache=sys.argv[2], read_timeout=20))
file, digest = open_file(sys.argv[1]), hashlib.md5()
while data := file.read(1 << 18):
    digest.update(data)
print(digest.hexdigest())
"""


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    before = settings()
    folder = tmp_path / "cache"
    use(Remote(retries=1, backoff=0.01, read_timeout=0.5, cache=str(folder)))
    yield folder
    use(before)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({"big": DATA, "other": DATA[::-1]}) as running:
        yield running


def reader(server: Server, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", READER, f"{server.url}/big", str(cache)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def read_through(url: str, step: int = 1 << 18) -> bytes:
    with open_file(url) as file:
        return b"".join(iter(lambda: file.read(step), b""))


def held(folder: Path, kind: str) -> list[int]:
    return sorted(path.stat().st_size for path in folder.glob(f"*.{kind}"))


def slowly(handler: Handler, data: bytes, start: int) -> None:
    """What was asked for, a little at a time."""
    handler.head(206, handler.asked.path, data, start, handler.stop)
    for at in range(start, handler.stop, 1 << 16):
        handler.send(data[at : min(at + (1 << 16), handler.stop)])
        time.sleep(0.02)


def test_a_file_read_once_is_read_from_disk(server: Server, cache: Path) -> None:
    assert read_through(f"{server.url}/big") == read_through(f"{server.url}/big") == DATA
    assert server.served("big") == SIZE
    assert (held(cache, "data"), held(cache, "part")) == ([SIZE], [])
    (facts,) = cache.glob("*.json")
    assert json.loads(facts.read_text())["address"] == f"{server.url}/big"


def test_another_version_is_fetched_anew(server: Server, cache: Path) -> None:
    with open_file(f"{server.url}/big") as file:
        assert file.read(100) == DATA[:100]
    server.files["big"] = DATA[::-1]
    assert read_through(f"{server.url}/big") == DATA[::-1]


def test_a_killed_download_goes_on_where_it_was(server: Server, cache: Path) -> None:
    server.faults["big"] = repeat(slowly)
    killed = reader(server, cache)
    while not (parts := held(cache, "part")) or parts[0] < SIZE // 4:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (kept,) = held(cache, "part")
    assert 0 < kept < SIZE
    del server.faults["big"]
    before = len(server.log)
    assert read_through(f"{server.url}/big") == DATA
    again = [asked for asked in server.log[before:] if asked.method == "GET"]
    assert again[0].range and again[0].range.startswith(f"bytes={kept}-")
    assert sum(asked.served for asked in again) == SIZE - kept


def test_two_processes_make_one_download(server: Server, cache: Path) -> None:
    server.faults["big"] = repeat(slowly)
    both = [reader(server, cache), reader(server, cache)]
    digests = {process.communicate()[0] for process in both}
    assert len(digests) == 1
    assert [process.returncode for process in both] == [0, 0]
    assert server.served("big") == SIZE


def test_a_process_that_stands_still_holds_up_nobody(server: Server, cache: Path) -> None:
    with open_file(f"{server.url}/big") as still:
        still.read(1000)
        assert read_through(f"{server.url}/big") == DATA
    assert held(cache, "part")


def test_the_folder_stays_within_its_size_and_loses_what_was_unused_longest(
    server: Server, cache: Path
) -> None:
    use(settings().model_copy(update={"cache_gb": 2.5 * SIZE / 1e9}))
    server.files["third"] = DATA[1:] + b"x"
    for name in ("big", "other", "big", "third"):
        read_through(f"{server.url}/{name}")
    assert held(cache, "data") == [SIZE, SIZE]
    for name in ("big", "third", "other"):
        read_through(f"{server.url}/{name}")
    assert [server.served(name) for name in ("big", "third", "other")] == [SIZE, SIZE, 2 * SIZE]


def test_what_is_too_large_is_read_past_the_cache(server: Server, cache: Path) -> None:
    use(settings().model_copy(update={"cache_gb": SIZE / 2e9}))
    assert read_through(f"{server.url}/big") == DATA
    assert held(cache, "data") == held(cache, "part") == []


def test_what_jumps_ahead_is_not_kept(server: Server, cache: Path) -> None:
    out = pa.BufferOutputStream()
    table = pa.table({"pad": [random.Random(i).randbytes(1 << 21) for i in range(4)], "n": [1, 2, 3, 4]})
    pq.write_table(table, out, compression="none")
    server.files["table"] = out.getvalue().to_pybytes()
    read = pq.ParquetFile(open_file(f"{server.url}/table"))
    assert read.read(["n"])["n"].to_pylist() == [1, 2, 3, 4]
    assert held(cache, "part") == [0]
    assert server.served("table") < 1 << 20


def test_a_download_that_breaks_off_for_good_keeps_what_came(server: Server, cache: Path) -> None:
    server.faults["big"] = repeat(breaks_at(1_000_000))
    with open_file(f"{server.url}/big") as file:
        assert file.read(999_000) == DATA[:999_000]
        with pytest.raises(InputError, match="breaks off at byte 1000000"):
            file.read(2000)
    assert held(cache, "part") == [1_000_000]
    del server.faults["big"]
    assert read_through(f"{server.url}/big") == DATA
