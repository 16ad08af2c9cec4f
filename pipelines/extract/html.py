"""Plain text of HTML pages, their main content by resiliparse; text sources pass through, tidied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from resiliparse.extract.html2text import extract_plain_text

from daybreak.schema import RAW
from pipelines.extract.charset import decode
from pipelines.extract.nesting import NEVER_NESTS, SVG, nesting_work
from pipelines.guard import Outcome, apart, at_row
from pipelines.ingest.rows import MAX_QUARANTINED
from pipelines.kernels.arrow import TextView, text_view

CARRIAGE_RETURN = 0x0D
MAX_WORK = 10_000_000
"""Nesting work above which a page's whole text is taken instead of its main content (about two seconds)."""


@dataclass(frozen=True)
class Extract:
    """Fills `text` of the rows of a RAW batch that hold a page.

    main_content: leave out navigation, footers and the like. comments: keep readers' comments. list_bullets:
    mark list items. alt_texts: keep images' alternative texts. links: keep link targets. form_fields: keep
    them.

    A page that cannot be read becomes an error row, one with no text left is dropped as 'empty'; none
    raises. Text is valid UTF-8 without NUL, its lines end with a line feed. `payload` stays as it was, for a
    document's identity.
    """

    main_content: bool = True
    comments: bool = True
    list_bullets: bool = True
    alt_texts: bool = False
    links: bool = False
    form_fields: bool = False

    name: ClassVar[str] = "extract"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """RAW batch in, RAW batch out: same rows, same order."""
        readable = pc.and_(batch["drop"].is_null(), batch["error"].is_null())
        pages = pc.and_(readable, batch["payload"].is_valid())
        text, error = batch["text"], batch["error"]
        if pc.any(pages).as_py():
            found, why = self._pages(batch.filter(pages))
            text = pc.replace_with_mask(text, pages, found)
            error = pc.replace_with_mask(error, pages, why)
        text = tidy(text)
        drop = pc.if_else(pc.and_(pc.and_(readable, error.is_null()), _blank(text)), "empty", batch["drop"])
        known = {"text": text, "error": error, "drop": drop, "payload": _cut(batch["payload"], error)}
        return pa.record_batch([known.get(name, batch[name]) for name in RAW.names], schema=RAW)

    def safely(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same, under guard: a page that hangs, needs too much memory or crashes the parser is an error."""
        return apart(self.name, lambda rows: (self(rows), []), batch, _refused)[0]

    def _pages(self, batch: pa.RecordBatch) -> tuple[pa.Array, pa.Array]:
        """Text and error of each page of `batch`; one call of a native parser a page."""
        pages = zip(batch["payload"].to_pylist(), batch["charset"].to_pylist(), strict=True)
        results = [self._page(number, *page) for number, page in enumerate(pages)]
        text = pa.array([text for text, _ in results], pa.string())
        return text, pa.array([error for _, error in results], pa.string())

    def _page(self, number: int, payload: bytes, charset: str | None) -> tuple[str | None, str | None]:
        at_row(number)
        try:
            text = self.text(decode(payload, charset))
            text.encode()
        except Exception as error:  # whatever one page provokes must not end the run
            return None, f"The page's text cannot be extracted: {type(error).__name__}: {error}"
        return text, None

    def text(self, html: str) -> str:
        """The plain text of one page: its main content; all of it where that is empty or nested too deep."""
        tags = np.frombuffer(html.encode(errors="replace"), np.uint8)
        main = self.main_content and nesting_work(tags, NEVER_NESTS, SVG) <= MAX_WORK
        return (main and self._extract(html, main_content=True)) or self._extract(html, main_content=False)

    def _extract(self, html: str, main_content: bool) -> str:
        text: str = extract_plain_text(
            html,
            main_content=main_content,
            comments=self.comments,
            list_bullets=self.list_bullets,
            alt_texts=self.alt_texts,
            links=self.links,
            form_fields=self.form_fields,
        )
        return text


def _refused(batch: pa.RecordBatch, why: str) -> Outcome:
    """One row as an error, with its page or text for quarantine."""
    error = pa.array([why])
    payload = _cut(pc.coalesce(batch["payload"], batch["text"].cast(pa.binary())), error)
    known = {"error": error, "payload": payload}
    return pa.record_batch([known.get(name, batch[name]) for name in RAW.names], schema=RAW), []


def tidy(text: pa.Array) -> pa.Array:
    r"""`text` with '\r\n' and lone '\r' as '\n', and without NUL."""
    untidy = _untidy(text_view(text))
    if not untidy.any():
        return text
    mask = pa.array(untidy)
    rows = text.filter(mask)
    for old, new in (("\r\n", "\n"), ("\r", "\n"), ("\0", "")):
        rows = pc.replace_substring(rows, old, new)
    return pc.replace_with_mask(text, mask, rows)


def _untidy(view: TextView) -> np.ndarray:
    """Which texts hold a carriage return or a NUL: bool (texts,)."""
    rows = np.zeros(len(view.starts), bool)
    if len(rows):
        first = view.starts[0]
        data = view.data[first : view.stops[-1]]
        places = np.flatnonzero((data == CARRIAGE_RETURN) | (data == 0))
        rows[np.searchsorted(view.stops, places + first, side="right")] = True
    return rows


def _blank(text: pa.Array) -> pa.Array:
    """Whether each text is there but holds nothing to read."""
    # Most texts are told by their first character.
    doubtful = pc.fill_null(pc.utf8_is_space(pc.utf8_slice_codeunits(text, 0, 1)), False)
    blank = pc.equal(pc.binary_length(text), 0)
    if pc.any(doubtful).as_py():
        blank = pc.replace_with_mask(blank, doubtful, pc.utf8_is_space(text.filter(doubtful)))
    return pc.fill_null(blank, False)


def _cut(payload: pa.Array, error: pa.Array) -> pa.Array:
    """`payload`, at most 1 MiB of it where there is an error."""
    if not pc.any(error.is_valid()).as_py():
        return payload
    return pc.if_else(error.is_valid(), pc.binary_slice(payload, 0, MAX_QUARANTINED), payload)
