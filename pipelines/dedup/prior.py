"""What documents before this run tell: the history of earlier runs, and data sets to be deduplicated against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Prior(Protocol):
    """Documents that stand before all of this run in the declared order.

    `set` is null for the history, else the name of the data set. `order` is unique to a document.
    """

    def exact(self, hashes: DataFrame) -> DataFrame:
        """(exact_hash, doc_id, set) of the first document with each of the hashes (exact_hash), if there is one."""

    def urls(self, hashes: DataFrame) -> DataFrame:
        """(url_hash, doc_id, set), likewise, for (url_hash)."""

    def buckets(self, buckets: DataFrame) -> DataFrame:
        """(bucket, order, doc_id, set) of the kept documents in the buckets (bucket).

        Of each bucket the first `hubs` in order suffice: no others are ever looked at.
        """

    def sets(self, ids: DataFrame) -> DataFrame:
        """(doc_id, shingles) of documents (doc_id): ascending uint32, as list<int32> or packed (`verify`)."""
