"""Near duplicates of numbered documents: by representative or by component, on the driver or in Spark, by count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.dedup.components import MATCHES, components
from pipelines.dedup.distributed import distributed_components, distributed_stars
from pipelines.dedup.edges import PAIRS, Verifier
from pipelines.dedup.nodes import Nodes
from pipelines.dedup.phases import Phase
from pipelines.dedup.rounds import stars
from pipelines.dedup.windows import DROPPED

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


NEAR = pa.schema(
    [
        ("doc_id", pa.string()),
        ("cluster_id", pa.string()),
        ("matched", pa.string()),
        ("similarity", pa.float64()),
        ("set", pa.string()),
    ]
)
"""The same by doc_id; `set` is the data set of the kept document, null in this run and its history."""


@dataclass(frozen=True)
class Near:
    """Removes near duplicates among `nodes`."""

    nodes: Nodes
    verifier: Verifier

    def __call__(self) -> Phase:
        """NEAR of the removed documents."""

        def build() -> DataFrame:
            from pyspark.sql import functions as F

            names = self.nodes.names()
            found = self._matches()
            who = names.select("id", "doc_id")
            kept = names.select(F.col("id").alias("cluster"), F.col("doc_id").alias("cluster_id"), "set")
            match = names.select(F.col("id").alias("match"), F.col("doc_id").alias("matched"))
            return found.join(who, "id").join(kept, "cluster").join(match, "match").select(*NEAR.names)

        return self.nodes.phases.phase("near", NEAR, build)

    def _matches(self) -> DataFrame:
        """MATCHES of the removed documents."""
        settings = self.verifier.settings
        small = self.nodes.members.rows <= settings.max_driver_edges
        if settings.cluster == "components":
            return self._components(small)
        if not small:
            return distributed_stars(self.nodes, self.verifier)
        members = self.nodes.members_here()
        found = stars(members, self.nodes.n, self.nodes.earlier.rows, self.verifier, settings.hubs)
        gone = np.flatnonzero(found.state == DROPPED)
        columns = [gone, found.matched[gone], found.matched[gone], found.similarity[gone]]
        return self._frame(pa.table(columns, schema=MATCHES))

    def _components(self, small: bool) -> DataFrame:
        edges = self.verifier.edges("all", self._all_pairs())
        if small and edges.rows <= self.verifier.settings.max_driver_edges:
            return self._frame(components(edges.table(), self.nodes.n))
        return distributed_components(edges, self.nodes.phases)

    def _all_pairs(self) -> Phase:
        """PAIRS: in a bucket, all of the first documents, and later ones with the first few."""
        settings, n = self.verifier.settings, self.nodes.n
        frame = self.nodes.members.frame()

        def build() -> DataFrame:
            from pipelines.dedup.distributed import window_pairs

            state, asked = np.zeros(n, np.int8), np.ones(n, np.bool_)
            found = window_pairs(frame, state, asked, settings.all_pairs, settings.all_pairs, settings.hubs)
            return found.filter("hub >= 0").distinct()

        return self.nodes.phases.phase("pairs-all", PAIRS, build)

    def _frame(self, table: pa.Table) -> DataFrame:
        return self.nodes.phases.spark.createDataFrame(table)
