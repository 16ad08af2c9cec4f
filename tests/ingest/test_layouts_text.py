"""CSV, plain text and books: where a record begins and ends, and what becomes of one that is broken."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_shards import COMPRESS, errors, kinds, read, texts

from daybreak.errors import InputError

reuse = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
tables = st.lists(st.tuples(values.map(lambda text: "t" + text), values), max_size=8)


def save(folder: Path, data: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("codec", COMPRESS)
@reuse
@given(rows=tables)
def test_what_python_writes_as_csv_comes_back_whole(
    tmp_path: Path, codec: str, rows: list[tuple[str, str]]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("text", "title"), *rows])
    found = read("csv", save(tmp_path, COMPRESS[codec](out.getvalue().encode())))
    assert [row["text"] for row in found] == [text for text, _ in rows]
    assert [json.loads(row["metadata"] or "{}").get("title", "") for row in found] == [t for _, t in rows]


def test_a_quoted_value_keeps_its_lines_blank_ones_too(tmp_path: Path) -> None:
    data = b'text,url\r\n"one\r\n\r\n  \ntwo ""three""",http://a/\r\n\r\nfour,\r\n'
    rows = read("csv", save(tmp_path, data))
    assert texts(rows) == ['one\r\n\r\n  \ntwo "three"', "four"]
    assert [row["url"] for row in rows] == ["http://a/", None]
    assert data[rows[1]["offset"] :][: rows[1]["length"]] == b"four,\r\n"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"a,b,c", "3 values for 2 columns"),
        (b"a", "1 values for 2 columns"),
        (b"caf\xe9,b", "not valid UTF-8: invalid continuation byte at byte 3"),
        (b'"a"b,c', "not valid CSV"),
        (b"a\rb,c", "not valid CSV: new-line character"),
    ],
)
def test_a_bad_record_is_an_error_in_its_place(tmp_path: Path, record: bytes, reason: str) -> None:
    head = "text,title\nvoilà\u2028,1\n".encode()
    rows = read("csv", save(tmp_path, head + record + b"\nlast,2\n"))
    assert kinds(rows) == ["document", "error", "document"]
    assert reason in rows[1]["error"]
    assert (rows[1]["offset"], rows[1]["length"], rows[1]["payload"]) == (
        len(head),
        len(record) + 1,
        record,
    )


def test_a_quote_that_nothing_closes_costs_its_own_line(tmp_path: Path) -> None:
    lines = b"".join(b"row %d,%s\n" % (number, b"x" * 4000) for number in range(2200))
    rows = read("csv", save(tmp_path, b'text,n\n"open,1\n' + lines))
    assert kinds(rows[:2]) == ["error", "document"]
    assert "nothing closes" in rows[0]["error"]
    assert (len(rows), len(errors(rows))) == (2201, 1)


def test_an_open_quote_at_the_end_of_the_file_costs_its_own_line(tmp_path: Path) -> None:
    rows = read("csv", save(tmp_path, b'text,n\na,1\n"open,2\nb,3\n'))
    assert kinds(rows) == ["document", "error", "document"]


def test_tabs_by_name_and_columns_and_quotes_by_option(tmp_path: Path) -> None:
    assert texts(read("csv", save(tmp_path, COMPRESS["gzip"](b"text\tn\na,b\t1\n"), "a.tsv.gz"))) == ["a,b"]
    options: dict[str, Any] = {"columns": ["n", "text"], "delimiter": ";", "quote": None}
    assert texts(read("csv", save(tmp_path, b'1;5" disk\n2;b\n'), **options)) == ['5" disk', "b"]


def test_a_file_without_the_column_is_refused_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv: it has no column 'text'; its columns are: body, n"):
        read("csv", save(tmp_path, b"body,n\na,1\n"))
    assert texts(read("csv", save(tmp_path, b"body,n\na,1\n"), text_key="body")) == ["a"]
    assert read("csv", save(tmp_path, b"")) == []


def test_a_broken_line_of_names_leaves_no_record_out(tmp_path: Path) -> None:
    rows = read("csv", save(tmp_path, b"te\xffxt,n\na,1\nb,2\n"))
    assert kinds(rows) == ["error"] * 3
    assert [row["payload"] for row in rows] == [b"te\xffxt,n", b"a,1", b"b,2"]


def test_damage_in_a_compressed_file_is_one_error_behind_the_good_records(tmp_path: Path) -> None:
    data = b"text,n\n" + b"".join(b'"row %d\n%d",x\n' % (n, n * 7919) for n in range(3000))
    rows = read("csv", save(tmp_path, COMPRESS["gzip"](data)[:-2000]))
    kept = texts(rows)
    assert kept == [f"row {n}\n{n * 7919}" for n in range(len(kept))]
    assert len(kept) > 100
    assert "truncated" in errors(rows)[-1]


