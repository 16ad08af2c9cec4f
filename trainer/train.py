"""Training: the loop, and what happens around it."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from daybreak.errors import DaybreakError
from daybreak.trace import current
from trainer.checkpoint.load import newest, require_same_run, restore
from trainer.checkpoint.retention import retain
from trainer.checkpoint.save import save
from trainer.checkpoint.state import State
from trainer.data.corpus import Corpus, open_corpus
from trainer.engine import Engine, Update
from trainer.export.huggingface import export_llama
from trainer.lock import exclusive
from trainer.model.gpt import initialise
from trainer.parallel.arithmetic import fixed_arithmetic
from trainer.parallel.mesh import Mesh, local_processes, open_mesh
from trainer.settings import Settings
from trainer.watch.gradients import require_gradients
from trainer.watch.journal import Progress
from trainer.watch.record import Record


@dataclass(frozen=True)
class TrainResult:
    """What a run did. Losses are in nats a target; None where no step was left or nothing is held out."""

    step: int
    tokens: int
    parameters: int
    resumed_from: int
    loss: float | None
    eval_loss: float | None
    model: Path | None
    """Folder of the exported model; None if the run stopped before its last step."""


def train(
    settings: Settings, *, stop_after: int | None = None, progress: Progress | None = None
) -> TrainResult:
    """Train to the last step, from the newest checkpoint in `settings.out` if there is one.

    Under torchrun every process calls this. `stop_after` saves and returns after that step, for jobs with a
    time limit; the next call continues. Raises DaybreakError subclasses.
    """
    with ExitStack() as stack:
        stack.enter_context(fixed_arithmetic(max(1, settings.run.threads // local_processes())))
        mesh = stack.enter_context(open_mesh(settings.run.timeout_s))
        if mesh.is_first:
            stack.enter_context(exclusive(settings.out))
        report = progress if progress and mesh.is_first else Progress(quiet=True)
        run = _Run(settings, mesh, report)
        stack.callback(run.close)
        return run(min(stop_after or settings.run.steps, settings.run.steps))


class _Run:
    """One process's part of a run. Only the first process has a record and writes files."""

    def __init__(self, settings: Settings, mesh: Mesh, report: Progress) -> None:
        self.settings, self.mesh, self.report = settings, mesh, report
        self.corpus = _same_corpus(settings, mesh)
        self.engine = Engine(settings, mesh)
        self.state = self._resume()
        self.resumed_from = self.state.step
        self.record = Record(settings, self.state.step, self.state.losses, report) if mesh.is_first else None
        self.loss: float | None = None
        self.eval_loss: float | None = None

    def __call__(self, last: int) -> TrainResult:
        self._announce()
        for step in range(self.state.step + 1, last + 1):
            update = self.engine.gradients(self.corpus.training, self.state.samples)
            self._refuse_bad(step, update)
            self.engine.apply(update)
            self._advance(step, update)
            if self._due(step, self.settings.checkpoint.every, last):
                self._save()
        return self._finish()

    def close(self) -> None:
        """Close the record's files."""
        if self.record:
            self.record.close()

    def _resume(self) -> State:
        """Fresh parameters, or those of the newest checkpoint that the first process finds whole."""
        folder = self.settings.out / "checkpoints"
        deciding, fingerprint = self.settings.deciding(), self.corpus.fingerprint
        found = self.mesh.from_first(newest(folder, self._warn) if self.mesh.is_first else None)
        if found is None:
            initialise(self.engine.model, self.settings.run.seed)
            return State(settings=deciding, fingerprint=fingerprint)
        path, state = found
        require_same_run(state, deciding, fingerprint, path)
        restore(path, self.engine.model, self.engine.optimizer)
        return state

    def _warn(self, message: str) -> None:
        self.report("warning", message=message)

    def _announce(self) -> None:
        self.report(
            "resume" if self.resumed_from else "start",
            step=self.resumed_from,
            steps=self.settings.run.steps,
            parameters=self.engine.parameters,
            processes=self.mesh.size,
            train_samples=self.corpus.training.stream.samples,
            eval_samples=self.corpus.validation_samples,
            trace_id=current().trace_id,
        )

    def _refuse_bad(self, step: int, update: Update) -> None:
        """End the run, with the documents noted, rather than let a bad gradient into the parameters."""
        finite = math.isfinite(update.loss) and math.isfinite(update.grad_norm)
        if not finite:
            if self.record:
                self.record.documents(step, None, None, self.corpus.training.stream)
            raise DaybreakError(
                f"step {step}: loss {update.loss}, gradient norm {update.grad_norm}; the "
                f"documents of its batch are in {self.settings.out / 'spikes.jsonl'}. The last checkpoint is "
                "whole: look at them, or lower optim.lr"
            )
        if step == self.resumed_from + 1:
            require_gradients(self.engine.model, update.grad_norm)

    def _advance(self, step: int, update: Update) -> None:
        """Count the step, evaluate where due, and write its lines."""
        samples = self.state.samples + self.settings.run.batch_size
        self.state = replace(self.state, step=step, samples=samples, tokens=self.state.tokens + update.tokens)
        self.loss, measured = update.loss, None
        if self._due(step, self.settings.watch.eval_every, self.settings.run.steps):
            measured = self.eval_loss = self._evaluate()
        if self.record:
            self.record.spike(step, update.loss, self.corpus.training.stream)
            self.record.step(step, update, self.state.tokens, measured)

    def _evaluate(self) -> float | None:
        samples = self.corpus.validation_samples
        return self.engine.evaluate(self.corpus.validation, samples) if samples else None

    def _due(self, step: int, every: int, last: int) -> bool:
        return step % every == 0 or step == last

    def _save(self) -> None:
        if self.record is None:
            return
        self.record.sync()
        folder = self.settings.out / "checkpoints"
        state = replace(self.state, losses=tuple(self.record.spikes.losses))
        path = save(folder, self.engine.model, self.engine.optimizer, state)
        retain(folder, self.settings.checkpoint.keep)
        self.report("checkpoint", step=state.step, path=str(path))

    def _finish(self) -> TrainResult:
        model = self.settings.out / "model" if self.state.step == self.settings.run.steps else None
        if model and self.mesh.is_first:
            export_llama(model, self.engine.model, self.settings.data.seq_len)
        self.mesh.from_first(None)  # no process leaves before the files are there
        result = TrainResult(
            step=self.state.step,
            tokens=self.state.tokens,
            parameters=self.engine.parameters,
            resumed_from=self.resumed_from,
            loss=self.loss,
            eval_loss=self.eval_loss,
            model=model,
        )
        self.report(
            "done" if model else "stopped",
            **{k: str(v) if k == "model" else v for k, v in vars(result).items()},
        )
        return result


def _same_corpus(settings: Settings, mesh: Mesh) -> Corpus:
    corpus = open_corpus(settings)
    mesh.agree("the data (token shards and plan)", corpus.fingerprint)
    return corpus
