"""What the sample is made of: texts and HTML pages, and the keyed orders and dates that fix its bytes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Protocol, TypeVar

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
YEAR_SECONDS = 365 * 24 * 3600


class Item(Protocol):
    """Anything the sample hands out: it has an origin and a size in bytes."""

    @property
    def origin(self) -> str:
        """`package/path`, unique in a sample."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the content."""
        ...


AnyT = TypeVar("AnyT")
ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Document:
    """A plain text. `origin` is `package/path#part`, unique in a sample; `lang` is ISO 639-1."""

    origin: str
    title: str
    text: str
    lang: str = "en"

    @cached_property
    def size(self) -> int:
        """Bytes of the text in UTF-8."""
        return len(self.text.encode())

    @property
    def url(self) -> str:
        """Its address, from its origin."""
        return url_of(self.origin)

    @property
    def timestamp(self) -> str:
        """When it was fetched, from its content."""
        return timestamp_of(self.text)


@dataclass(frozen=True)
class Page:
    """An HTML page, as text; a WARC writer chooses the charset of its bytes."""

    origin: str
    html: str
    lang: str = "en"

    @cached_property
    def size(self) -> int:
        """Bytes of the page in UTF-8."""
        return len(self.html.encode())

    @property
    def url(self) -> str:
        """Its address, from its origin."""
        return url_of(self.origin)

    @property
    def timestamp(self) -> str:
        """When it was fetched, from its content."""
        return timestamp_of(self.html)


def digest(*parts: str) -> bytes:
    """SHA-256 of the parts, 32 bytes; never Python's hash(), which differs from process to process."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


def fraction(key: str, salt: str = "") -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(digest(salt, key)[:8]) / 2**64


def timestamp_of(content: str) -> str:
    """A date in 2025 derived from the content, 'YYYY-MM-DDTHH:MM:SSZ'."""
    seconds = int(fraction(content, "timestamp") * YEAR_SECONDS)
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def url_of(origin: str) -> str:
    """The address of an origin: one host a package, under a reserved name (RFC 2606, section 3)."""
    package, _, path = origin.partition("/")
    host = re.sub(r"[^a-z0-9]+", "-", package.lower()).strip("-") or "python"
    stem = re.sub(r"[^A-Za-z0-9./]+", "-", path).removesuffix(".py").strip("-/")
    return f"https://{host}.example.org/{stem}"


def spread(items: Iterable[ItemT], salt: str = "") -> list[ItemT]:
    """The items by a keyed hash of their origins, so that every prefix is a fair mix of packages."""
    return sorted(items, key=lambda item: (digest(salt, item.origin), item.origin))


def fill(items: Iterable[ItemT], budget: int, share: float = 1.0) -> list[ItemT]:
    """Items in order until `budget` bytes are reached; no package gives more than `share` of the budget."""
    taken: list[ItemT] = []
    spent: Counter[str] = Counter()
    total = 0
    for item in items:
        if total >= budget:
            break
        package = item.origin.partition("/")[0]
        if spent[package] + item.size > budget * share:
            continue
        spent[package] += item.size
        total += item.size
        taken.append(item)
    return taken


def deal(items: list[AnyT], hands: int) -> list[list[AnyT]]:
    """Items dealt in turn to `hands` shards."""
    return [items[hand::hands] for hand in range(hands)]