TEXT = "\ufeffOne\ntwo\n\n \nthree\r\n\n\nfour".encode()


@pytest.mark.parametrize("codec", COMPRESS)
@pytest.mark.parametrize(
    ("document", "found"),
    [
        ("file", ["One\ntwo\n\n \nthree\r\n\n\nfour"]),
        ("paragraph", ["One\ntwo", "three\r", "four"]),
        ("line", ["One", "two", "three\r", "four"]),
    ],
)
def test_a_document_is_a_file_a_paragraph_or_a_line(
    tmp_path: Path, codec: str, document: str, found: list[str]
) -> None:
    rows = read("text", save(tmp_path, COMPRESS[codec](TEXT)), document=document)
    assert texts(rows) == found
    if document != "file":
        assert [TEXT[row["offset"] :][:3] for row in rows][1:] == [t.encode()[:3] for t in found[1:]]


def test_text_in_another_encoding_is_an_error_unless_it_is_named(tmp_path: Path) -> None:
    path = save(tmp_path, "café\n\nthé\n\nok".encode("latin-1"))
    rows = read("text", path, document="paragraph")
    assert kinds(rows) == ["error", "error", "document"]
    assert "not valid utf-8: unexpected end of data at byte 3" in rows[0]["error"]
    assert texts(read("text", path, document="paragraph", encoding="latin-1")) == ["café", "thé", "ok"]


def test_a_damaged_or_endless_file_is_one_error_and_an_empty_one_no_record(tmp_path: Path) -> None:
    whole = COMPRESS["gzip"]("".join(f"{n} {n**3}\n" for n in range(5000)).encode())
    (row,) = read("text", save(tmp_path, whole[:-900]))
    assert "truncated" in row["error"]
    (row,) = read("text", save(tmp_path, COMPRESS["gzip"](bytes(65 << 20))))
    assert "the limit of one document" in row["error"]
    assert (row["length"], len(row["payload"])) == (65 << 20, 1 << 20)
    assert read("text", save(tmp_path, b"")) == []


BOOK = """\ufeffThe Project Gutenberg eBook of Moby Dick; Or, The Whale

This ebook is for the use of anyone anywhere in the United States and
most other parts of the world at no cost and with almost no restrictions
whatsoever.

Title: Moby Dick; Or, The Whale

Author: Herman Melville

Release date: July 1, 2001 [eBook #2701]
                Most recently updated: August 18, 2021

Language: English

*** START OF THE PROJECT GUTENBERG EBOOK MOBY DICK; OR, THE WHALE ***

CHAPTER 1. Loomings.

Call me Ishmael.

*** END OF THE PROJECT GUTENBERG EBOOK MOBY DICK; OR, THE WHALE ***

Updated editions will replace the previous one.
"""


def test_a_book_is_what_stands_between_the_marks(tmp_path: Path) -> None:
    data = BOOK.replace("\n", "\r\n").encode()
    (row,) = read("gutenberg", save(tmp_path, data, "2701-0.txt"))
    assert row["text"] == "CHAPTER 1. Loomings.\n\nCall me Ishmael."
    assert (row["lang"], row["n_raw"], row["offset"]) == ("eng", len(data) - 3, 0)
    kept = json.loads(row["metadata"])
    assert (kept["title"], kept["author"]) == ("Moby Dick; Or, The Whale", "Herman Melville")
    assert kept["licence"] == "Project Gutenberg License"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (
            "***START OF THE PROJECT GUTENBERG EBOOK EMMA***",
            "***END OF THE PROJECT GUTENBERG EBOOK EMMA***",
        ),
        (
            "*** START OF THIS PROJECT GUTENBERG EBOOK EMMA ***",
            "End of Project Gutenberg's Etext of Emma",
        ),
        (
            "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*",
            "End of the Project Gutenberg Etext of Emma",
        ),
    ],
)
def test_older_marks(tmp_path: Path, start: str, end: str) -> None:
    (row,) = read("gutenberg", save(tmp_path, f"Head\n{start}\nEmma Woodhouse\n\n{end}\nTail\n".encode()))
    assert row["text"] == "Emma Woodhouse"


def test_books_without_marks_stay_whole_and_encodings_are_those_named(tmp_path: Path) -> None:
    (row,) = read("gutenberg", save(tmp_path, b"Only a text.\n"))
    assert (row["text"], row["metadata"]) == ("Only a text.", None)
    head = "Character set encoding: ISO-8859-1\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n"
    (row,) = read("gutenberg", save(tmp_path, (head + "Bücher").encode("latin-1")))
    assert row["text"] == "Bücher"
    (row,) = read("gutenberg", save(tmp_path, "Bücher".encode("latin-1")))
    assert "not valid utf-8" in row["error"]
