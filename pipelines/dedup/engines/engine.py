"""The interface of an engine: a narrow half that reads texts, and a half that Spark runs on what that gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from pipelines.dedup.settings import DedupSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BANDS = "bands"
"""The column that both halves fill: list<int64>, null where a text is too short for a shingle."""


class Engine(Protocol):
    """Bands of documents: two share a number in `bands` with about the probability that the S-curve gives.

    The numbers of two engines, or of two settings, mean different things and must never be compared.
    """

    @property
    def name(self) -> str:
        """What recipes call it."""

    @property
    def narrow(self) -> bool:
        """Whether `features` are the bands already."""

    def features(self, texts: pa.Array, settings: DedupSettings) -> pa.ListArray:
        """The column `bands` as the scan hands it to Spark: list<int64>, null for texts without a shingle."""

    def bands(self, docs: DataFrame, settings: DedupSettings) -> DataFrame:
        """`docs` with `features` replaced by the numbers of `settings.bands` buckets; nulls stay null."""
