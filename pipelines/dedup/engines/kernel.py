"""The default engine: our compiled MinHash, on the text where it is read. Spark sees band numbers alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import band_lists

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class KernelEngine:
    """`engine.Engine` whose work is all narrow."""

    name: str = "kernel"
    narrow: bool = True

    def features(self, texts: pa.Array, settings: DedupSettings) -> pa.ListArray:
        """The band hashes themselves."""
        return band_lists(texts, settings)

    def bands(self, docs: DataFrame, settings: DedupSettings) -> DataFrame:
        """`docs` as they are."""
        return docs
