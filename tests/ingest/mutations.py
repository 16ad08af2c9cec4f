"""Records broken at random, the same at every run of one key: what the fuzz campaign feeds to ingest."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from ingest_shards import COMPRESS, tar, warc, wet

NUMBERS = [
    b"0",
    b"-1",
    b"1",
    b"7",
    b"65536",
    b"2147483648",
    b"9223372036854775808",
    b"1" + b"0" * 40,
    b"0x10",
    b"",
    b"NaN",
]
CHARSETS = [
    b"utf-16",
    b"shift_jis",
    b"iso-2022-jp",
    b"utf-7",
    b"hex",
    b"koi8-r",
    b"x" * 300,
    b"",
    b"\xff",
    b"utf-8;",
]
TAGS = [
    b"<div>",
    b"<a><div>",
    b"<b><p>",
    b"<table><tr><td>",
    b"<svg>",
    b"<ul><li>",
    b"</p>",
    b"<template>",
    b"<select>",
    b"<font>",
]
TOKENS = [
    b"\0", b"\r", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b"&#xD800;", b"&#0;",
    b"<!--", b"-->", b"<![CDATA[", b"</html>", b"<script>", b"<plaintext>", b"\r\n\r\n", b"\n", b"\"", b"{", b"}", b",",
    b"WARC/1.0\r\n", b"HTTP/1.1 200 OK\r\n", b"Content-Encoding: gzip\r\n", b"Transfer-Encoding: chunked\r\n", b"1e999",
]  # fmt: skip
Mutation = Callable[[random.Random, bytes, bytes], bytes]


def _place(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def _chunk(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = _place(rng, data)
    return start, min(len(data), start + rng.choice([1, 4, 30, 300, 3000]))


def _insert(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at:]


def flip_bits(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Up to eight bits the other way round."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """The beginning alone."""
    return data[: _place(rng, data)]


def remove(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Without a chunk."""
    start, end = _chunk(rng, data)
    return data[:start] + data[end:]


