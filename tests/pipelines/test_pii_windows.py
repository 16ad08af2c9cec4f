"""The kernels that cut windows out of text: nothing is found outside them, and their work is linear."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pii import hints, secret
from pipelines.pii.detector import Options
from pipelines.pii.find import NUMBER_HINTS, Finder, Window
from pipelines.pii.phone_plans import REGIONS
from pipelines.pii.registry import DETECTORS

FINDER = Finder(tuple(DETECTORS), Options(public_only=False, regions=REGIONS))
MARK = rb"(?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x90-\x95])"
NUMBER = re.compile(rb"(?:\+ ?)?\(?[0-9]+(?:" + MARK + rb"{1,2}[0-9]+)*")
TOKEN = re.compile(rb"(?:[\x21-\x7e]|[\xc3-\xc9][\x80-\xbf])+")

PIECES = st.sampled_from(
    ["415-555-2671", "(415) 555-2671", "+44 20 7946 0958", "030 1234567", "a@b.org", "é.ü@ß.example.org", "icon@2x.png",
     "78.130.167.239", "2001:4860:4860::8888", "::ffff:0102", "tel ", "Telefon: ", "fax\n", " office", "call me at ",
     "4111 1111 1111 1111", "378282246310005", "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000",
     "11010519491231002X", "390.533.447-05", "ssn ", "212-09-9999", "aadhaar ", "2341 2341 2346", "RSSMRA85T10A562S",
     "nino ", "AB123456C", "AB 12 34 56 C", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
     "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe",
     "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "AKIAQ3EGRZ5SVTWX7ABC", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
     "hooks.slack.com/services/", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "手机", "13812345678",
     "138 1234 5678", "0000", "00", "12", "7", "+", "(", ")", " ", "  ", ".", "-", "/", ":", "::", "@", "_", "x", "A",
     "\n", "é", "漢", "<PHONE>", "\u00a0", "–", "e"]
)  # fmt: skip
TEXTS = (
    st.lists(PIECES, max_size=20).map("".join) | st.text("0123456789 .-+()@:abfx–", max_size=60) | st.text()
)


def every_window(document: bytes) -> Iterator[Window]:
    """All stretches that a kernel may cut, hints or not, cut by regular expressions."""
    for pattern, bits in ((NUMBER, NUMBER_HINTS), (TOKEN, hints.ALL & ~NUMBER_HINTS)):
        for match in pattern.finditer(document):
            yield Window(*match.span(), bits)


@settings(max_examples=500, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_nothing_is_found_outside_the_windows(texts: list[str]) -> None:
    found = FINDER(pa.array(texts))
    for row, text in enumerate(texts):
        document = text.encode()
        assert found.get(row, []) == FINDER.look(document, every_window(document))


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("in 2024 and 12:30", []),
        ("3 of 7 10 12", []),
        ("tel 030 1234567,", [(4, 15)]),
        ("+ (44) 20 7946 0958", [(0, 19)]),
        ("a  b@c.org\n", [(3, 10)]),
        ("漢字b@c.org漢字", [(6, 13)]),
        ("std::string a::b 12:30:45", []),
        ("x 2001:db8::7 y", [(2, 13)]),
    ],
)  # fmt: skip
def test_windows_are_tight(text: str, windows: list[tuple[int, int]]) -> None:
    cut = [window for _, _, found in FINDER.windows(pa.array([text])) for window in found]
    assert [window[:2] for window in cut] == windows


@pytest.mark.parametrize("prefix", secret.PREFIXES)
@pytest.mark.parametrize("before", ["", "a ", "key=", "漢", "a-b_c/", "x" * 7 + ":"])
def test_every_beginning_of_a_key_opens_a_window(prefix: str, before: str) -> None:
    for after in ("", "Zz", " and so on"):
        windows = [w for _, _, found in FINDER.windows(pa.array([before + prefix + after])) for w in found]
        assert windows
        assert windows[0].hints & hints.SECRET
        assert windows[0].begin == (0 if before.isascii() and " " not in before else len(before.encode()))


def test_windows_of_a_sliced_column_with_nulls() -> None:
    texts = pa.array(["a@b.org", None, "", "tel 030 1234567", "c@d.org"])[1:]
    assert {row: [f.type for f in found] for row, found in FINDER(texts).items()} == {
        2: ["phone"],
        3: ["email"],
    }


class Counting(bytes):
    """A document that counts the bytes that are sliced out of it."""

    read = 0

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        part = super().__getitem__(place)
        Counting.read += len(part) if isinstance(part, bytes) else 1
        return part


@pytest.mark.parametrize(
    "unit",
    ["a@b.c ", "@", "a@", "1", "1 ", "12 ", "+1", "(0", "0 12 ", "a:", "::1", "1.", "1.2.3.4 ", "tel 1", "415-555-",
     "GB82", "-----BEGIN PRIVATE KEY-----", "sk-", "eyJ", "0000 ", "ssn 1234567 ", "😀1234567"]
)  # fmt: skip
def test_work_grows_with_the_text(unit: str) -> None:
    work = []
    for size in (40_000, 160_000):
        document = Counting((unit * (size // len(unit))).encode())
        Counting.read = 0
        windows = [w for _, _, found in FINDER.windows(pa.array([document.decode()])) for w in found]
        assert sum(end - begin for begin, end, _ in windows) <= 2 * len(document)
        FINDER.look(document, windows)
        work.append(Counting.read)
    assert work[1] <= 5 * work[0] + 1_000
