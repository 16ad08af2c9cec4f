"""Books as Project Gutenberg publishes them: plain text between its header and its licence.

Marks (gutenberg.org/help/file_formats, and the older "small print" of before 2003):
"*** START OF THE PROJECT GUTENBERG EBOOK ... ***" and "*** END OF ...", with THIS for THE and ETEXT for EBOOK.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.lines import Line
from pipelines.ingest.rows import Row, batches, broken, json_object
from pipelines.ingest.streams import open_file, pieces
from pipelines.ingest.text import decoded, whole_file
from pipelines.language.codes import languages

START = re.compile(
    r"^[* ]*(?:START OF (?:THE|THIS) PROJECT GUTENBERG E(?:BOOK|TEXT)\b|END\*THE SMALL PRINT!)[^\n]*\n",
    re.M | re.I,
)
END = re.compile(r"^[* ]*END OF (?:THE |THIS )?PROJECT GUTENBERG(?:'S)? E(?:BOOK|TEXT)\b", re.M | re.I)
FIELD = re.compile(r"^(Title|Author|Translator|Editor|Release Date|Language):[ \t]*(\S[^\n]*)", re.M | re.I)
ENCODING = re.compile(rb"Character set encoding:[ \t]*([A-Za-z0-9_-]+)", re.I)
LICENCE = "Project Gutenberg License"


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read one book; the file is one document. No options.

    Header and licence are cut off; title, author, translator, editor, release date, the licence's name and
    the bytes cut off stand in the metadata. The encoding is the one that the header names, else UTF-8. A file
    without the marks is kept whole. A book that is damaged or not in its encoding is a row with `error`.
    """
    with open_file(path, filesystem) as file:
        book = whole_file(pieces(file))
    if book.length:
        yield from batches([_row(book)], batch_bytes)


def _row(book: Line) -> Row:
    try:
        text = decoded(book, _encoding(book.data)).replace("\r\n", "\n")
    except ValueError as error:
        return broken(book.offset, book.length, str(error), book.data)
    header, body, licence = cut(text)
    found = {name.lower().replace(" ", "_"): value.strip() for name, value in FIELD.findall(header)}
    language = found.pop("language", None)
    marked = bool(header or licence)
    metadata = {
        **found,
        "licence": LICENCE if marked else None,
        "boilerplate_chars": len(header) + len(licence) if marked else None,
    }
    return Row(
        book.offset,
        book.length,
        text=body,
        mime="text/plain",
        lang=_codes().get(language.lower(), language) if language else None,
        metadata=json_object(metadata),
        n_raw=len(book.data),
    )


def cut(text: str) -> tuple[str, str, str]:
    """Header, book and licence of a file; a part whose mark is missing is empty. Lines end with a line feed."""
    start = START.search(text)
    begin = start.end() if start else 0
    end = END.search(text, begin)
    stop = end.start() if end else len(text)
    return text[:begin], text[begin:stop].strip("\n"), text[stop:]


def _encoding(data: bytes) -> str:
    named = ENCODING.search(data[: 16 << 10])
    try:
        return codecs.lookup(named[1].decode()).name if named else "utf-8"
    except LookupError:
        return "utf-8"


@cache
def _codes() -> dict[str, str]:
    """ISO 639-3 codes of languages by their English names in lower case; the first of equal names stands."""
    codes: dict[str, str] = {}
    for code, names in sorted(languages().names.items()):
        for name in names:
            if len(code) == 3:
                codes.setdefault(name.lower(), code)
    return codes
