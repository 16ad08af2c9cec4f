"""What a run writes about itself: metrics, rates, spikes, and progress for whoever started it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.data.order import Stream
from trainer.engine import Update
from trainer.settings import Settings
from trainer.watch.journal import Journal, Progress
from trainer.watch.spikes import SpikeWatch
from trainer.watch.throughput import Throughput


class Record:
    """The first process's record of a run, continued after `last_step`.

    metrics.jsonl and spikes.jsonl depend on settings and data alone, so a run that was interrupted writes the
    same bytes; throughput.jsonl holds the times.
    """

    def __init__(
        self, settings: Settings, last_step: int, losses: tuple[float, ...], report: Progress
    ) -> None:
        self.settings, self.report = settings, report
        self.spikes = SpikeWatch(settings.watch.spike_window, settings.watch.spike_z, losses)
        self._throughput = Throughput()
        self._metrics, self._rates, self._spikes = (
            Journal(settings.out / f"{name}.jsonl", last_step) for name in ("metrics", "throughput", "spikes")
        )

    def step(self, step: int, update: Update, total: int, eval_loss: float | None) -> None:
        """Write the lines of a finished step; `total` is the number of targets so far."""
        metrics: dict[str, Any] = {"step": step, "loss": update.loss, "lr": update.lr}
        metrics |= {"grad_norm": update.grad_norm, "tokens": total}
        metrics |= {} if eval_loss is None else {"eval_loss": eval_loss}
        rate = self._throughput(update.tokens)
        self._metrics.write(**metrics)
        self._rates.write(step=step, tokens=update.tokens, **rate)
        steps = self.settings.run.steps
        if step % self.settings.watch.log_every == 0 or step == steps:
            self.report("step", **metrics, tokens_per_s=rate["tokens_per_s"], steps=steps)

    def spike(self, step: int, loss: float, stream: Stream) -> None:
        """Note which documents were in the batch of `step` if its loss jumps."""
        score = self.spikes(loss)
        if score is not None:
            self.documents(step, loss, score, stream)

    def documents(self, step: int, loss: float | None, score: float | None, stream: Stream) -> None:
        """Write down the documents of a batch; `loss` and `score` are None where they are no numbers."""
        size = self.settings.run.batch_size
        first = (step - 1) * size
        found = stream.doc_ids(first, size)
        self._spikes.write(step=step, loss=loss, z=score, samples=[first, first + size], doc_ids=found)
        self.report("spike", step=step, loss=loss, z=score, documents=len(found))

    @property
    def spikes_path(self) -> Path:
        """Where the documents of spiking batches are listed."""
        return self.settings.out / "spikes.jsonl"

    def sync(self) -> None:
        """Have everything written so far on the disk, before a checkpoint says it is."""
        for journal in (self._metrics, self._rates, self._spikes):
            journal.sync()

    def close(self) -> None:
        """Close the files."""
        for journal in (self._metrics, self._rates, self._spikes):
            journal.close()
