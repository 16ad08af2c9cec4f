"""Writing: same bytes every time, the size asked for, whole or not at all, and what is there is kept."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from daybreak.errors import WorkspaceError
from daybreak.sample import SampleReport, write_sample
from daybreak.sample.documents import url_of
from daybreak.sample.gather import docstrings
from daybreak.sample.languages import as_shown, is_sentence, properties_messages

MEGABYTES = 2
PROGRAM = "import sys; from pathlib import Path; from daybreak.sample import write_sample; write_sample({})"


def sums(folder: Path) -> dict[str, str]:
    return {e["path"]: e["sha256"] for e in json.loads((folder / "manifest.json").read_text())["files"]}


def start(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    program = PROGRAM.format(f"Path({str(folder)!r}), megabytes={MEGABYTES}")
    return subprocess.Popen([sys.executable, "-c", program], env=os.environ | environment)


def test_another_process_writes_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere" / "again"
    assert start(again, PYTHONHASHSEED="7", TZ="Asia/Tokyo", LANG="C", HOME="/").wait() == 0
    assert sums(again) == sums(sample)
    assert (again / "manifest.json").read_bytes() == (sample / "manifest.json").read_bytes()


def test_a_whole_sample_is_kept(made: SampleReport) -> None:
    before = {p: p.stat().st_mtime_ns for p in made.directory.rglob("*")}
    said: list[str] = []
    again = write_sample(made.directory, megabytes=MEGABYTES, progress=said.append)
    assert again.kept and not made.kept
    assert again.documents == made.documents and again.languages == made.languages
    assert "kept" in str(again) and any("kept" in message for message in said)
    assert before == {p: p.stat().st_mtime_ns for p in made.directory.rglob("*")}


def test_size_and_languages(made: SampleReport, manifest: dict[str, Any]) -> None:
    assert MEGABYTES * 0.9e6 < made.content_bytes < MEGABYTES * 1.5e6
    assert sum(e["content_bytes"] for e in manifest["files"]) == made.content_bytes
    assert {"ar", "de", "en", "es", "fr", "hi", "ja", "ko", "ru", "th", "zh"} <= set(made.languages)
    assert made.files == len(manifest["files"])


def test_nothing_of_the_machine_is_in_the_pages(sample: Path) -> None:
    for path in sorted((sample / "commoncrawl").glob("*.warc.gz")):
        if "-dirty" in path.name:
            continue
        data = gzip.decompress(path.read_bytes()).decode(errors="replace")
        assert sys.prefix not in data and sys.base_prefix not in data
        assert not re.search(r"at(?: |&nbsp;)0x(?!7f0000000000)[0-9a-f]{8}", data)


def c4_rows(sample: Path) -> list[dict[str, Any]]:
    files = sorted((sample / "c4").glob("*of*.json.gz"))
    return [json.loads(row) for path in files for row in gzip.decompress(path.read_bytes()).splitlines()]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def test_licences_are_near_duplicates(sample: Path) -> None:
    licences = [
        shingles(r["text"]) for r in c4_rows(sample) if re.search(r"licen[cs]e", r["url"], re.IGNORECASE)
    ]
    pairs = [(a, b) for i, a in enumerate(licences) for b in licences[:i] if a | b]
    scores = [len(a & b) / len(a | b) for a, b in pairs]
    assert sum(0.8 <= score < 1 for score in scores) >= 1


def test_some_documents_are_in_two_sources(sample: Path) -> None:
    c4 = {row["url"] for row in c4_rows(sample)}
    web = {u for p in (sample / "refinedweb").glob("train*") for u in pq.read_table(p)["url"].to_pylist()}
    assert 0 < len(c4 & web) < len(web) / 2


@pytest.mark.slow
def test_a_changed_file_makes_the_sample_anew(tmp_path: Path, made: SampleReport) -> None:
    folder = tmp_path / "raw"
    small = write_sample(folder, megabytes=1)
    victim = next((folder / "c4").glob("*of*.gz"))
    victim.write_bytes(victim.read_bytes()[:-9])
    mended = write_sample(folder, megabytes=1)
    assert not mended.kept and mended.documents == small.documents
    assert [p.name for p in tmp_path.iterdir()] == ["raw"]


@pytest.mark.slow
def test_a_killed_run_leaves_no_half_sample(sample: Path, tmp_path: Path) -> None:
    folder, partial = tmp_path / "raw", tmp_path / ".raw.partial"
    run = start(folder)
    deadline = time.monotonic() + 300
    while not any(partial.glob("c4/*")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    assert partial.is_dir() and not folder.exists()
    write_sample(folder, megabytes=MEGABYTES)
    assert sums(folder) == sums(sample)
    assert not partial.exists()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    partial = tmp_path / ".raw.partial"
    partial.mkdir()
    handle = os.open(partial, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(WorkspaceError, match="another run is writing"):
        write_sample(tmp_path / "raw", megabytes=1)
    os.close(handle)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(WorkspaceError, match="no sample"):
        write_sample(tmp_path, megabytes=1)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="file/raw"):
        write_sample(tmp_path / "file" / "raw", megabytes=1)
    with pytest.raises(WorkspaceError, match="1 or more"):
        write_sample(tmp_path / "raw", megabytes=0)


def test_docstrings_are_told_from_other_strings() -> None:
    body = "It says at length what it does." * 4
    source = f'x = """\nnot a docstring, {body}\n"""\n\ndef f():\n    """{body}\n\n    More.\n    """\n'
    assert list(docstrings(source)) == [f"f\n{body}\n\nMore."]


def test_messages_are_read_as_their_readers_see_them() -> None:
    data = "# note\nkey = Gr\\u00fc\\u00dfe an {0},\\\n   ''alle''\n! other\nlast: Ende\n".encode("latin-1")
    assert [as_shown(m) for m in properties_messages(data)] == ["Grüße an A,'alle'", "Ende"]
    assert as_shown("{{count}} von {{total}} <b>Läufen</b>") == "3 von 3 Läufen"
    assert is_sentence("すべてのメタデータを削除します。") and not is_sentence("Alle Zeilen löschen")


def test_addresses_are_urls_of_reserved_hosts() -> None:
    assert url_of("numpy/ma/core.py#2") == "https://numpy.example.org/ma/core.py-2"
    assert url_of("Flask_X/a b/ü.html").startswith("https://flask-x.example.org/a-b/")
