"""Text of HTML pages, by the extractor of the recipe, and what they say of themselves; text sources pass, tidied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from resiliparse.parse.html import HTMLTree

from daybreak.schema import RAW
from pipelines.extract.charset import decode
from pipelines.extract.extractors import EXTRACTORS
from pipelines.extract.signs import signs
from pipelines.guard import Outcome, apart, at_row
from pipelines.ingest.rows import MAX_QUARANTINED, json_object
from pipelines.kernels.arrow import TextView, text_view

CARRIAGE_RETURN = 0x0D
HONOURED = ("noai", "tdm")


class Extracted(NamedTuple):
    """What one page gave: text and metadata, or the error; the rule that drops it."""

    text: str | None = None
    metadata: str | None = None
    error: str | None = None
    drop: str | None = None


@dataclass(frozen=True)
class Extract:
    """Fills `text` of the rows of a RAW batch that hold a page, and adds to `metadata` (see `signs`).

    main_content: leave out navigation, footers and the like. extractor: one of `EXTRACTORS`. format: 'text' or
    'markdown'. honour: reservations that drop a page, as 'opt_out_noai' and so on.

    A page that cannot be read becomes an error row, one with no text left is dropped as 'empty'; none
    raises. Text is valid UTF-8 without NUL, its lines end with a line feed. `payload` stays as it was, for a
    document's identity.
    """

    main_content: bool = True
    extractor: str = "daybreak"
    format: str = "text"
    honour: tuple[str, ...] = HONOURED

    name: ClassVar[str] = "extract"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """RAW batch in, RAW batch out: same rows, same order."""
        readable = pc.and_(batch["drop"].is_null(), batch["error"].is_null())
        pages = pc.and_(readable, batch["payload"].is_valid())
        known = {name: batch[name] for name in RAW.names}
        if pc.any(pages).as_py():
            found = self._pages(batch.filter(pages))
            for name in Extracted._fields:
                known[name] = pc.replace_with_mask(known[name], pages, found[name])
        known["text"] = tidy(known["text"])
        kept = pc.and_(readable, pc.and_(known["error"].is_null(), known["drop"].is_null()))
        known["drop"] = pc.if_else(pc.and_(kept, _blank(known["text"])), "empty", known["drop"])
        known["payload"] = _cut(batch["payload"], known["error"])
        return pa.record_batch([known[name] for name in RAW.names], schema=RAW)

    def safely(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same, under guard: a page that hangs, needs too much memory or crashes the parser is an error."""
        return apart(self.name, lambda rows: (self(rows), []), batch, _refused)[0]

    def _pages(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The `Extracted` of each page of `batch`; one native parse a page."""
        columns = (batch[name].to_pylist() for name in ("payload", "charset", "metadata", "url"))
        results = [self._page(n, *page) for n, page in enumerate(zip(*columns, strict=True))]
        arrays = [
            pa.array([result[at] for result in results], pa.string()) for at in range(len(Extracted._fields))
        ]
        return pa.record_batch(arrays, names=list(Extracted._fields))

    def _page(
        self, number: int, payload: bytes, charset: str | None, metadata: str | None, url: str | None
    ) -> Extracted:
        at_row(number)
        try:
            html = decode(payload, charset)
            tree = HTMLTree.parse(html)
            known: dict[str, Any] = orjson.loads(metadata) if metadata else {}
            known |= signs(tree, known, url)
            text = self.text(html, tree)
            text.encode()
        except Exception as error:  # whatever one page provokes must not end the run
            why = f"The page's text cannot be extracted: {type(error).__name__}: {error}"
            return Extracted(metadata=metadata, error=why)
        reserved = next((name for name in self.honour if name in known.get("opt_out", ())), None)
        return Extracted(text, json_object(known), drop=f"opt_out_{reserved}" if reserved else None)

    def text(self, html: str, tree: HTMLTree) -> str:
        """The text of one page, given its HTML and that parsed."""
        return EXTRACTORS[self.extractor](html, tree, self.main_content, self.format == "markdown")


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
