"""Every real shard and every broken one is read to its end, or refused, with its README's counts."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ingest_shards import errors, kinds, read, texts
from warcio.archiveiterator import ArchiveIterator

from daybreak.errors import InputError
from pipelines.ingest import doc_id, expand
from pipelines.ingest.registry import READERS

LAYOUTS = {
    "c4/*.json.gz": ("c4", 95),
    "the_pile/train/*.zst": ("the_pile", 721),
    "openwebtext/*.xz": ("openwebtext", 87),
    "openwebtext2/*.zst": ("openwebtext", 87),
    "oscar-23.01/*/*.zst": ("oscar", 689),
    "refinedweb/*.parquet": ("refinedweb", 95),
    "commoncrawl/*00000.warc.gz": ("commoncrawl_warc", 220),
    "commoncrawl/*.warc.wet.gz": ("commoncrawl_wet", 220),
}

BAD_MADE = {
    "bad_content_length_text.warc": {"record_type": 1, "document": 5},
    "bad_content_length_too_long.warc": {"record_type": 1, "document": 4, "error": 1},
    "bad_content_length_too_short.warc": {"record_type": 1, "document": 5},
    "bad_utf8.json.gz": {"document": 2, "error": 2},
    "bitflip_in_record_5.warc.gz": {"record_type": 1, "document": 4, "error": 1},
    "empty.warc.gz": {},
    "empty_gzip.warc.gz": {},
    "missing_keys.json.gz": {"document": 2, "error": 3},
    "missing_target_uri.warc": {"record_type": 1, "document": 5},
    "single_gzip_member.warc.gz": {"record_type": 1, "document": 5},
    "truncated.json.gz": {"document": 7, "error": 1},
    "truncated.jsonl.zst": {"document": 18, "error": 1},
    "truncated_data.xz": {"document": 14, "error": 1},
    "truncated_gzip.warc.gz": {"record_type": 1, "document": 5, "error": 1},
    "uncompressed_named_gz.warc.gz": {"record_type": 1, "document": 5},
    "wrong_json.json.gz": {"document": 2, "error": 6},
}
"""What becomes of the records. Here a wrong Content-Length is the HTTP header's; WARC's is off by
its digits: short by three is an error, long by two or three ends in the blank lines."""

REFUSED = ("empty.parquet", "no_footer.parquet", "truncated.parquet", "garbage.warc.gz")

TRUNCATED = {
    "clipped.warc.gz": 1,
    "bad.arc": 4,
    "example-trunc.warc": 1,
    "badexample.arc.gz": 3,
    "example-space-in-url.arc": 1,
}
"""Errors in the broken files of other projects; the files not named here hold none."""

NOT_WARCIO = (
    "single_gzip",
    "garbage",
    "missing_target",
    "badexample",
    "non-chunked",
    ".gz.bad",
    "wrong-chunks",
    "bitflip",
)
"""Files that warcio refuses or gives up within."""


def layout_of(path: Path) -> str:
    names = {".json.gz": "jsonl", ".jsonl.zst": "jsonl", ".xz": "openwebtext", ".parquet": "parquet"}
    return next((layout for end, layout in names.items() if path.name.endswith(end)), "commoncrawl_warc")


def warcio_count(path: Path) -> int:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sum(record.content_stream().read() is not None for record in ArchiveIterator(file))


@pytest.mark.parametrize("pattern", LAYOUTS)
def test_every_layout_holds_the_documents_that_its_readme_counts(shared_data: Path, pattern: str) -> None:
    layout, count = LAYOUTS[pattern]
    rows: list[dict[str, Any]] = []
    identities: set[str] = set()
    for found in expand("s", [str(shared_data / pattern)]):
        rows += read(layout, Path(found.path))
        for batch in READERS[layout](found.path, options={}):
            identities.update(doc_id(found.source, found.file, batch).to_pylist())
    assert kinds(rows).count("document") == count
    assert errors(rows) == []
    assert len(identities) == len(rows)


def test_the_sets_of_the_pile_and_the_languages_of_oscar_are_kept(shared_data: Path) -> None:
    pile = Counter(row["metadata"] for row in read("the_pile", shared_data / "the_pile/train/00.jsonl.zst"))
    assert pile['{"pile_set_name":"StackExchange"}'] == 482
    oscar = read("oscar", shared_data / "oscar-23.01/zh-hant_meta/zh-hant_meta_part_1.jsonl.zst")
    assert {row["lang"] for row in oscar} == {"zh-hant"}


@pytest.mark.parametrize("name", BAD_MADE)
def test_every_record_of_a_broken_file_is_accounted_for(shared_data: Path, name: str) -> None:
    path = shared_data / "bad/made" / name
    assert Counter(kinds(read(layout_of(path), path))) == BAD_MADE[name]


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_cannot_be_understood_are_refused(shared_data: Path, name: str) -> None:
    path = shared_data / "bad/made" / name
    with pytest.raises(InputError, match=name):
        read(layout_of(path), path)


def test_no_broken_file_is_left_out_of_these_tests(shared_data: Path) -> None:
    assert {path.name for path in (shared_data / "bad/made").iterdir()} - {"README.md"} == {
        *BAD_MADE,
        *REFUSED,
    }


def test_files_that_other_projects_keep_as_broken_are_read_to_their_end(shared_data: Path) -> None:
    paths = [
        path for path in (shared_data / "bad/real").rglob("*") if path.is_file() and path.name != "README.md"
    ]
    found = {path.name: len(errors(read("commoncrawl_warc", path))) for path in paths}
    assert {name: count for name, count in found.items() if count} == TRUNCATED
    assert len(found) == 12


def test_as_many_records_as_warcio_finds(shared_data: Path) -> None:
    """warcio counts a broken last record too, as one; it knows no LZ4 and no WARC with bare line feeds."""
    folders = [shared_data / "commoncrawl", shared_data / "bad"]
    paths = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if ".warc" in path.name or ".arc" in path.name
    ]
    paths = [path for path in paths if path.suffix not in (".lz4", ".txt")]
    paths = [path for path in paths if not any(part in path.name for part in NOT_WARCIO)]
    ours = {path.name: len(read("commoncrawl_warc", path)) for path in paths}
    assert ours == {path.name: warcio_count(path) for path in paths}
    assert len(ours) > 20


def test_lz4_holds_what_its_plain_twin_holds(shared_data: Path) -> None:
    folder = shared_data / "commoncrawl/real/chatnoir-eu+chatnoir-resiliparse"
    plain, packed = (read("commoncrawl_warc", folder / f"warcfile.warc.{end}") for end in ("gz", "lz4"))
    assert [row["payload"] for row in packed] == [row["payload"] for row in plain]


def test_wat_is_refused_by_name(shared_data: Path) -> None:
    path = shared_data / "commoncrawl/real/commoncrawl+whirlwind-python/whirlwind.warc.wat.gz"
    with pytest.raises(InputError, match="it is WAT"):
        read("commoncrawl_wet", path)
    assert len(texts(read("commoncrawl_wet", path.with_name("whirlwind.warc.wet.gz")))) == 1
