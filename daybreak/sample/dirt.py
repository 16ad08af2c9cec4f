"""Files damaged on purpose, as crawls hold them; each says in the manifest which records are bad, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from daybreak.sample import layouts
from daybreak.sample.documents import Document
from daybreak.sample.manifest import Damage, Shard
from daybreak.sample.warc import Exchange, response, warcinfo

RECORDS = 6  # records a dirty file, damaged ones included
CONTENT_LENGTH = re.compile(rb"(?<=\r\nContent-Length: )\d+")
Spoil = Callable[[Document], bytes]


def truncated_gzip(path: Path, name: str, exchanges: Sequence[Exchange]) -> Shard:
    """A .warc.gz whose last member stops half-way, as after a broken download."""
    records = [warcinfo(path.name), *map(response, exchanges)]
    records[-1] = records[-1][: len(records[-1]) // 2]
    return _write_warc(path, name, exchanges, records, {len(records) - 1: "truncated gzip member"})


def wrong_length(path: Path, name: str, exchanges: Sequence[Exchange]) -> Shard:
    """An uncompressed WARC with one Content-Length too short, and one past the end of the file."""
    records = [warcinfo(path.name, gzip=False), *(response(e, gzip=False) for e in exchanges)]
    last = len(records) - 1
    records[2] = _with_length(records[2], -200)
    records[last] = _with_length(records[last], 5_000)
    damage = {2: "Content-Length too short", last: "Content-Length past the end of the file"}
    return _write_warc(path, name, exchanges, records, damage)


def _with_length(record: bytes, change: int) -> bytes:
    """The record with the first Content-Length, which is the WARC header's, off by `change` bytes."""
    return CONTENT_LENGTH.sub(lambda match: str(int(match[0]) + change).encode(), record, count=1)


def _write_warc(
    path: Path, name: str, exchanges: Sequence[Exchange], records: list[bytes], damage: dict[int, str]
) -> Shard:
    path.write_bytes(b"".join(records))
    good = [exchange for number, exchange in enumerate(exchanges, 1) if number not in damage]
    return Shard(
        path=name,
        layout="warc",
        records=len(records),
        documents=len(good),
        content_bytes=sum(len(exchange.body) for exchange in good),
        languages=dict(sorted(Counter(exchange.lang for exchange in good).items())),
        damage=_damage(records, damage),
    )


def _damage(records: list[bytes], kinds: dict[int, str]) -> tuple[Damage, ...]:
    return tuple(Damage(n, sum(map(len, records[:n])), kind) for n, kind in sorted(kinds.items()))


def bad_utf8(document: Document) -> bytes:
    """A line with two bytes that no UTF-8 text holds."""
    row = layouts.line(layouts.c4_row(document))
    return row.replace(b" ", b" \xff\xfe ", 2)


def cut_utf8(document: Document) -> bytes:
    """A line whose text ends inside a character."""
    row = layouts.line(layouts.c4_row(replace(document, text=document.text + "€")))
    return row.replace("€".encode(), "€".encode()[:2], 1)


def cut_json(document: Document) -> bytes:
    """A line that stops half-way."""
    row = layouts.line(layouts.c4_row(document))
    return row[: len(row) // 2].decode(errors="ignore").encode() + b"\n"


def python_repr(document: Document) -> bytes:
    """A line in Python's notation instead of JSON's."""
    return repr(layouts.c4_row(document)).encode() + b"\n"


def without_text(document: Document) -> bytes:
    """A record that lacks its text."""
    row = layouts.c4_row(document)
    del row["text"]
    return layouts.line(row)


def number_for_text(document: Document) -> bytes:
    """A record whose text is a number."""
    return layouts.line(layouts.c4_row(document) | {"text": len(document.text)})


BAD_UTF8: dict[int, tuple[str, Spoil]] = {1: ("bad UTF-8", bad_utf8), 4: ("bad UTF-8", cut_utf8)}
BROKEN_JSON: dict[int, tuple[str, Spoil]] = {0: ("broken JSON", cut_json), 3: ("broken JSON", python_repr)}
MISSING_KEYS: dict[int, tuple[str, Spoil]] = {
    2: ("no text", without_text),
    5: ("text of wrong type", number_for_text),
}


def dirty_lines(
    path: Path, name: str, documents: Sequence[Document], spoils: dict[int, tuple[str, Spoil]]
) -> Shard:
    """A C4 file in which the lines named by `spoils` are damaged."""
    lines = [
        spoils[n][1](document) if n in spoils else layouts.line(layouts.c4_row(document))
        for n, document in enumerate(documents)
    ]
    path.write_bytes(layouts.gzipped(b"".join(lines)))
    whole = layouts.shard(name, "c4", [d for n, d in enumerate(documents) if n not in spoils])
    damage = _damage(lines, {n: kind for n, (kind, _) in spoils.items()})
    return replace(whole, records=len(lines), damage=damage)


def truncated_zstd(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """A Pile file of two zstd frames; the second holds one record and stops half-way.

    Two frames, so that how many records can be saved does not hang on where a block ends.
    """
    lines = [layouts.line(layouts.pile_row(document)) for document in documents]
    last = layouts.zstandardised(lines[-1])
    path.write_bytes(layouts.zstandardised(b"".join(lines[:-1])) + last[: len(last) // 2])
    whole = layouts.shard(name, "pile", documents[:-1])
    damage = _damage(lines, {len(lines) - 1: "truncated zstd frame"})
    return replace(whole, records=len(lines), damage=damage)


def no_footer(path: Path, name: str, documents: Sequence[Document]) -> Shard:
    """A Parquet file cut before its footer: nothing in it can be found, so it cannot be opened."""
    layouts.write_refinedweb(path, name, documents)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return Shard(name, "refinedweb", records=0, documents=0, content_bytes=0, languages={}, opens=False)


def write_dirt(root: Path, documents: Sequence[Document], exchanges: Sequence[Exchange]) -> list[Shard]:
    """All dirty files, beside the clean ones of their source; needs RECORDS documents and exchanges."""
    some, fetched = documents[:RECORDS], exchanges[: RECORDS - 1]
    crawl, c4 = "commoncrawl/DAYBREAK-SAMPLE-{}-dirty.{}", "c4/c4-train.{}-dirty.json.gz"
    truncated = crawl.format("truncated", "warc.gz")
    lengths = crawl.format("length", "warc")
    pile, parquet = "the_pile/train/truncated-dirty.jsonl.zst", "refinedweb/no-footer-dirty.parquet"
    lines = {"bad-utf8": BAD_UTF8, "broken-json": BROKEN_JSON, "missing-keys": MISSING_KEYS}
    return [
        truncated_gzip(root / truncated, truncated, fetched),
        wrong_length(root / lengths, lengths, fetched),
        *(dirty_lines(root / c4.format(kind), c4.format(kind), some, lines[kind]) for kind in lines),
        truncated_zstd(root / pile, pile, some),
        no_footer(root / parquet, parquet, some),
    ]
