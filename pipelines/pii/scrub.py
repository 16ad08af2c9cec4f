"""`Scrub`: typed placeholders for e-mail addresses, IP addresses and telephone numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import RecipeError
from pipelines.kernels.arrow import as_array, put
from pipelines.pii.addresses import email_finders, ip_finders
from pipelines.pii.finders import Finder, replace
from pipelines.pii.phones import REGIONS, phone_finders
from pipelines.quality.rules import choose

KINDS = ("email", "ip", "phone")


@dataclass(frozen=True)
class Scrub:
    """Replace personal data in `text`; append pii_email, pii_ip, pii_phone int32, how many of each were
    replaced.

    email, ip, phone: which kinds. public_only: leave IP addresses of loopback, private and documentation
    ranges. regions: countries (ISO 3166) whose national telephone numbers are known. The placeholders may
    hold no digit, no @ and no colon, so that none is ever taken for data: scrubbing twice gives what
    scrubbing once gave.
    """

    email: bool = True
    ip: bool = True
    phone: bool = True
    public_only: bool = True
    regions: tuple[str, ...] = REGIONS
    email_placeholder: str = "<EMAIL>"
    ip_placeholder: str = "<IP>"
    phone_placeholder: str = "<PHONE>"
    name: str = "scrub"

    def __post_init__(self) -> None:
        for kind in KINDS:
            placeholder = self._placeholder(kind)
            if re.search(r"[\d@:]", placeholder) or not re.fullmatch(r"\W.*\W", placeholder):
                raise RecipeError(
                    f"{kind} placeholder {placeholder!r}: put it between marks, without digit, @ or colon"
                )
        for region in self.regions:
            choose("region", region, sorted(phonenumbers.SUPPORTED_REGIONS))

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with scrubbed text and the three counts; nulls stay null."""
        text, counts = self._scrub(as_array(batch.column("text")))
        batch = put(batch, "text", text)
        for kind in KINDS:
            batch = put(batch, f"pii_{kind}", pa.array(counts[kind], pa.int32()))
        return batch

    def _scrub(self, text: pa.Array) -> tuple[pa.Array, dict[str, np.ndarray]]:
        """Pass until nothing is found: what is replaced may set free what it touched.

        Each pass looks only at the rows that the last one changed, and leaves fewer digits and @ in them.
        """
        text, counts = self._pass(text)
        changed = np.flatnonzero(sum(counts.values()))
        if len(changed):
            again, more = self._scrub(text.take(pa.array(changed)))
            for kind in KINDS:
                counts[kind][changed] += more[kind]
            if any(more[kind].any() for kind in KINDS):
                mask = np.zeros(len(text), bool)
                mask[changed] = True
                text = pc.replace_with_mask(text, mask, again)
        return text, counts

    def _placeholder(self, kind: str) -> str:
        return str(getattr(self, f"{kind}_placeholder"))

    def _finders(self) -> tuple[tuple[str, Finder], ...]:
        """Each finder in the order of application, with its kind."""
        chosen = {
            "email": email_finders() if self.email else (),
            "ip": ip_finders(self.public_only) if self.ip else (),
            "phone": phone_finders(self.regions) if self.phone else (),
        }
        return tuple((kind, finder) for kind in KINDS for finder in chosen[kind])

    def _pass(self, text: pa.Array) -> tuple[pa.Array, dict[str, np.ndarray]]:
        """(text with everything replaced that each finder sees once, how many of each kind)."""
        found = {kind: np.zeros(len(text), np.int64) for kind in KINDS}
        for kind, finder in self._finders():
            text, counts = replace(text, finder, self._placeholder(kind))
            found[kind] += counts
        return text, found
