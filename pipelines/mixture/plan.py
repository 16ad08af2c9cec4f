"""The plan of training: which document stands at which position, and in which shard and row it is stored.

Every choice follows from a hash of doc_id keyed by the seed, so the plan does not depend on the order or
the partitioning of its input. It is made in the driver, in columns: `Mixture.plan` takes an Arrow table
and needs no Spark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from daybreak.errors import AccountingError
from daybreak.schema import PLAN
from pipelines.mixture.apportion import Quota, quotas

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Order = Literal["shuffle", "length"]
COLUMNS = ("doc_id", "source", "n_tokens")


@dataclass(frozen=True)
class Mixture:
    """Takes documents by token quotas and orders them.

    `weights`, `total_tokens` and `max_epochs` set the quotas (see `quotas`). Inside a source documents
    come in the order of their keyed hash until the quota is met; a last epoch that is not whole takes the
    head of that order. `order`:

    - 'shuffle': each source is spread evenly over the whole plan, its epochs one after the other, each
    shuffled anew;
    - 'length': short to long, in `length_bins` bins of equal token counts, shuffled inside a bin.

    First occurrences, in the order of the plan, are cut into shards of about `shard_tokens`; later epochs
    point to them.
    """

    weights: Mapping[str, float] | None = None
    total_tokens: int | None = None
    max_epochs: float = 1.0
    order: Order = "shuffle"
    length_bins: int = 8
    shard_tokens: int = 1 << 24
    seed: int = 0
    name: str = "mixture"

    def __call__(self, tokens: DataFrame) -> tuple[DataFrame, dict[str, Any]]:
        """The plan of `tokens` (doc_id, source, n_tokens) as a DataFrame with schema PLAN, and the report."""
        plan, report = self.plan(tokens.select(*COLUMNS).toArrow())
        return tokens.sparkSession.createDataFrame(plan), report

    def plan(self, tokens: pa.Table) -> tuple[pa.Table, dict[str, Any]]:
        """The plan as a table with schema PLAN, sorted by position, and what was asked and got of each
        source.

        Raises AccountingError when a doc_id occurs twice.
        """
        documents = _Documents.read(tokens, self.seed)
        share = quotas(documents.available(), self.weights, self.total_tokens, self.max_epochs)
        taken = _taken(documents, share)
        ordered = taken.take(self._order(taken, documents))
        return _table(ordered, documents, self.shard_tokens), _report(ordered, documents, share)

    def _order(self, taken: _Taken, documents: _Documents) -> np.ndarray:
        """The occurrences' order: by bin of length if asked, then by hash."""
        if self.order == "shuffle":
            return np.lexsort((taken.epoch, taken.document, taken.key))
        lengths = documents.n_tokens[taken.document]
        by_length = np.lexsort((taken.epoch, taken.document, taken.key, lengths))
        ends = np.cumsum(lengths[by_length], dtype=np.int64)
        bins = np.empty(len(by_length), np.int64)
        bins[by_length] = (ends - 1) * self.length_bins // max(int(ends[-1]) if len(ends) else 1, 1)
        return np.lexsort((taken.epoch, taken.document, taken.key, bins))


@dataclass(frozen=True)
class _Documents:
    """Columns of the documents, sorted by (keyed hash, doc_id): a document's number is its rank in that
    order."""

    doc_id: pa.Array
    source: np.ndarray
    names: list[str]
    n_tokens: np.ndarray
    hash: np.ndarray

    @classmethod
    def read(cls, tokens: pa.Table, seed: int) -> _Documents:
        ids = tokens.column("doc_id").combine_chunks()
        each = (xxhash.xxh3_64_intdigest(i, seed) for i in ids.cast(pa.binary()).to_pylist())
        hashes = np.fromiter(each, np.uint64, count=len(ids))
        keys = pa.table({"hash": hashes, "doc_id": ids})
        rank = pc.sort_indices(keys, sort_keys=[("hash", "ascending"), ("doc_id", "ascending")])
        ids = ids.take(rank)
        _refuse_doubles(ids)
        coded = tokens.column("source").combine_chunks().dictionary_encode()
        lengths = tokens.column("n_tokens").to_numpy().astype(np.int64)
        order = rank.to_numpy()
        source = coded.indices.to_numpy()[order]
        return cls(ids, source, coded.dictionary.to_pylist(), lengths[order], hashes[order])

    def available(self) -> dict[str, int]:
        """Tokens of each source."""
        return {name: int(self.n_tokens[self.source == i].sum()) for i, name in enumerate(self.names)}


def _refuse_doubles(ids: pa.Array) -> None:
    """Equal ids stand side by side, since they hash alike."""
    same = pc.equal(ids[1:], ids[:-1])
    if pc.any(same).as_py():
        first = ids[pc.index(same, True).as_py()]
        raise AccountingError(f"document {first} occurs twice among the tokens: doc_id must be unique")


