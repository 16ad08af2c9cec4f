"""Finding spans: an RE2 pattern proposes, a check disposes. RE2 takes linear time, whatever the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

Span = tuple[int, int]
Check = Callable[[bytes, int, int], Span | None]
"""(document, begin, end of a candidate) -> the span to replace, within the candidate; None if it is none."""

WORD_BYTES = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


@dataclass(frozen=True)
class Finder:
    """pattern: RE2, of what may be one (its first group, if it has any). check: whether it is."""

    pattern: str
    check: Check

    def spans(self, text: bytes) -> Iterator[Span]:
        """Spans in `text`, in order, none overlapping."""
        compiled: Any = re2.compile(self.pattern.encode())
        for match in compiled.finditer(text):
            span = self.check(text, *match.span(1 if compiled.groups else 0))
            if span:
                yield span


def replace(text: pa.Array, finder: Finder, placeholder: str) -> tuple[pa.Array, np.ndarray]:
    """`text` with every span that `finder` finds replaced, and how many there were in each row (int64)."""
    counts = np.zeros(len(text), np.int64)
    mask = pc.fill_null(pc.match_substring_regex(text, finder.pattern), False)
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    if not len(rows):
        return text, counts
    binary = pa.large_binary() if pa.types.is_large_string(text.type) else pa.binary()
    originals = text.filter(mask).view(binary).to_pylist()
    edited = [
        _replace(original, list(finder.spans(original)), placeholder.encode()) for original in originals
    ]
    counts[rows] = [n for _, n in edited]
    replaced = pa.array([new for new, _ in edited], binary).view(text.type)
    return pc.replace_with_mask(text, mask, replaced), counts


def _replace(text: bytes, spans: list[Span], placeholder: bytes) -> tuple[bytes, int]:
    pieces, at = [], 0
    for begin, end in spans:
        pieces += [text[at:begin], placeholder]
        at = end
    return b"".join([*pieces, text[at:]]), len(spans)


def byte_at(text: bytes, at: int) -> int:
    """The byte at `at`, or a space outside the text."""
    return text[at] if 0 <= at < len(text) else 0x20
