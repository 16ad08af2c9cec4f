"""Bands by spark.ml: HashingTF makes a binary vector of the shingles, MinHashLSH hashes it.

MinHashLSH keeps one value a table and joins documents that agree in any table (an OR of single hashes: with ten tables
65% of the pairs of similarity .1). Here its bands * rows values are cut into bands of `rows`, which makes it the same
S-curve as the kernel's. Its hash is ((1 + index) * a + b) mod 2038074743, least over the indices
(apache/spark, mllib/.../ml/feature/MinHashLSH.scala). It refuses empty vectors, so texts without a shingle go round it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.dedup.engines.engine import BANDS
from pipelines.dedup.minhash import band_hashes
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_windows

if TYPE_CHECKING:
    from pyspark.ml.feature import MinHashLSHModel
    from pyspark.sql import Column, DataFrame

FEATURES = 1 << 30
"""Size of the vectors. They are sparse, so size costs nothing; in the default 2^18 two documents of 100,000 different
shingles each look .19 similar, here .00005. The most that MinHashLSH takes is 2038074743."""


@dataclass(frozen=True)
class SparkMlEngine:
    """`engine.Engine` over pyspark.ml.feature."""

    name: str = "spark.ml"
    narrow: bool = False

    def features(self, texts: pa.Array, settings: DedupSettings) -> pa.ListArray:
        """The hashes of each text's shingles."""
        offsets, values = shingle_windows(texts, *settings.window)
        empty = pa.array(np.diff(offsets) == 0)
        starts = pa.array(offsets.astype(np.int32))
        return pa.ListArray.from_arrays(starts, pa.array(values.view(np.int64)), mask=empty)

    def bands(self, docs: DataFrame, settings: DedupSettings) -> DataFrame:
        """Hashes of the vectors, cut into bands."""
        from pyspark.ml.feature import HashingTF
        from pyspark.sql import functions as F

        terms = F.coalesce(BANDS, F.array(F.lit(0).cast("long")))  # nobody sees what becomes of this one
        counts = HashingTF(numFeatures=FEATURES, inputCol="_terms", outputCol="_vector", binary=True)
        vectors = counts.transform(docs.withColumn("_terms", terms))
        hashed = _lsh(docs, settings).transform(vectors)
        grouped = F.when(F.col(BANDS).isNotNull(), _grouped("_hashes", settings.bands))
        return hashed.withColumn(BANDS, grouped).select(*docs.columns)


def _lsh(docs: DataFrame, settings: DedupSettings) -> MinHashLSHModel:
    """The fitted model. It draws its numbers from the seed alone: it looks at data only for the vectors' size."""
    from pyspark.ml.feature import MinHashLSH
    from pyspark.ml.linalg import Vectors

    one = docs.sparkSession.createDataFrame([(Vectors.sparse(FEATURES, [0], [1.0]),)], ["_vector"])
    count = settings.bands * settings.rows
    return MinHashLSH(inputCol="_vector", outputCol="_hashes", seed=settings.seed, numHashTables=count).fit(
        one
    )


def _grouped(hashes: str, bands: int) -> Column:
    from pyspark.sql import functions as F

    def group(column: pa.Array) -> pa.Array:
        # Each hash is a vector of one number; a row has bands * rows of them.
        values = column.flatten().field("values").flatten().to_numpy(zero_copy_only=False)
        signature = values.astype(np.uint32).reshape(len(column), -1)
        found = band_hashes(signature, bands)
        starts = pa.array(np.arange(len(column) + 1, dtype=np.int32) * bands)
        return pa.ListArray.from_arrays(starts, pa.array(found.ravel()))

    made: Any = F.arrow_udf
    return made(group, "array<bigint>")(hashes)
