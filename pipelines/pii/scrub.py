"""`Scrub`: typed placeholders or pseudonyms in the place of personal data, counts, and where it stood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import RecipeError
from pipelines.kernels.arrow import as_array, put
from pipelines.pii.detector import Options
from pipelines.pii.edit import Finding, Rows, exchange, in_order, put_rows, redact
from pipelines.pii.fields import scrub_json, url_search
from pipelines.pii.find import Finder
from pipelines.pii.findings import findings_column
from pipelines.pii.phone_plans import REGIONS
from pipelines.pii.pseudonym import Key
from pipelines.pii.registry import DETECTORS
from pipelines.quality.rules import choose

TYPES = tuple(DETECTORS)
ACTIONS = ("placeholder", "pseudonym")
PER = 1000
"""Characters that the density is counted in."""


@dataclass(frozen=True)
class Scrub:
    """Replace personal data in `text`, `url` and `metadata`, as far as they are there, and append

    | column | type | definition |
    |---|---|---|
    | pii_<type> | int32 | values of each type replaced in `text` |
    | pii_density | float32 | values of all types per 1,000 code points of `text` before |
    | findings | list<FINDING> | every value replaced, in all three (see `findings`) |

    types: which to replace; the order is that of DETECTORS. actions: type -> placeholder (unless set) or
    pseudonym. placeholders: type -> what stands for it; they may hold no digit, no @ and no colon, so that
    none is ever taken for data: scrubbing twice gives what scrubbing once gave. public_only: leave IP
    addresses of loopback, private and other special ranges. regions: countries (ISO 3166) whose national
    telephone numbers are known. key: for pseudonyms.
    """

    types: tuple[str, ...] = TYPES
    actions: Mapping[str, str] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=dict)
    public_only: bool = True
    regions: tuple[str, ...] = REGIONS
    key: Key | None = None
    name: str = "scrub"

    def __post_init__(self) -> None:
        for kind in (*self.types, *self.actions, *self.placeholders):
            choose("type of personal data", kind, TYPES)
        for action in self.actions.values():
            choose("action", action, ACTIONS)
        for kind, placeholder in self.placeholders.items():
            if re.search(r"[\d@:]", placeholder) or not re.fullmatch(r"\W.*\W", placeholder):
                raise RecipeError(
                    f"{kind} placeholder {placeholder!r}: put it between marks, without digit, @ or colon"
                )
        for region in self.regions:
            choose("region", region, sorted(phonenumbers.SUPPORTED_REGIONS))
        if self.key is None and "pseudonym" in self.actions.values():
            raise RecipeError("pseudonyms need a key")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with scrubbed columns, the counts, the density and the findings; nulls stay null."""
        text = as_array(batch.column("text"))
        rows = self._exchanged(redact(text, self._finder, self._marks))
        found = [("text", row, finding) for row, finding in in_order(rows)]
        batch = put(batch, "text", put_rows(text, rows))
        for name, scrub in (("url", self._urls), ("metadata", self._json)):
            if name in batch.schema.names:
                column, more = scrub(as_array(batch.column(name)))
                batch = put(batch, name, column)
                found += [(name, row, finding) for row, finding in more]
        for kind, counts in self._counts(rows, len(text)).items():
            batch = put(batch, f"pii_{kind}", pa.array(counts, pa.int32()))
        batch = put(batch, "pii_density", _density(text, rows))
        return put(batch, "findings", findings_column(found, len(text)))

    def urls(self, urls: pa.Array) -> pa.Array:
        """Scrubbed URLs of records that never come to the stage."""
        return self._urls(as_array(urls))[0]

    @property
    def _finder(self) -> Finder:
        return Finder(self.types, Options(self.public_only, self.regions))

    @property
    def _marks(self) -> dict[str, bytes]:
        return {
            kind: self.placeholders.get(kind, detector.placeholder).encode()
            for kind, detector in DETECTORS.items()
        }

    def _exchanged(self, rows: Rows) -> Rows:
        """Placeholders of the types whose action is pseudonym, exchanged."""
        key = self.key
        if key is None:
            return rows
        drawn = [kind for kind, action in self.actions.items() if action == "pseudonym"]
        return exchange(rows, {kind: partial(_token, kind, key) for kind in drawn})

    def _urls(self, urls: pa.Array) -> tuple[pa.Array, list[tuple[int, Finding]]]:
        if urls.null_count == len(urls):
            return urls, []
        rows = self._exchanged(redact(urls, partial(url_search, self._finder), self._marks))
        return put_rows(urls, rows), list(in_order(rows))

    def _json(self, metadata: pa.Array) -> tuple[pa.Array, list[tuple[int, Finding]]]:
        if metadata.null_count == len(metadata):
            return metadata, []

        def edit(values: pa.Array) -> Rows:
            return self._exchanged(redact(values, partial(url_search, self._finder), self._marks))

        return scrub_json(metadata, edit)

    def _counts(self, rows: Rows, n: int) -> dict[str, np.ndarray]:
        """How many of each type were replaced in each row: int64 of shape (n,)."""
        counts = {kind: np.zeros(n, np.int64) for kind in TYPES}
        for row, finding in in_order(rows):
            counts[finding.type][row] += 1
        return counts


def _token(kind: str, key: Key, value: bytes) -> bytes:
    return DETECTORS[kind].pseudonym(value, key)


def _density(text: pa.Array, rows: Rows) -> pa.Array:
    """Findings per PER code points of the text before; 0 for an empty text and for a null."""
    found = np.zeros(len(text))
    found[list(rows)] = [len(findings) for _, findings in rows.values()]
    length = pc.fill_null(pc.utf8_length(text), 0).to_numpy(zero_copy_only=False)
    return pa.array((found * PER / np.maximum(length, 1)).astype(np.float32))
