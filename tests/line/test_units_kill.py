"""kill -9 amid large files: what was finished stays, what was in flight is done anew, and the bytes are the same."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import zstandard

from daybreak.manifest import Manifest
from daybreak.workspace import MARKERS, Workspace
from tests.line.support import DAYBREAK, ROOT, daybreak

pytestmark = pytest.mark.slow

SLOTS = 2
RECIPE = """
name: large
workspace: {folder}/ws
min_free_gb: 0
sources:
  stream: {{format: jsonl, paths: ["{folder}/in/*.zst"], rules: []}}
  web: {{format: commoncrawl_warc, paths: ["{folder}/in/*.warc.gz"], rules: []}}
language: {{min_score: 0}}
ingest: {{unit_bytes: {unit_bytes}}}
spark: {{master: "local[{slots}]", driver_memory: 1g}}
"""


def texts(size: int) -> Iterator[str]:
    """Texts of `size` bytes in all, about."""
    drawn = random.Random(11)
    words = [f"word{n}" for n in range(5000)]
    while size > 0:
        text = " ".join(drawn.choices(words, k=drawn.randrange(20, 600)))
        size -= len(text)
        yield text


def write_stream(path: Path, size: int) -> None:
    """One Zstandard frame of JSON Lines: it can be read from its beginning alone."""
    with open(path, "wb") as file, zstandard.ZstdCompressor(1).stream_writer(file) as out:
        for text in texts(size):
            out.write(json.dumps({"text": text}).encode() + b"\n")


def record(number: int, mime: str, body: bytes) -> bytes:
    """A response record of a WARC file, a gzip member of its own."""
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.org/{number}\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"WARC-Date: 2025-01-01T00:00:00Z\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", 1 if mime == "text/html" else 0)


def write_archive(path: Path, size: int, image: int = 0) -> None:
    """A WARC file of pages, each followed by an image of so many bytes."""
    drawn = random.Random(12)
    with open(path, "wb") as file:
        for number, text in enumerate(texts(size)):
            file.write(record(number, "text/html", f"<html><p>{text}</p></html>".encode()))
            if image:
                file.write(record(number, "image/png", drawn.randbytes(image)))


def recipe(folder: Path, unit_bytes: int) -> Path:
    """A recipe on the files in the folder's `in`."""
    file = folder / "large.yaml"
    file.write_text(RECIPE.format(folder=folder, unit_bytes=unit_bytes, slots=SLOTS))
    return file


def ingested(recipe: Path, workspace: Path, *change: str) -> Manifest:
    done = daybreak("run", str(recipe), f"workspace={workspace}", *change, "--only", "ingest")
    assert done.returncode == 0, done.stderr
    manifest = Workspace(workspace).manifest("ingest")
    assert manifest is not None
    return manifest


def killed_amid(recipe: Path, workspace: Path, units: int) -> Path:
    """Start a run, kill it and all it started once so many units are finished; the folder that it left."""
    command = [*DAYBREAK, "run", str(recipe), f"workspace={workspace}", "--only", "ingest"]
    environment, quiet = {**os.environ, "PYTHONPATH": str(ROOT)}, subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    deadline = time.monotonic() + 400
    while len(list((workspace / "ingest").glob(f"in-progress-*/{MARKERS}/*.json"))) < units:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    while members := session(process.pid):
        for member in members:
            os.kill(member, signal.SIGKILL)
        process.poll()
    (left,) = (workspace / "ingest").glob("in-progress-*")
    return left


def session(leader: int) -> Sequence[int]:
    """Living processes of the session that a process of ours leads."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()
            if place.name.isdecimal() and int(state[3]) == leader and state[0] != "Z":
                found.append(int(place.name))
        except OSError:
            continue
    return found


def resumed(file: Path, expected: Manifest, units: int) -> tuple[int, int]:
    """Kill a run amid its units and run again; how many were finished, and how many were in flight."""
    workspace = file.parent / "ws"
    left = killed_amid(file, workspace, units)
    finished = {f"{marker.stem}.parquet" for marker in (left / MARKERS).glob("*.json")}
    parts = {part.name: part.stat().st_ino for part in (left / "documents").glob("*.parquet")}
    begun = {
        part.name.partition(".")[0] + ".parquet" for part in (left / "quarantine").iterdir()
    } | parts.keys()
    manifest = ingested(file, workspace)
    assert manifest.digest == expected.digest
    data = Path(Workspace(workspace).data(manifest).root)
    kept = {name for name in parts if (data / "documents" / name).stat().st_ino == parts[name]}
    assert kept == finished
    assert sorted(path.name for path in data.parent.iterdir()) == sorted([data.name, "manifest.json"])
    assert not (data / MARKERS).exists()
    return len(finished), len(begun - finished)


def test_a_killed_run_does_anew_only_what_was_in_flight(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_stream(tmp_path / "in/a.jsonl.zst", 3_000_000)
    write_archive(tmp_path / "in/b.warc.gz", 1_500_000)
    file = recipe(tmp_path, unit_bytes=50_000)
    expected = ingested(file, tmp_path / "alone", "spark.partitions=1")
    assert len(expected.tables["documents"]) > 20
    finished, in_flight = resumed(file, expected, units=8)
    assert finished >= 8 and in_flight <= SLOTS


@pytest.mark.long
def test_a_run_killed_amid_a_gigabyte_does_anew_only_what_was_in_flight(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_stream(tmp_path / "in/a.jsonl.zst", 100_000)
    write_archive(tmp_path / "in/b.warc.gz", 4_000_000, image=700_000)
    assert (tmp_path / "in/b.warc.gz").stat().st_size > 1_000_000_000
    file = recipe(tmp_path, unit_bytes=16 << 20)
    expected = ingested(file, tmp_path / "alone")
    finished, in_flight = resumed(file, expected, units=20)
    print(
        f"{len(expected.tables['documents'])} units, {finished} finished, {in_flight} in flight at the kill"
    )
    assert finished >= 20 and in_flight <= SLOTS
