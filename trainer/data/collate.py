"""From a run of consecutive samples to the tensors of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from daybreak.errors import InputError
from trainer.data.order import Stream
from trainer.data.reader import ShardReader
from trainer.model.gpt import IGNORED


@dataclass(frozen=True)
class Batch:
    """Sequences for the model, each tensor (batch, seq) int64; `documents` is None without a mask."""

    inputs: Tensor
    targets: Tensor
    positions: Tensor
    documents: Tensor | None


@dataclass(frozen=True)
class Collate:
    """Reads samples of a stream from its shards and checks what it reads against plan and vocabulary."""

    stream: Stream
    shards: ShardReader
    mask_documents: bool
    vocab_size: int

    def __call__(self, first: int, count: int) -> Batch:
        """Samples first .. first + count - 1 as a batch. Raises InputError where shards and plan disagree."""
        spans = [self._span(begin, end) for begin, end in self.stream.spans(first, count)]
        inputs, targets, positions, documents = (
            torch.from_numpy(np.concatenate(part)) for part in zip(*spans, strict=True)
        )
        return Batch(inputs, targets, positions, documents if self.mask_documents else None)

    def targets(self, first: int, count: int) -> int:
        """Targets with a loss in samples first .. first + count - 1, without reading them."""
        return self.stream.targets(first, count, self.mask_documents)

    def _span(self, begin: int, end: int) -> tuple[np.ndarray, ...]:
        tokens, documents = self._read(begin, end)
        rows = (-1, self.stream.seq_len)
        targets, owners = tokens[1:].reshape(rows), documents[:-1].reshape(rows)
        positions = np.broadcast_to(np.arange(self.stream.seq_len), owners.shape)
        if self.mask_documents:
            targets = np.where(documents[1:].reshape(rows) == owners, targets, IGNORED)
            positions = _positions(owners)
        return tokens[:-1].reshape(rows), targets, positions, owners

    def _read(self, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens begin .. end of the stream, both included, and the document of each."""
        touched = self.stream.documents(begin, end)
        tokens = np.concatenate([self._document(index) for index in touched]).astype(np.int64)
        documents = np.repeat(
            np.arange(touched.start, touched.stop), self.stream.n_tokens[touched.start : touched.stop]
        )
        offset = begin - int(self.stream.starts[touched.start])
        window = slice(offset, offset + end - begin + 1)
        if tokens[window].max() >= self.vocab_size:
            raise InputError(
                f"token {tokens[window].max()} in the documents {touched} is outside "
                f"model.vocab_size {self.vocab_size}"
            )
        return tokens[window], documents[window]

    def _document(self, index: int) -> np.ndarray:
        shard, row, expected = (
            int(self.stream.shard[index]),
            int(self.stream.row[index]),
            self.stream.n_tokens[index],
        )
        tokens = self.shards(shard, row)
        if len(tokens) != expected:
            raise InputError(
                f"shard {shard}, row {row}: {len(tokens)} tokens, the plan says {expected}: "
                "rebuild shards and plan together"
            )
        return tokens


def _positions(documents: np.ndarray) -> np.ndarray:
    """Distance of each token from its document's first token in the same sequence."""
    index = np.broadcast_to(np.arange(documents.shape[1]), documents.shape)
    fresh = np.zeros_like(documents, dtype=bool)
    fresh[:, 1:] = documents[:, 1:] != documents[:, :-1]
    return index - np.maximum.accumulate(np.where(fresh, index, 0), axis=1)
