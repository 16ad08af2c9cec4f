"""The arithmetic of a run: what one update and one validation do, the same at any number of processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from daybreak.errors import RecipeError
from trainer.data.collate import Batch, Collate
from trainer.model.gpt import GPT, summed_loss
from trainer.optim.clip import clip_gradients
from trainer.optim.groups import adamw, set_rate
from trainer.optim.schedule import learning_rate
from trainer.parallel.mesh import Mesh
from trainer.settings import Settings


@dataclass(frozen=True)
class Update:
    """One step: mean loss in nats a target, rate, gradient norm before clipping, targets with a loss."""

    loss: float
    lr: float
    grad_norm: float
    tokens: int


class Engine:
    """Model and optimizer of one process, and its share of every batch.

    The loss is normalised by the number of targets of all processes and micro-batches, which the plan gives
    without communication; so gradients are summed, never averaged, and every layout computes the loss of one
    process.
    """

    def __init__(self, settings: Settings, mesh: Mesh) -> None:
        if settings.run.batch_size % mesh.size:
            raise RecipeError(
                f"run.batch_size {settings.run.batch_size} cannot be shared equally by {mesh.size} processes"
            )
        self.settings, self.mesh = settings, mesh
        self.model = GPT(settings.model)
        self.optimizer = adamw(self.model, settings.optim)
        self.parameters = sum(p.numel() for p in self.model.parameters())

    def gradients(self, data: Collate, first: int) -> Update:
        """Clipped gradients of the batch that begins at sample `first`, for the step that reads it."""
        run, optim = self.settings.run, self.settings.optim
        tokens = data.targets(first, run.batch_size)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._accumulate(data, first, tokens)
        parameters = list(self.model.parameters())
        self.mesh.sum_gradients(parameters)
        norm = clip_gradients(parameters, optim.clip_norm)
        step = first // run.batch_size + 1
        return Update(loss, learning_rate(step, run.steps, optim), norm, tokens)

    def apply(self, update: Update) -> None:
        """Take the optimizer's step."""
        set_rate(self.optimizer, update.lr)
        self.optimizer.step()

    @torch.no_grad()
    def evaluate(self, data: Collate, samples: int) -> float:
        """Mean loss over the first `samples` samples, shared out among the processes."""
        begin, end = (samples * rank // self.mesh.size for rank in (self.mesh.rank, self.mesh.rank + 1))
        batches = micro_batches(data, begin, end - begin, self.settings.run.micro_batch_size)
        total = self.mesh.sum(sum(self._loss(batch).item() for batch in batches))
        return total / max(1, data.targets(0, samples))

    def _accumulate(self, data: Collate, first: int, tokens: int) -> float:
        size = self.settings.run.batch_size // self.mesh.size
        total = 0.0
        own = first + self.mesh.rank * size
        for batch in micro_batches(data, own, size, self.settings.run.micro_batch_size):
            loss = self._loss(batch) / tokens
            loss.backward()
            total += loss.item()
        return self.mesh.sum(total)

    def _loss(self, batch: Batch) -> Tensor:
        with _autocast(self.settings.run.precision):
            logits = self.model(batch.inputs, batch.positions, batch.documents)
        return summed_loss(logits, batch.targets)


def micro_batches(data: Collate, first: int, count: int, size: int) -> Iterator[Batch]:
    """Samples first .. first + count - 1 in batches of `size`, the last perhaps smaller."""
    for begin in range(first, first + count, size):
        yield data(begin, min(size, first + count - begin))


def _autocast(precision: str) -> AbstractContextManager[object]:
    return torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else nullcontext()
