"""The order of training: from a sample's number to its tokens, by arithmetic alone.

The documents of a stream are laid end to end in plan order. The k-th sequence is the tokens k * seq_len to
(k+1) * seq_len, both included, so each token but the stream's first is a target exactly once. Sample i is a
sequence of the same window of `window` consecutive ones, permuted by a keyed hash: neighbours in a batch then
come from different documents, while the plan's curriculum holds from window to window.

The state of the data is therefore one integer, the samples consumed; and the s-th step of a run reads the
samples (s-1) * batch to s * batch - 1 at any number of processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from daybreak.errors import InputError

ALGORITHM = 1
"""Raised when the same plan would give other samples, so that a checkpoint of the old order is refused."""

_COLUMNS = ["position", "doc_id", "n_tokens", "shard", "row"]


@dataclass(frozen=True)
class Stream:
    """Documents end to end, cut into samples. Arrays are aligned, one entry a document, in reading order."""

    doc_id: pa.FixedSizeBinaryArray
    n_tokens: np.ndarray
    shard: np.ndarray
    row: np.ndarray
    seq_len: int
    window: int = 1

    @cached_property
    def starts(self) -> np.ndarray:
        """First token of each document, and last the number of tokens: int64, one longer than the rest."""
        return np.concatenate([[0], np.cumsum(self.n_tokens, dtype=np.int64)])

    @property
    def samples(self) -> int:
        """Whole samples in one reading; a last part shorter than seq_len + 1 is left out."""
        return max(0, (int(self.starts[-1]) - 1) // self.seq_len)

    def begins(self, first: int, count: int) -> np.ndarray:
        """First tokens of samples first .. first + count - 1; numbers past the end read the stream again."""
        number = np.arange(first, first + count)
        reading, place = np.divmod(number, self.samples)
        group, index = np.divmod(place, self.window)
        orders = {key: self._permutation(*key) for key in zip(reading.tolist(), group.tolist(), strict=True)}
        chosen = [orders[r, g][i] for r, g, i in zip(reading.tolist(), group.tolist(), index, strict=True)]
        return (group * self.window + np.array(chosen)) * self.seq_len

    def documents(self, begin: int) -> range:
        """The documents that hold the tokens begin .. begin + seq_len, both included."""
        first, last = np.searchsorted(self.starts, [begin, begin + self.seq_len], side="right") - 1
        return range(int(first), int(last) + 1)

    def targets(self, first: int, count: int, mask_documents: bool) -> int:
        """Targets with a loss in samples first .. first + count - 1; a mask leaves out first tokens."""
        total = count * self.seq_len
        if mask_documents:
            begins = self.begins(first, count)
            before, upto = np.searchsorted(self.starts[:-1], [begins, begins + self.seq_len], side="right")
            total -= int((upto - before).sum())
        return total

    def doc_ids(self, first: int, count: int) -> list[str]:
        """The ids of the documents in samples first .. first + count - 1, in reading order."""
        touched = [index for begin in self.begins(first, count).tolist() for index in self.documents(begin)]
        return [value.as_py().decode() for value in self.doc_id.take(pa.array(list(dict.fromkeys(touched))))]

    def _permutation(self, reading: int, group: int) -> np.ndarray:
        """The order of the sequences of one window (the last may be smaller) in one reading."""
        size = min(self.window, self.samples - group * self.window)
        key = mix(mix(np.array([reading], dtype=np.uint64)) ^ np.uint64(group))
        return np.argsort(mix(key ^ np.arange(size, dtype=np.uint64)), kind="stable")

    def fingerprint(self) -> str:
        """Hash of everything that decides which token stands where, apart from the shards' content."""
        digest = xxhash.xxh3_128(
            f"algorithm {ALGORITHM} seq_len {self.seq_len} window {self.window}".encode()
        )
        for column in (self.n_tokens, self.shard, self.row, _words(self.doc_id)):
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def select(self, chosen: np.ndarray) -> Stream:
        """The stream of the documents with the numbers `chosen`, in that order."""
        arrays = (self.n_tokens[chosen], self.shard[chosen], self.row[chosen])
        return Stream(self.doc_id.take(pa.array(chosen)), *arrays, self.seq_len, self.window)


def read_plan(folder: Path, seq_len: int, window: int = 1) -> Stream:
    """The whole plan as one stream, in order of position.

    Raises InputError for a folder without a plan, missing columns, repeated positions or empty documents.
    """
    try:
        table = pq.read_table(folder, columns=_COLUMNS).combine_chunks()
        missing = set(_COLUMNS) - set(table.column_names)
        if missing:
            raise InputError(f"{folder}: the plan lacks the columns {sorted(missing)}")
        doc_id = pc.cast(pc.cast(table["doc_id"], pa.binary()), pa.binary(32)).combine_chunks()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{folder}: is not a readable plan (Parquet files): {error}") from error
    order = np.argsort(table["position"].to_numpy(), kind="stable")
    position, n_tokens, shard, row = (table[c].to_numpy()[order] for c in ("position", *_COLUMNS[2:]))
    if len(position) == 0 or (np.diff(position) <= 0).any():
        raise InputError(f"{folder}: the plan is empty or names a position twice")
    if n_tokens.min() < 1:
        raise InputError(
            f"{folder}: position {position[n_tokens.argmin()]} has no tokens; every document ends in EOS"
        )
    doc_id = doc_id if isinstance(doc_id, pa.Array) else doc_id.chunk(0)
    return Stream(doc_id.take(pa.array(order)), n_tokens, shard, row, seq_len, window)


def hold_out(plan: Stream, fraction: float, key: int) -> tuple[Stream, Stream]:
    """(training, validation): documents whose keyed hash of doc_id is under `fraction` are not trained on.

    A document that the plan repeats is on one side with all its repeats, and validation reads it once.
    """
    held = keyed_hash(plan.doc_id, key) < fraction * 2.0**64
    validation = plan.select(np.flatnonzero(held))
    _, once = np.unique(_words(validation.doc_id), axis=0, return_index=True)
    return plan.select(np.flatnonzero(~held)), validation.select(np.sort(once))


def keyed_hash(doc_id: pa.FixedSizeBinaryArray, key: int) -> np.ndarray:
    """A uint64 for each id, one round of `mix` for every eight characters."""
    state = np.full(len(doc_id), key, dtype=np.uint64)
    for word in _words(doc_id).T:
        state = mix(state ^ word)
    return state


def mix(state: np.ndarray) -> np.ndarray:
    """splitmix64 of each uint64 (Steele et al. 2014, figure 17)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _words(doc_id: pa.FixedSizeBinaryArray) -> np.ndarray:
    """The 32 characters of each id as four little-endian words: uint64, (documents, 4)."""
    data = np.frombuffer(doc_id.buffers()[1] or b"", dtype="<u8").reshape(-1, 4)
    return data[doc_id.offset : doc_id.offset + len(doc_id)]
