"""What a page says of itself: title, date, author, canonical URL, language, licence, and reservations.

Reservations are those of robots meta elements and headers (noindex, noarchive, noai, noimageai) and of the TDM
Reservation Protocol (W3C community group report, 2024: tdm-reservation, tdm-policy). All found in one native
query of a tree that is parsed already; at most `MAX_ELEMENTS` of what it finds are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import urljoin

import orjson
from resiliparse.parse.html import HTMLTree

from pipelines.extract.licences import licence_name
from pipelines.ingest.rows import iso_utc

MAX_ELEMENTS: Final = 512
MAX_TEXT: Final = 512
"""Characters that are kept of any value."""
MAX_LINKED_DATA: Final = 1 << 18
"""Characters of JSON-LD that are parsed; longer scripts are passed over."""

SELECTOR: Final = (
    'meta[name],meta[property="og:title"],meta[property^="article:"],meta[property="og:published_time"],'
    'meta[itemprop],link[rel~=canonical],link[rel~=license],script[type="application/ld+json"],'
    'a[rel~=license],a[rel~=author],a[href*="creativecommons.org/"]'
)

ROBOTS: Final = ("noindex", "noarchive", "noai", "noimageai")
AGENTS: Final = ("robots", "ccbot", "*")
"""Whose robots directives count: everybody's, and those for Common Crawl's crawler."""

TITLES: Final = ("og:title", "dc.title", "dcterms.title", "twitter:title")
DATES: Final = (
    "article:published_time", "datepublished", "date", "dc.date", "dcterms.date", "dcterms.created", "dc.date.issued",
    "dcterms.issued", "pubdate", "publishdate", "publish-date", "publish_date", "parsely-pub-date", "sailthru.date",
    "og:published_time", "citation_publication_date",
)  # fmt: skip
AUTHORS: Final = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "citation_author",
)
LICENCES: Final = (
    "license",
    "dc.license",
    "dcterms.license",
    "dc.rights",
    "dcterms.rights",
    "rights-standard",
)

HEADERS: Final = ("x_robots_tag", "tdm_reservation", "tdm_policy")
"""Keys of the metadata in which a reader hands on the header fields that matter here."""


def signs(tree: HTMLTree, known: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    """Keys to add to a page's metadata, those of which something was found.

    title, author, canonical_url, html_lang: texts. published: ISO 8601 in UTC. licence: the one that the
    page states (SPDX's name for Creative Commons, else as it stands); licences_linked: Creative Commons licences
    that it merely links to. opt_out: sorted names out of `ROBOTS` and 'tdm'; tdm_policy: URL. `known` is the
    metadata of the record, with the header fields `HEADERS`.
    """
    found = _Found(url)
    root = tree.document
    if root is None:
        return {}
    # one slice: each access by index makes the binding wrap all elements anew
    for element in root.query_selector_all(SELECTOR)[:MAX_ELEMENTS]:
        found.take(element)
    first = root.query_selector("html")
    reserved = found.reserved | header_reservations(known)
    linked = sorted(found.linked - {found.license})
    signs = {
        "title": found.first(TITLES) or found.data.get("title") or _clean(tree.title),
        "published": found.date() or _time(root),
        "author": found.author(),
        "canonical_url": found.canonical,
        "html_lang": _clean(first.getattr("lang")) if first is not None else None,
        "licence": found.license,
        "licences_linked": linked or None,
        "opt_out": sorted(reserved) or None,
        "tdm_policy": known.get("tdm_policy") or found.first(("tdm-policy",)),
    }
    return {key: value for key, value in signs.items() if value}


def header_reservations(known: Mapping[str, Any]) -> set[str]:
    """Reservations of the header fields in a record's metadata."""
    reserved = robots_directives(str(known.get("x_robots_tag") or ""))
    if str(known.get("tdm_reservation") or "").strip() == "1":
        reserved.add("tdm")
    return reserved


def robots_directives(value: str) -> set[str]:
    """Those of `ROBOTS` in a robots value; 'agent: directives' counts for the agents in `AGENTS` alone."""
    found, counts = set(), True
    for part in value.lower().split(","):
        agent, colon, directive = part.partition(":")
        if colon and not agent.strip().startswith(("max-", "unavailable_after")):
            counts, part = agent.strip() in AGENTS, directive
        words = ROBOTS[:2] if part.strip() == "none" else tuple(part.split())
        found |= {word for word in words if counts and word in ROBOTS}
    return found


class _Found:
    """What the elements of one page said so far; the first of equals stands."""

    def __init__(self, url: str | None) -> None:
        self.meta: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.linked: set[str] = set()
        self.reserved: set[str] = set()
        self.canonical: str | None = None
        self.license: str | None = None
        self._by: str | None = None
        self._url = url

    def take(self, element: Any) -> None:
        """Read one element that the selector found."""
        tag = element.tag
        if tag == "meta":
            self._meta(element)
        elif tag == "script":
            self._linked_data(element.text)
        else:
            self._link(element, tag)

    def first(self, names: Iterable[str]) -> str | None:
        """The value of the first of these meta elements that is there."""
        return next((value for name in names if (value := self.meta.get(name))), None)

    def date(self) -> str | None:
        """The first value that is a date in ISO 8601, in order of trust."""
        told = [self.meta.get(name) for name in DATES]
        tried = (told[0], self.data.get("published"), *told[1:])
        return next((date for value in tried if value and (date := iso_utc(value.strip()))), None)

    def author(self) -> str | None:
        """A name; a URL is none."""
        tried = (self.data.get("author"), *(self.meta.get(name) for name in AUTHORS), self._by)
        return next((name for name in tried if name and "://" not in name), None)

    def _meta(self, element: Any) -> None:
        name = element.getattr("name") or element.getattr("property") or element.getattr("itemprop") or ""
        name, content = name.strip().lower(), _clean(element.getattr("content"))
        if not name or not content:
            return
        self.meta.setdefault(name, content)
        if name in AGENTS:
            self.reserved |= robots_directives(content)
        elif name == "tdm-reservation" and content == "1":
            self.reserved.add("tdm")
        elif name in LICENCES:
            self._state(content)

    def _link(self, element: Any, tag: str) -> None:
        kinds = (element.getattr("rel") or "").lower().split()
        href = _clean(element.getattr("href"))
        if "author" in kinds and tag == "a":
            self._by = self._by or _clean(element.text)
        if not href:
            return
        if "canonical" in kinds and tag == "link":
            self.canonical = self.canonical or _joined(self._url, href)
        elif "license" in kinds:
            self._state(href)
        elif tag == "a" and (name := licence_name(href)):
            self.linked.add(name)

    def _state(self, licence: str) -> None:
        self.license = self.license or licence_name(licence) or licence

    def _linked_data(self, text: str) -> None:
        if len(text) > MAX_LINKED_DATA:
            return
        try:
            parsed = orjson.loads(text)
        except orjson.JSONDecodeError:
            return
        for item in islice(_items(parsed), MAX_ELEMENTS):
            self._item(item)

    def _item(self, item: Mapping[str, Any]) -> None:
        for key, name in (("headline", "title"), ("datePublished", "published")):
            told = item.get(key)
            if isinstance(told, str):
                self.data.setdefault(name, _clean(told) or "")
        by = ", ".join(_names(item.get("author"))) if {"headline", "datePublished"} & set(item) else None
        if by and not self.data.get("author"):
            self.data["author"] = _clean(by) or ""
        stated = item.get("license")
        licence = stated.get("url") or stated.get("@id") if isinstance(stated, dict) else stated
        if isinstance(licence, str) and licence.strip():
            self._state(_clean(licence) or "")


def _time(root: Any) -> str | None:
    """The date of the first time element."""
    element = root.query_selector("time[datetime]")
    return iso_utc((element.getattr("datetime") or "").strip()) if element is not None else None


def _items(parsed: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON-LD document: itself, those of a list, those of its '@graph'."""
    for item in parsed if isinstance(parsed, list) else [parsed]:
        if isinstance(item, dict):
            yield item
            inner = item.get("@graph")
            yield from (one for one in inner if isinstance(one, dict)) if isinstance(inner, list) else ()


def _names(author: Any) -> Iterator[str]:
    """Names of a JSON-LD author: a text, an object with a name, or a list of those."""
    for one in author if isinstance(author, list) else [author]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name


def _joined(url: str | None, href: str) -> str:
    try:
        return urljoin(url or "", href)
    except ValueError:
        return href


def _clean(value: str | None) -> str | None:
    """`value` on one line, cut, without what is no text; None where nothing is left."""
    if not value:
        return None
    text = " ".join(value[: 4 * MAX_TEXT].replace("\0", "").split())[:MAX_TEXT]
    return text.encode(errors="replace").decode() or None
