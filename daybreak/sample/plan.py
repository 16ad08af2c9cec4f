"""What goes where: the pools of text, and each source's share of the size asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from resiliparse.extract.html2text import extract_plain_text

from daybreak.sample import gather, pages
from daybreak.sample.dirt import RECORDS
from daybreak.sample.documents import Document, Page, deal, fill, fraction, spread, timestamp_of, url_of
from daybreak.sample.gather import Package
from daybreak.sample.languages import foreign
from daybreak.sample.warc import Exchange, fetch

# Shares of the whole, in bytes of content; languages other than English come on top, all there are.
SHARES = {
    "warc": 0.32,
    "wet": 0.10,
    "c4": 0.17,
    "pile": 0.15,
    "openwebtext": 0.10,
    "oscar": 0.04,
    "refinedweb": 0.12,
}
LICENCE_SHARE = 0.06
CODE_SHARE = 0.08
PACKAGE_SHARE = 0.12  # of any pool, so that no package sets the tone
CROSSING_SHARE = 0.12  # of a source's documents that an earlier source holds too
OTHER_STATUS = ("404 Not Found", "301 Moved Permanently", "503 Service Unavailable", "403 Forbidden")
OTHER_MIME = {".json": "application/json", ".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Allocation:
    """Every source's documents in order, and a few more for the dirty files."""

    exchanges: list[Exchange]
    wet: list[Document]
    c4: list[Document]
    pile: list[Document]
    openwebtext: list[Document]
    oscar: list[Document]
    refinedweb: list[Document]
    dirty_documents: list[Document]
    dirty_exchanges: list[Exchange]


def allocate(installed: list[Package], megabytes: int, progress: Callable[[str], None]) -> Allocation:
    """Gathers about `megabytes` million bytes of content and hands it to the sources."""
    size = {source: int(share * megabytes * 1_000_000) for source, share in SHARES.items()}
    progress("reading message catalogues in other languages")
    other = spread(foreign(installed))
    progress("rendering pages with pydoc")
    shown = _pages(installed, other, size["warc"], size["wet"])
    progress("reading documentation, licences and source code")
    licences = fill(spread(gather.licences(installed)), int(LICENCE_SHARE * megabytes * 1_000_000))
    code = fill(gather.code(installed), int(CODE_SHARE * megabytes * 1_000_000), PACKAGE_SHARE)
    needed = sum(size[s] for s in ("c4", "pile", "openwebtext", "oscar", "refinedweb"))
    prose = _prose(installed, needed - sum(d.size for d in (*licences, *code)))
    spare, prose = prose[:RECORDS], prose[RECORDS:]
    c4, pile, openwebtext, oscar, refinedweb = _share_out(prose, licences, code, size)
    in_warc, rest, spare_pages = shown
    return Allocation(
        exchanges=_with_noise(installed, [fetch(page) for page in in_warc]),
        wet=_converted(in_warc, rest, size["wet"]),
        c4=c4,
        pile=pile,
        openwebtext=_crossed(openwebtext, c4),
        oscar=[*other, *oscar],
        refinedweb=_crossed(refinedweb, [*c4, *openwebtext]),
        dirty_documents=spare,
        dirty_exchanges=[fetch(page) for page in spare_pages],
    )


