"""Amounts of data that flow from step to step: documents, bytes of text, tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MB = 1e6


@dataclass(frozen=True)
class Amount:
    """Documents, bytes of text, tokens (0 before they are counted); fractions, for they are forecasts."""

    documents: float = 0.0
    bytes: float = 0.0
    tokens: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.documents + other.documents, self.bytes + other.bytes, self.tokens + other.tokens)

    def scaled(self, documents: float, size: float) -> Amount:
        """So many times the documents; bytes and tokens by the other factor."""
        return Amount(self.documents * documents, self.bytes * size, self.tokens * size)


Amounts = Mapping[str, Amount]
"""By source."""


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum."""
    return sum(amounts, Amount())
