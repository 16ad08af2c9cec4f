"""Telephone numbers: shapes proposed by RE2, decided by libphonenumber's tables (package `phonenumbers`).

| shape | example | accepted if |
|---|---|---|
| international | +44 20 7946 0958, 0046 8 928 571 38 | its length is possible for its country |
| American | (415) 555-2671, 415.555.2671 x12 | its length is possible; both codes begin with 2 to 9 |
| national | 020 7946 0958, (030) 1234 5678 | begins with 0, groups of two digits or more, valid in a region |
| after a word such as tel | Tel: 2079460958 | valid in a region |

Not taken: what touches a letter, a digit or one of / = _ # . - $ @ & %, what follows a word such as ISBN,
and dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

import phonenumbers
import re2

from pipelines.pii.finders import WORD_BYTES, Finder, Span, byte_at

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "SE", "CH", "AU", "IN", "BR")
"""Whose national numbers are known, unless set otherwise."""

_EXTENSION = r"(?: ?(?:x|ext\.?) ?\d{1,6})?"
INTERNATIONAL = r"(?:\+ ?\(?|\b00)[1-9](?:[ ().-]{0,2}\d){6,14}" + _EXTENSION
NORTH_AMERICAN = r"(?:\b1[ .-])?(?:\([2-9]\d\d\) ?|\b[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}" + _EXTENSION
NATIONAL = r"\(?\b0\d{1,4}\)?(?:[ ./-]{1,2}\d{2,8}){1,4}"
AFTER_WORD = (
    r"(?:^|[^\w<\[{])(?i:tel|telephone|phone|mobile|cell|fax|call|whatsapp)\b[^\d\n+(]{0,12}"
    r"(\(?\d(?:[ ().\-/]{0,2}\d){6,13})"
)

_TOUCHING = WORD_BYTES | frozenset(b"/=#.-$@&%+")
_OTHER_NUMBERS = "isbn|issn|doi|arxiv|pmid|serial|model|patent|order|invoice|account"
_NOT_A_PHONE = re2.compile(rf"(?i)(?:{_OTHER_NUMBERS})\W{{0,3}}(?:1[03])?\W{{0,3}}$".encode())
_DATE = re2.compile(
    rb"\b(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})\b",
)
_CONTEXT = 24


def _stands_alone(text: bytes, begin: int, end: int) -> bool:
    """True if nothing around makes [begin, end) part of something else, and no date is in it."""
    after = byte_at(text, end)
    if byte_at(text, begin - 1) in _TOUCHING or after in WORD_BYTES or after in b"/=@%":
        return False
    if after in b".-:" and byte_at(text, end + 1) in WORD_BYTES:
        return False
    return not (_NOT_A_PHONE.search(text[max(0, begin - _CONTEXT) : begin]) or _DATE.search(text[begin:end]))


@lru_cache(maxsize=4096)
def _possible(number: str, region: str | None) -> bool:
    """True if the digits of `number` are as many as a whole number of its country has."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(
        phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    )


@lru_cache(maxsize=4096)
def _valid(number: str, regions: tuple[str, ...]) -> bool:
    """True if `number` is assigned in the numbering plan of one of `regions`."""
    for region in regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number_for_region(parsed, region):
            return True
    return False


def check_international(text: bytes, begin: int, end: int) -> Span | None:
    """The longest beginning, in whole groups, that is possible for its country."""
    for shorter in _shorter(text, begin, end):
        number = text[begin:shorter].decode()
        number = "+" + number[2:] if number.startswith("00") else number
        if _possible(number, None) and _stands_alone(text, begin, shorter):
            return begin, shorter
    return None


def check_north_american(text: bytes, begin: int, end: int) -> Span | None:
    """A number of the shape NXX NXX XXXX that stands alone; a 1 before it may belong to something else."""
    if text[begin] == 0x31 and not _stands_alone(text, begin, end):
        begin += 2
    if _stands_alone(text, begin, end) and _possible(text[begin:end].decode(), "US"):
        return begin, end
    return None


def check_national(
    text: bytes, begin: int, end: int, regions: tuple[str, ...], min_digits: int = 9
) -> Span | None:
    """The longest beginning, in whole groups, of `min_digits` to 12 digits that is valid in one of
    `regions`.
    """
    for shorter in _shorter(text, begin, end):
        digits = sum(0x30 <= byte <= 0x39 for byte in text[begin:shorter])
        if not min_digits <= digits <= 12 or not _stands_alone(text, begin, shorter):
            continue
        if _valid(text[begin:shorter].decode(), regions):
            return begin, shorter
    return None


def _shorter(text: bytes, begin: int, end: int) -> Iterator[int]:
    """`end`, and the ends that leave out one more group of digits each, as long as seven characters are
    left.
    """
    while end - begin >= 7:
        yield end
        cut = max(text.rfind(separator, begin + 1, end) for separator in (b" ", b".", b"-", b"(", b"/"))
        end = len(text[: max(cut, begin)].rstrip(b" .-(/"))


def phone_finders(regions: tuple[str, ...]) -> tuple[Finder, ...]:
    """Finds telephone numbers of every shape."""
    return (
        Finder(INTERNATIONAL, check_international),
        Finder(NORTH_AMERICAN, check_north_american),
        Finder(NATIONAL, partial(check_national, regions=regions)),
        Finder(AFTER_WORD, partial(check_national, regions=regions, min_digits=7)),
    )
