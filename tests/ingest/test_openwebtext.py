"""OpenWebText archives: texts in order, nested or not, read on behind a header that does not hold."""

from __future__ import annotations

import json
import lzma
import tarfile
from pathlib import Path

import pytest
import zstandard
from ingest_shards import errors, kinds, read, tar, texts

from daybreak.errors import InputError

FILES = {f"{number:07d}-abc.txt": f"Text {number}.\n".encode() * (number + 1) for number in range(40)}
TEXTS = [data.decode() for data in FILES.values()]


def save(folder: Path, data: bytes) -> Path:
    path = folder / "urlsf_subset00-0_data.xz"
    path.write_bytes(data)
    return path


def test_the_texts_of_an_archive_come_in_order_with_their_offsets(tmp_path: Path) -> None:
    archive = tar(FILES)
    rows = read("openwebtext", save(tmp_path, lzma.compress(archive)))
    assert texts(rows) == TEXTS
    assert archive[rows[7]["offset"] :][: rows[7]["length"]].decode() == TEXTS[7]
    assert json.loads(rows[7]["metadata"]) == {"name": "0000007-abc.txt"}


def test_an_archive_of_archives_is_opened_and_offsets_stay_distinct(tmp_path: Path) -> None:
    halves = [dict(list(FILES.items())[:20]), dict(list(FILES.items())[20:])]
    outer = tar({f"openwebtext/{n}_data.xz": lzma.compress(tar(half)) for n, half in enumerate(halves)})
    rows = read("openwebtext", save(tmp_path, lzma.compress(outer)))
    assert texts(rows) == TEXTS
    assert len({row["offset"] for row in rows}) == 40


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read_in_both_formats(tmp_path: Path, kind: int) -> None:
    name = "folder/" * 40 + "é.txt"
    rows = read("openwebtext", save(tmp_path, lzma.compress(tar({name: b"a", "b.txt": b"b"}, kind))))
    assert [json.loads(row["metadata"])["name"] for row in rows] == [name, "b.txt"]


def test_a_header_that_does_not_hold_costs_its_own_file(tmp_path: Path) -> None:
    archive = bytearray(tar(FILES))
    at = archive.index(b"0000009-abc.txt")
    archive[at : at + 4] = b"XXXX"
    rows = read("openwebtext", save(tmp_path, lzma.compress(archive)))
    assert texts(rows) == TEXTS[:9] + TEXTS[10:]
    assert errors(rows) == [f"No tar header stands at byte {at}"]


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("inside", [True, False])
def test_a_truncated_archive_keeps_its_whole_files_and_says_so_once(
    tmp_path: Path, keep: float, inside: bool
) -> None:
    archive = tar(FILES)
    whole = lzma.compress(archive)
    data = (
        lzma.compress(archive[: int(len(archive.rstrip(bytes(1))) * keep)])
        if inside
        else whole[: int(len(whole) * keep)]
    )
    rows = read("openwebtext", save(tmp_path, data))
    kept = len(texts(rows))
    assert texts(rows) == TEXTS[:kept]
    assert kinds(rows) == ["document"] * kept + ["error"]


def test_a_text_that_is_not_utf8_is_an_error_and_a_binary_is_no_archive(tmp_path: Path) -> None:
    rows = read("openwebtext", save(tmp_path, lzma.compress(tar({"a.txt": b"caf\xe9", "b.txt": b"b"}))))
    assert kinds(rows) == ["error", "document"]
    with pytest.raises(InputError, match="neither a tar nor JSON Lines"):
        read("openwebtext", save(tmp_path, lzma.compress(b"\x7fELF" * 1000)))


def test_openwebtext2_is_told_by_its_content(tmp_path: Path) -> None:
    meta = {"title": "T", "lang": "en", "url": "http://a/", "domain": "a", "word_count": 2}
    line = json.dumps({"text": "two words", "meta": meta, "reddit_scores": [3]}).encode()
    (row,) = read("openwebtext", save(tmp_path, zstandard.compress(line)))
    assert (row["text"], row["url"], row["lang"]) == ("two words", "http://a/", "en")
    assert json.loads(row["metadata"]) == {"domain": "a", "reddit_scores": [3], "title": "T", "word_count": 2}
