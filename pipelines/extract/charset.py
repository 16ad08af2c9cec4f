"""What character encoding a page is in, and its text in it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import numpy as np
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


WESTERN = "daybreak-windows-1252"
"""Error handler of UTF-8: a byte that is none is read as windows-1252, as in pages pasted together from both."""


def _western(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("windows-1252", "replace"), error.end


codecs.register_error(WESTERN, _western)


def _mostly_utf8(page: bytes) -> bool:
    """Whether at most one in ten characters beyond ASCII is broken as UTF-8."""
    begun = int(np.count_nonzero(np.frombuffer(page, np.uint8) >= 0xC0))
    return page.decode(errors="replace").count("\ufffd") * 10 <= begun


def decode(page: bytes, declared: str | None = None) -> str:
    """The text of `page`, in the first encoding that fits it; bytes that fit nowhere become U+FFFD.

    In order: byte order mark (it overrides all, WHATWG Encoding, 4.1); UTF-8 where all bytes are valid UTF-8
    and some are not ASCII (a server's default charset is wrong more often than that is chance), or where ten
    characters of it stand against each byte that is not, which is then windows-1252; the HTTP header's
    charset (`declared`); the meta element's; the detector's.
    """
    for mark, encoding in BOMS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    if not page.isascii():
        try:
            return page.decode()
        except UnicodeDecodeError:
            if _mostly_utf8(page):
                return page.decode(errors=WESTERN)
    tried = list(_candidates(page, declared))
    for encoding in tried:
        try:
            return page.decode(encoding)
        except UnicodeError:
            continue
    return page.decode(tried[0] if tried else "utf-8", "replace")


def _candidates(page: bytes, declared: str | None) -> Iterator[str]:
    names = (declared, detect_encoding(page, from_html_meta=True), detect_encoding(page))
    for name in names:
        encoding = python_encoding(name) if name else None
        if encoding:
            yield encoding


def python_encoding(label: str) -> str | None:
    """The Python codec for a label from the web (ISO-8859-1 means windows-1252); None where there is none."""
    label = label.strip(" \t\r\n'\"").lower()
    try:
        known = map_encoding_to_html5(label, fallback_utf8=False)
        return known or map_encoding_to_html5(codecs.lookup(label).name.replace("iso8859", "iso-8859"), False)
    except (LookupError, ValueError):
        return None