@dataclass(frozen=True)
class _Taken:
    """Occurrences: the document's number, the epoch, and the key in [0, 1) that says when it comes."""

    document: np.ndarray
    epoch: np.ndarray
    key: np.ndarray

    def take(self, order: np.ndarray) -> _Taken:
        return _Taken(self.document[order], self.epoch[order], self.key[order])


def _taken(documents: _Documents, share: Mapping[str, Quota]) -> _Taken:
    """The occurrences that meet the quotas, source by source, epoch by epoch."""
    parts = [_Taken(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))]
    for i, name in enumerate(documents.names):
        parts += _epochs(np.flatnonzero(documents.source == i), documents, share[name].quota)
    return _Taken(
        np.concatenate([part.document for part in parts]),
        np.concatenate([part.epoch for part in parts]),
        np.concatenate([part.key for part in parts]),
    )


def _epochs(members: np.ndarray, documents: _Documents, quota: int) -> list[_Taken]:
    """One source: whole epochs, then the head of the hash order that meets the rest of the quota."""
    ends = np.cumsum(documents.n_tokens[members])
    available = int(ends[-1]) if len(ends) else 0
    if not available or not quota:
        return []
    whole, rest = divmod(quota, available)
    heads = [members] * whole + ([members[: int(np.searchsorted(ends, rest)) + 1]] if rest else [])
    return [_epoch(head, documents.hash, epoch, available, quota) for epoch, head in enumerate(heads)]


def _epoch(members: np.ndarray, hashes: np.ndarray, epoch: int, available: int, quota: int) -> _Taken:
    """One epoch: each document at a hashed place in the stretch of the plan that is this epoch's part of
    the quota."""
    start = epoch * available
    stretch = min(available, quota - start)
    key = (start + _place(hashes[members], epoch) * stretch) / quota
    return _Taken(members, np.full(len(members), epoch, np.int32), key)


def _place(hashes: np.ndarray, epoch: int) -> np.ndarray:
    """Uniform numbers in [0, 1), independent from epoch to epoch: SplitMix64 (Steele et al., 2014) of hash
    and epoch."""
    z = hashes + np.uint64((epoch + 1) * 0x9E3779B97F4A7C15 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) / 2.0**53


def _table(taken: _Taken, documents: _Documents, shard_tokens: int) -> pa.Table:
    """The plan as a table: positions, and each document's shard and row."""
    n = len(taken.document)
    lengths = documents.n_tokens[taken.document]
    shard, row = _stored(taken.document, lengths, shard_tokens, len(documents.doc_id))
    source = pa.DictionaryArray.from_arrays(
        documents.source[taken.document], pa.array(documents.names, pa.string())
    )
    columns = {
        "position": np.arange(n, dtype=np.int64),
        "phase": np.zeros(n, np.int32),
        "epoch": taken.epoch,
        "doc_id": documents.doc_id.take(pa.array(taken.document)),
        "source": source.cast(pa.string()),
        "n_tokens": lengths.astype(np.int32),
        "shard": shard[taken.document],
        "row": row[taken.document],
    }
    return pa.table(columns, schema=PLAN)


def _stored(
    document: np.ndarray, lengths: np.ndarray, shard_tokens: int, n_documents: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shard and row of each document number: first occurrences in order, a new shard every `shard_tokens`
    tokens."""
    first = np.sort(np.unique(document, return_index=True)[1])
    before = np.cumsum(lengths[first]) - lengths[first]
    _, starts, numbers = np.unique(before // shard_tokens, return_index=True, return_inverse=True)
    shard, row = np.full(n_documents, -1, np.int32), np.full(n_documents, -1, np.int64)
    shard[document[first]] = numbers
    row[document[first]] = np.arange(len(first)) - starts[numbers]
    return shard, row


def _report(taken: _Taken, documents: _Documents, share: Mapping[str, Quota]) -> dict[str, Any]:
    """Asked and got, by source."""
    lengths = documents.n_tokens[taken.document]
    source = documents.source[taken.document]
    n = len(documents.names)
    got = dict(zip(documents.names, np.bincount(source, lengths, n).astype(np.int64).tolist(), strict=True))
    occurrences = dict(zip(documents.names, np.bincount(source, minlength=n).tolist(), strict=True))
    return {
        "asked_tokens": sum(quota.asked for quota in share.values()),
        "got_tokens": int(lengths.sum()),
        "documents": len(np.unique(taken.document)),
        "occurrences": len(taken.document),
        "sources": {
            name: {
                "weight": quota.weight,
                "available_tokens": quota.available,
                "asked_tokens": quota.asked,
                "quota_tokens": quota.quota,
                "got_tokens": got.get(name, 0),
                "occurrences": occurrences.get(name, 0),
                "epochs": quota.epochs,
                "capped": quota.capped,
            }
            for name, quota in share.items()
        },
    }
