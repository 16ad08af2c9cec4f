"""What stands before a run's documents: earlier batches of a history, and other data sets.

The stage asks by hashes and by buckets and never sees where the answers come from. In all answers `set` is
null for the history, and the name of the data set otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Protocol

from daybreak.errors import RecipeError
from pipelines.dedup.settings import DedupSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Prior(Protocol):
    """Documents that come before all documents of this run, in the declared order.

    `order` is unique to a document of a prior.
    """

    def exact(self, hashes: DataFrame) -> DataFrame:
        """(exact_hash, doc_id, kept, set) for those of `hashes` (exact_hash) that an earlier document has.

        The first such document alone; `kept` is the one that stayed for it: itself, or the one it resembled.
        """

    def urls(self, hashes: DataFrame) -> DataFrame:
        """(url_hash, doc_id, kept, set) for those of `hashes` (url_hash) that an earlier document has."""

    def buckets(self, buckets: DataFrame) -> DataFrame:
        """(bucket, order, doc_id, set) of the kept documents in the buckets (bucket).

        Of each bucket the first `hubs` in order suffice: no others are ever looked at.
        """

    def sets(self, ids: DataFrame) -> DataFrame:
        """(doc_id, shingles) of kept documents: ascending unique uint32, stored as int32."""


@dataclass(frozen=True)
class Joined:
    """Several priors as one. They stand in the order given: where two have a hash, the first answers."""

    priors: Sequence[Prior]

    def exact(self, hashes: DataFrame) -> DataFrame:
        """See `Prior.exact`."""
        return self._first("exact_hash", lambda prior: prior.exact(hashes))

    def urls(self, hashes: DataFrame) -> DataFrame:
        """See `Prior.urls`."""
        return self._first("url_hash", lambda prior: prior.urls(hashes))

    def buckets(self, buckets: DataFrame) -> DataFrame:
        """See `Prior.buckets`; `order` tells which stand first."""
        return reduce(_union, [prior.buckets(buckets) for prior in self.priors])

    def sets(self, ids: DataFrame) -> DataFrame:
        """See `Prior.sets`. A document that two priors have comes once."""
        return self._first("doc_id", lambda prior: prior.sets(ids))

    def _first(self, key: str, ask: Callable[[Prior], DataFrame]) -> DataFrame:
        from pyspark.sql import functions as F

        answers = [ask(prior) for prior in self.priors]
        if len(answers) == 1:
            return answers[0]
        placed = [answer.withColumn("place", F.lit(place)) for place, answer in enumerate(answers)]
        others = [F.col(name) for name in answers[0].columns if name != key]
        first = F.min_by(F.struct(*others), F.col("place")).alias("found")
        return reduce(_union, placed).groupBy(key).agg(first).select(key, "found.*")


def check_prior(settings: DedupSettings, prior: Prior | None) -> None:
    """Raises RecipeError where clusters by component would meet documents of before this run."""
    if prior is not None and settings.cluster == "components":
        raise RecipeError(
            "dedup: cluster: components cannot go with documents of earlier runs: a later document may join "
            "two clusters of which both first documents are published. Use cluster: representative."
        )


def _union(left: DataFrame, right: DataFrame) -> DataFrame:
    return left.unionByName(right)
