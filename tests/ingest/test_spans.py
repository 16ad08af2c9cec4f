"""A file read by spans gives the rows of the file read whole, wherever the cuts fall and whatever is broken."""

from __future__ import annotations

import gzip
import json
import random
from inspect import signature
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ingest_shards import COMPRESS, page, tar, warc, wet
from test_real_shards import layout_of

from daybreak.errors import InputError
from pipelines.ingest import READERS
from pipelines.ingest.cuts import CUTS, cut
from pipelines.ingest.spans import Entry, Part, Span

reuse = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
lengths = st.integers(1, 3000)

Rows = tuple[list[dict[str, Any]], str | None]


def save(folder: Path, data: bytes) -> Path:
    path = folder / "shard"
    path.write_bytes(data)
    return path


def read(layout: str, path: Path, part: Part | None = None, **options: Any) -> Rows:
    """Rows, and the error that ended the reading."""
    rows: list[dict[str, Any]] = []
    more: dict[str, Any] = {} if part is None else {"part": part}
    try:
        for batch in READERS[layout](str(path), batch_bytes=1 << 16, options=options, **more):
            rows += batch.to_pylist()
    except InputError as error:
        return rows, str(error)
    return rows, None


def streamed(layout: str, path: Path, first: Span, lanes: int) -> list[list[dict[str, Any]]]:
    """Rows of every span of a stream, which so many lanes decode; and each span once more, for itself."""
    found: dict[int, list[dict[str, Any]]] = {}
    for lane in range(lanes):
        part, step = Part(first.later(lane)), 0
        while not part.ended:
            part.move(first.later(lane + step))
            rows, _ = read(layout, path, part)
            if not part.beyond:
                found[lane + step] = rows
            step += lanes
    for number in (0, len(found) // 2, len(found) - 1):
        assert read(layout, path, Part(first.later(number)))[0] == found[number]
    return [found[number] for number in sorted(found)]


def chained(layout: str, path: Path, spans: list[Span]) -> tuple[list[list[dict[str, Any]]], int]:
    """Rows of every span, those that were entered wrongly read again; and how many those were."""
    found, again, expected = [], 0, Entry(0) if layout.startswith("commoncrawl") else None
    for span in spans:
        part = Part(span)
        rows, failure = read(layout, path, part)
        if expected is not None and not failure:
            due = expected if expected.at < span.stop else None
            if part.entered != due:
                part, again = (
                    Part(Span(span.number, span.start, span.stop, span.measure, expected)),
                    again + 1,
                )
                rows, _ = read(layout, path, part)
                assert part.entered == due
            expected = part.left or (Entry(1 << 60) if due else expected)
        found.append(rows)
    return found, again


def same(layout: str, path: Path, length: int, lanes: int = 2) -> int:
    """Assert that all spans together are the whole; how many there are."""
    whole, refusal = read(layout, path)
    length = max(length, path.stat().st_size // 30)
    try:
        spans = cut(layout, str(path), None, length) if path.stat().st_size > length else []
    except InputError:
        assert refusal
        return 0
    if not spans:
        return 0
    if spans[0].measure == "decoded":
        found = streamed(layout, path, spans[0], lanes)
    else:
        found, _ = chained(layout, path, spans)
    assert [row for rows in found for row in rows] == whole
    assert read(layout, path, Part(spans[0]))[1] == refusal
    return len(found)


def lines(number: int, seed: int = 0) -> bytes:
    chance = random.Random(seed)
    texts = ["word " * chance.choice([0, 3, 40, 400]) + str(n) for n in range(number)]
    return b"".join(json.dumps({"text": text}).encode() + b"\n" * chance.choice([1, 1, 3]) for text in texts)


MANY = {
    "one": lambda codec, parts: COMPRESS[codec](b"".join(parts)),
    "each": lambda codec, parts: b"".join(COMPRESS[codec](part) for part in parts),
}


@pytest.mark.parametrize("members", MANY)
@pytest.mark.parametrize("codec", COMPRESS)
@reuse
@given(length=lengths, lanes=st.integers(1, 3), seed=st.integers(0, 99), broken=st.none() | st.floats(0, 1))
def test_lines_by_spans_are_the_lines_of_the_file(
    tmp_path: Path, codec: str, members: str, length: int, lanes: int, seed: int, broken: float | None
) -> None:
    stored = bytearray(MANY[members](codec, [lines(12, seed + n) for n in range(3)]))
    if broken is not None:
        stored[int(broken * (len(stored) - 1))] ^= 0x55
    same("jsonl", save(tmp_path, bytes(stored)), length, lanes)


def test_there_are_as_many_spans_as_the_length_asks_for(tmp_path: Path) -> None:
    plain = lines(100)
    assert same("jsonl", save(tmp_path, plain), 2000) == -(-len(plain) // 2000)
    assert same("jsonl", save(tmp_path, gzip.compress(plain, mtime=0)), 500) == -(-len(plain) // 2000)
    assert same("commoncrawl_warc", save(tmp_path, STORED), -(-len(STORED) // 4)) == 4
    assert same("openwebtext", save(tmp_path, tar({"a": b"x" * 5000})), 100) == 0


def test_a_line_longer_than_many_spans_is_read_once(tmp_path: Path) -> None:
    data = lines(3) + json.dumps({"text": "long " * 5000}).encode() + b"\n" + lines(3)
    assert same("jsonl", save(tmp_path, data), 700) > 20


@pytest.mark.parametrize("codec", ["plain", "gzip"])
def test_a_refused_file_is_refused_by_its_first_span_alone(tmp_path: Path, codec: str) -> None:
    path = save(tmp_path, COMPRESS[codec](lines(500).replace(b"text", b"content")))
    assert read("jsonl", path)[1]
    assert same("jsonl", path, 1000) > 0


PAGES = [page(number) * (1 + number % 3) for number in range(30)]
STORED = warc(PAGES)
PLAIN = warc(PAGES, gzipped=False)
INSIDE = warc([STORED, *PAGES[:4], PLAIN + b" " * 3000, *PAGES[:4]], headers=[("Content-Type", "text/html")])
"""Pages that hold archives, which deflate stores almost as they are: their records look like this file's own."""

ARCHIVES = {
    "gzip": STORED,
    "plain": PLAIN,
    "inside": INSIDE,
    "inside, plain": gzip.decompress(INSIDE),
    "one member": gzip.compress(PLAIN, mtime=0),
    "blocks": b"".join(gzip.compress(PLAIN[at : at + 700]) for at in range(0, len(PLAIN), 700)),
    "pairs": gzip.compress(warc(PAGES[:2], False)) + gzip.compress(warc(PAGES[2:9], False)) + STORED,
    "zstd": b"".join(zstandard.compress(b"WARC/1.0" + r) for r in PLAIN.split(b"WARC/1.0")[1:]),
    "wet": wet([f"Text {n} " * (n % 40) for n in range(40)]),
}


@pytest.mark.parametrize("name", ARCHIVES)
@reuse
@given(length=lengths)
@example(length=1)
def test_archives_by_spans_are_the_records_of_the_file(tmp_path: Path, name: str, length: int) -> None:
    layout = "commoncrawl_wet" if name == "wet" else "commoncrawl_warc"
    same(layout, save(tmp_path, ARCHIVES[name]), length)


@pytest.mark.parametrize("name", ARCHIVES)
@reuse
@given(length=lengths, seed=st.integers(0, 2**32))
def test_damaged_archives_by_spans_are_the_records_of_the_file(
    tmp_path: Path, name: str, length: int, seed: int
) -> None:
    chance, stored = random.Random(seed), bytearray(ARCHIVES[name])
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(stored))
        kind = chance.randrange(4)
        if kind == 0:
            stored[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del stored[at : at + chance.randrange(1, 2000)]
        elif kind == 2:
            stored[at:at] = chance.randbytes(chance.randrange(1, 500))
        else:
            stored[at:at] = stored[chance.randrange(len(stored)) :][: chance.randrange(1, 3000)]
    layout = "commoncrawl_wet" if name == "wet" else "commoncrawl_warc"
    same(layout, save(tmp_path, bytes(stored)), length)


def test_a_span_that_was_entered_inside_a_page_is_found_out(tmp_path: Path) -> None:
    path = save(tmp_path, ARCHIVES["inside, plain"])
    _, again = chained("commoncrawl_warc", path, cut("commoncrawl_warc", str(path), None, 500))
    assert again > 0
    whole = save(tmp_path, STORED)
    _, again = chained("commoncrawl_warc", whole, cut("commoncrawl_warc", str(whole), None, 500))
    assert again == 0


def test_every_layout_that_is_cut_has_a_reader_of_parts_and_no_other() -> None:
    assert set(CUTS) == {name for name, reader in READERS.items() if "part" in signature(reader).parameters}


@reuse
@given(length=st.integers(1, 20_000), rows=st.integers(0, 200), group=st.integers(1, 50))
def test_row_groups_by_spans_are_the_rows_of_the_file(
    tmp_path: Path, length: int, rows: int, group: int
) -> None:
    table = pa.table({"text": [f"Row {n} " * (n % 30) for n in range(rows)], "url": ["u"] * rows})
    pq.write_table(table, tmp_path / "shard", row_group_size=group)
    same("parquet", tmp_path / "shard", length)


@pytest.mark.parametrize("length", [1, 500, 20_000])
def test_broken_shards_by_spans_are_the_rows_of_the_file(shared_data: Path, length: int) -> None:
    counts = []
    for path in sorted((shared_data / "bad").rglob("*")):
        if path.is_file() and path.name != "README.md":
            layout = layout_of(path)
            counts.append(same(layout if layout in CUTS else "jsonl", path, length))
    assert len(counts) > 30 and max(counts) > 3
