"""Verifying pairs in Spark: shingle sets are made once a document, and meet in two joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.dedup.nodes import Nodes
from pipelines.dedup.phases import Phase, Phases, struct_of
from pipelines.dedup.prior import Prior
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.verify import (
    EDGES,
    NUMBERED_SETS,
    SETS,
    edge_batches,
    found_batches,
    packed_batches,
    set_batches,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FetchTexts = Callable[["DataFrame"], "DataFrame"]
"""Given the wanted documents (doc_id, unit, row), their texts (doc_id, text), each once, in any order."""

PAIRS = pa.schema([("hub", pa.int64()), ("member", pa.int64())])
HOT_ROWS = 100_000
"""Pairs of one hub that one task may join; beyond it the hub's set goes to several."""


@dataclass
class Verifier:
    """Turns pairs of numbered documents into verified edges, a phase a round; sets made once are used again."""

    nodes: Nodes
    texts: FetchTexts
    settings: DedupSettings
    prior: Prior | None = None
    sets: list[Phase] = field(default_factory=list)

    @property
    def phases(self) -> Phases:
        """Where the phases are kept."""
        return self.nodes.phases

    def __call__(
        self, name: str, hub: np.ndarray, member: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """hub, member, similarity of the pairs that reach the threshold (`rounds.Verify`)."""

        def build() -> DataFrame:
            return self.phases.spark.createDataFrame(pa.table([hub, member], schema=PAIRS))

        edges = self.edges(name, self.phases.phase(f"pairs-{name}", PAIRS, build)).table()
        return edges["hub"].to_numpy(), edges["member"].to_numpy(), edges["similarity"].to_numpy()

    def edges(self, name: str, pairs: Phase) -> Phase:
        """EDGES among the different `pairs` (PAIRS)."""
        self.sets.append(self._sets(name, pairs))
        return self.phases.phase(f"edges-{name}", EDGES, lambda: self._joined(pairs.frame()))

    def _joined(self, pairs: DataFrame) -> DataFrame:
        sets = union([phase.frame() for phase in self.sets])
        found = pairs.join(_named(sets, "member"), "member")
        found = salted_join(found, _named(sets, "hub"), pairs, "hub", HOT_ROWS)
        verify = partial(edge_batches, threshold=self.settings.threshold)
        columns = ["hub", "member", "hub_shingles", "member_shingles"]
        return found.select(*columns).mapInArrow(verify, struct_of(EDGES))

    def _sets(self, name: str, pairs: Phase) -> Phase:
        """NUMBERED_SETS of the documents in `pairs` that have none yet."""

        def build() -> DataFrame:
            from pyspark.sql import functions as F

            ids = pairs.frame().select(F.explode(F.array("hub", "member")).alias("id")).distinct()
            for phase in self.sets:
                ids = ids.join(phase.frame().select("id"), "id", "left_anti")
            wanted = self._wanted(ids)
            return wanted.mapInArrow(found_batches, struct_of(NUMBERED_SETS))

        return self.phases.phase(f"sets-{name}", NUMBERED_SETS, build)

    def _wanted(self, ids: DataFrame) -> DataFrame:
        """(id, doc_id, shingles) of `ids`; shingles are null where there is no text."""
        here = self.nodes.numbered().select("id", "doc_id", "unit", "row").join(ids, "id", "left_semi")
        make = partial(set_batches, ngram=self.settings.ngram)
        bodies = self.texts(here.select("doc_id", "unit", "row")).select("doc_id", "text")
        made = bodies.mapInArrow(make, struct_of(SETS))
        found = here.select("id", "doc_id").join(made, "doc_id", "left").select("id", "doc_id", "shingles")
        if self.prior is None or not self.nodes.earlier.rows:
            return found
        old = self.nodes.earlier.frame("id").select("id", "doc_id").join(ids, "id", "left_semi")
        sets = self.prior.sets(old.select("doc_id").distinct()).select("doc_id", "shingles")
        if sets.schema["shingles"].dataType.typeName() == "array":
            sets = sets.mapInArrow(packed_batches, struct_of(SETS))
        return found.union(old.join(sets, "doc_id", "left").select("id", "doc_id", "shingles"))


def union(frames: list[DataFrame]) -> DataFrame:
    """All rows of frames with equal columns."""
    out, *rest = frames
    for frame in rest:
        out = out.union(frame)
    return out


def salted_join(left: DataFrame, right: DataFrame, counted: DataFrame, key: str, most: int) -> DataFrame:
    """`left` joined with `right` (unique) on `key`, a key with more than `most` rows spread over several tasks.

    `counted` has the rows of `left`, cheaper to read. Their number bounds the number of such keys.
    """
    from pyspark.sql import functions as F

    counts = counted.groupBy(key).count().filter(F.col("count") > most)
    hot = counts.select(key, F.ceil(F.col("count") / most).cast("int").alias("salts")).toArrow()
    if not len(hot):
        return left.join(right, key)
    salts = F.broadcast(left.sparkSession.createDataFrame(hot))
    left = left.join(salts, key, "left").withColumn(
        "salt", F.coalesce(F.pmod(F.xxhash64("member"), F.col("salts")), F.lit(0)).cast("int")
    )
    last = F.coalesce(F.col("salts"), F.lit(1)) - 1
    right = (
        right.join(salts, key, "left").withColumn("salt", F.explode(F.sequence(F.lit(0), last))).drop("salts")
    )
    return left.drop("salts").join(right, [key, "salt"]).drop("salt")


def _named(sets: DataFrame, side: str) -> DataFrame:
    from pyspark.sql import functions as F

    return sets.select(F.col("id").alias(side), F.col("shingles").alias(f"{side}_shingles"))