def _pages(
    installed: list[Package], other: list[Document], warc: int, wet: int
) -> tuple[list[Page], list[Page], list[Page]]:
    """Pages of the WARC files, further pages that only the WET files have, and a few for the dirty files."""
    bound = [*pages.language_pages(other[::2]), *pages.shipped_pages(installed)]
    about = fill(spread(pages.description_pages(installed)), warc // 5)
    needed = warc + wet - sum(page.size for page in (*bound, *about))
    rendered = spread(pages.pydoc_pages(installed, max(needed, 600_000)))
    small = [page for page in rendered if page.size < 40_000][:RECORDS]
    kept = spread([*bound, *about, *(page for page in rendered if page not in small)], "crawl")
    in_warc = fill(kept, warc)
    chosen = {page.origin for page in in_warc}
    return in_warc, [page for page in kept if page.origin not in chosen], small


def _prose(installed: list[Package], budget: int) -> list[Document]:
    """English prose: the short pools whole, up to half the budget, then docstrings."""
    written = chain(gather.topics(), gather.descriptions(installed), gather.readmes(installed))
    short = fill(spread(written), budget // 2)
    long = fill(gather.prose(installed), budget - sum(d.size for d in short), PACKAGE_SHARE)
    return spread([*short, *long], "shuffle")


def _share_out(
    prose: list[Document], licences: list[Document], code: list[Document], size: dict[str, int]
) -> tuple[list[Document], ...]:
    """C4 and The Pile take the licences in turn, The Pile all code; the prose goes round by size."""
    texts = {
        "c4": licences[::2],
        "pile": [*licences[1::2], *code],
        "openwebtext": [],
        "oscar": [],
        "refinedweb": [],
    }
    start = 0
    for source, held in texts.items():
        taken = fill(prose[start:], size[source] - sum(document.size for document in held))
        start += len(taken)
        texts[source] = spread([*held, *taken], source)
    return tuple(texts.values())


def _crossed(documents: list[Document], earlier: list[Document]) -> list[Document]:
    """The documents with some replaced by documents of an earlier source, as crawls overlap."""
    guests = iter(earlier)
    return [
        next(guests, document) if fraction(document.origin, "crossing") < CROSSING_SHARE else document
        for document in documents
    ]


def _converted(in_warc: list[Page], rest: list[Page], budget: int) -> list[Document]:
    """Plain text of pages: those outside the WARC files first, then WARC pages until the budget is met."""
    converted = (_plain(page) for page in chain(rest, in_warc))
    return spread(fill((document for document in converted if document.text), budget), "wet")


def _plain(page: Page) -> Document:
    text = extract_plain_text(page.html, main_content=False, alt_texts=False).strip()
    return Document(page.origin, page.origin, text, page.lang)


def _with_noise(installed: list[Package], exchanges: list[Exchange]) -> list[Exchange]:
    """The fetches with, as in crawls, one failed in thirty and one of another type in thirty."""
    files = iter(_other_files(installed))
    mixed: list[Exchange] = []
    for number, exchange in enumerate(exchanges):
        mixed.append(exchange)
        if number % 30 == 7:
            mixed.append(_failed(exchange.url, OTHER_STATUS[number // 30 % len(OTHER_STATUS)]))
        if number % 30 == 19 and (other := next(files, None)):
            mixed.append(other)
    return mixed


def _failed(near: str, status: str) -> Exchange:
    url = f"{near}/{status[:3]}"
    body = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n".encode()
    return Exchange(url, timestamp_of(url), status, "text/html", None, body, "en")


def _other_files(installed: list[Package]) -> list[Exchange]:
    """Small files that packages ship and that are no page: data, style sheets, pictures."""
    found = []
    for package in installed:
        for file in package.files:
            mime = OTHER_MIME.get(file.path.suffix)
            if mime and fraction(file.origin, "other") < 0.1 and file.path.is_file():
                body = file.path.read_bytes()
                if 200 < len(body) < 20_000:
                    url = url_of(file.origin)
                    found.append(Exchange(url, timestamp_of(url), "200 OK", mime, None, body, "en"))
    return sorted(found, key=lambda exchange: fraction(exchange.url))


def by_language(documents: list[Document]) -> dict[str, list[Document]]:
    """Documents apart by language, languages in order."""
    languages = sorted({document.lang for document in documents})
    return {lang: [d for d in documents if d.lang == lang] for lang in languages}


def shards_of(documents: list[Document], shards: int) -> list[list[Document]]:
    """Documents dealt to at most `shards` files, none of them empty."""
    return deal(documents, max(1, min(shards, len(documents))))