def repeat(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """A chunk several times over."""
    start, end = _chunk(rng, data)
    return _insert(data, end, data[start:end] * rng.choice([1, 2, 20]))


def splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """A chunk of another record in the place of one."""
    start, end = _chunk(rng, data)
    taken, stop = _chunk(rng, other)
    return data[:start] + other[taken:stop] + data[end:]


def lie_in_numbers(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Another number in the place of one: a length, a status, a date."""
    found = list(re.finditer(rb"\d+", data[:5000]))
    if not found:
        return data
    number = rng.choice(found)
    return data[: number.start()] + rng.choice(NUMBERS) + data[number.end() :]


def lie_about_charset(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Another charset in header and meta element, or none."""
    return re.sub(rb"(?i)charset=[\"']?[\w-]*", b"charset=" + rng.choice(CHARSETS).replace(b"\\", b""), data)


def encode(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """The text in another encoding than it says."""
    return data.decode("latin-1").encode(rng.choice(["utf-16", "utf-8", "utf-32-be", "utf-16-le"]))


def nest(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Tags, many times over."""
    return _insert(data, _place(rng, data), rng.choice(TAGS) * rng.choice([3, 50, 1000]))


def nest_json(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Brackets, many times over."""
    return _insert(data, _place(rng, data), rng.choice([b"[", b'{"a":', b"[{"]) * rng.choice([3, 50, 3000]))


def lengthen(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """A long attribute, or a long word."""
    size = rng.choice([100, 10_000, 60_000])
    return _insert(
        data,
        _place(rng, data),
        rng.choice([b'<p a="' + b"x" * size + b'">', b"y" * size, b" a=b" * (size // 4)]),
    )


def insert_token(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Something that means something to a parser."""
    return _insert(data, _place(rng, data), rng.choice(TOKENS))


def swap_lines(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Two lines in each other's place."""
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, truncate, remove, repeat, splice, lie_in_numbers, lie_about_charset, encode, nest, nest_json,
    lengthen, insert_token, swap_lines,
)  # fmt: skip
STORED: tuple[Mutation, ...] = (flip_bits, flip_bits, flip_bits, truncate, remove, splice, repeat)
"""Those that mean something to compressed bytes."""

CONTROL = 8
"""One record in so many stays whole: each must come through."""


def mutate(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """One mutation, or a few."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        data = rng.choice(MUTATIONS)(rng, data, other)
    return data


@dataclass(frozen=True)
class Shard:
    """A file of broken records: its layout and bytes, how many were mutated, the texts that stayed whole."""

    layout: str
    data: bytes
    mutated: int
    whole: list[str]


def jsonl_shard(key: str, texts: Sequence[str], records: int) -> Shard:
    """Lines of JSON; what a mutation makes of one may be several lines."""
    rng, lines, whole = random.Random(key), list[bytes](), list[str]()
    for number in range(records):
        text = f"{rng.choice(texts)} {key} {number}."
        fields = {
            "text": text,
            "url": f"http://example.org/{number}",
            "timestamp": "2024-05-18T01:58:10Z",
            "n": [number],
        }
        line = json.dumps(fields, ensure_ascii=bool(number % 2)).encode()
        if number % CONTROL == 0:
            whole.append(text)
        else:
            line = mutate(rng, line, rng.choice(texts).encode())
        lines.append(line)
    codec = rng.choice(["plain", "gzip", "zstd", "xz"])
    return Shard("jsonl", COMPRESS[codec](b"\n".join(lines)), records - len(whole), whole)


def warc_shard(key: str, pages: Sequence[bytes], records: int, level: str) -> Shard:
    """WARC records broken in the page alone, anywhere in the record, or as stored (its gzip member)."""
    rng, out, whole = random.Random(key), list[bytes](), list[str]()
    for number in range(records):
        sentence = f"Here stands control {key} {number}."
        control, body = number % CONTROL == 0, rng.choice(pages)
        if control:
            body = f"<html><body><p>{sentence}</p></body></html>".encode()
            whole.append(sentence)
        elif level == "page":
            body = mutate(rng, body, rng.choice(pages))
        record = _record(rng, body)
        if level == "record" and not control:
            record = mutate(rng, record, rng.choice(out) if out else b"")
        stored = gzip.compress(record, 1) if level != "record" else record
        out.append(
            mutate(rng, stored, rng.choice(out) if out else b"")
            if level == "member" and not control
            else stored
        )
    return Shard("commoncrawl_warc", b"".join(out), records - len(whole), whole if level == "page" else [])


def _record(rng: random.Random, body: bytes) -> bytes:
    coding = rng.choice([[], [], [("Content-Encoding", "gzip")], [("Transfer-Encoding", "chunked")]])
    if coding and coding[0][1] == "gzip":
        body = gzip.compress(body, 1)
    if coding and coding[0][1] == "chunked":
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    headers = [("Content-Type", "text/html; charset=utf-8"), *coding]
    return (
        warc([body], gzipped=False, headers=headers).split(b"WARC/1.0\r\n", 2)[2].join([b"WARC/1.0\r\n", b""])
    )


def shards(
    key: str, texts: Sequence[str], pages: Sequence[bytes], records: int, size: int
) -> Iterator[Shard]:
    """Shards of about `size` records until `records` were mutated: JSON Lines, and WARC on every level, by turns."""
    mutated = number = 0
    while mutated < records:
        name, turn = f"{key}-{number}", number % 4
        level = ("page", "record", "member")[turn - 1] if turn else ""
        shard = warc_shard(name, pages, size, level) if turn else jsonl_shard(name, texts, size)
        mutated, number = mutated + shard.mutated, number + 1
        yield shard


def damaged_files(key: str, texts: Sequence[str], number: int) -> Iterator[Shard]:
    """Whole files of every layout and compression, damaged as stored."""
    plain = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    parquet = io.BytesIO()
    pq.write_table(pa.table({"text": list(texts)}), parquet, row_group_size=3)
    archive = lzma.compress(tar({f"{n:07d}.txt": text.encode() for n, text in enumerate(texts)}))
    sound = [("parquet", parquet.getvalue()), ("openwebtext", archive), ("commoncrawl_wet", wet(texts))]
    sound += [("jsonl", compress(plain)) for compress in COMPRESS.values()]
    for turn in range(number):
        rng = random.Random(f"{key}-{turn}")
        layout, data = sound[turn % len(sound)]
        for _ in range(rng.choice([1, 1, 2, 5])):
            data = rng.choice(STORED)(rng, data, rng.choice(sound)[1])
        yield Shard(layout, data, len(texts), [])
