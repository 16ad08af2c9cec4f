"""From a run of consecutive samples to the tensors of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from daybreak.errors import InputError
from tokenizer.shards import ShardReader
from trainer.data.order import Stream
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
        read = [self._read(begin) for begin in self.stream.begins(first, count).tolist()]
        tokens, owners = (np.stack(part) for part in zip(*read, strict=True))
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        if not self.mask_documents:
            positions = np.broadcast_to(np.arange(self.stream.seq_len), inputs.shape)
            return Batch(_tensor(inputs), _tensor(targets), _tensor(positions), None)
        targets = np.where(owners[:, 1:] == owners[:, :-1], targets, IGNORED)
        owners = owners[:, :-1]
        positions = document_positions(owners)
        return Batch(_tensor(inputs), _tensor(targets), _tensor(positions), _tensor(owners))

    def targets(self, first: int, count: int) -> int:
        """Targets with a loss in samples first .. first + count - 1, without reading them."""
        return self.stream.targets(first, count, self.mask_documents)

    def _read(self, begin: int) -> tuple[np.ndarray, np.ndarray]:
        """The seq_len + 1 tokens from `begin`, and the document of each, as int64."""
        touched, end = self.stream.documents(begin), begin + self.stream.seq_len + 1
        starts = self.stream.starts[touched.start : touched.stop + 1].clip(begin, end)
        parts = [self._part(index, begin, end) for index in touched]
        tokens = np.concatenate(parts).astype(np.int64)
        if tokens.max() >= self.vocab_size:
            raise InputError(
                f"shard {self.stream.shard[touched.start]}, row {self.stream.row[touched.start]} or after: "
                f"token {tokens.max()}, outside model.vocab_size {self.vocab_size}"
            )
        return tokens, np.repeat(np.arange(touched.start, touched.stop), np.diff(starts))

    def _part(self, index: int, begin: int, end: int) -> np.ndarray:
        """What the document with this number holds of the stream's tokens [begin, end): a view."""
        stream, shard, row = self.stream, int(self.stream.shard[index]), int(self.stream.row[index])
        try:
            tokens = self.shards.input_ids(shard, row)
        except IndexError as error:
            raise InputError(f"the plan asks for shard {shard}, row {row}, which is not there") from error
        if len(tokens) != stream.n_tokens[index]:
            raise InputError(
                f"shard {shard}, row {row}: {len(tokens)} tokens, the plan says {stream.n_tokens[index]}: "
                "rebuild shards and plan together"
            )
        start = int(stream.starts[index])
        return tokens[max(0, begin - start) : end - start]


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))


def document_positions(documents: np.ndarray) -> np.ndarray:
    """Distance of each token from its document's first token in the same sequence."""
    index = np.broadcast_to(np.arange(documents.shape[1]), documents.shape)
    fresh = np.zeros_like(documents, dtype=bool)
    fresh[:, 1:] = documents[:, 1:] != documents[:, :-1]
    return index - np.maximum.accumulate(np.where(fresh, index, 0), axis=1)
