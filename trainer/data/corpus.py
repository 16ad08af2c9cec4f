"""The data of a run: a training and a validation stream over one set of shards."""

from __future__ import annotations

from dataclasses import dataclass

from daybreak.errors import RecipeError
from tokenizer.shards import ShardReader
from trainer.data.collate import Collate
from trainer.data.order import hold_out, read_plan
from trainer.settings import Settings


@dataclass(frozen=True)
class Corpus:
    """What is trained on, what is held out (`validation_samples` of it are read), and a hash of both."""

    training: Collate
    validation: Collate
    validation_samples: int
    fingerprint: str


def open_corpus(settings: Settings) -> Corpus:
    """Open shards and plan and check that they hold what the run asks for.

    Raises InputError for damaged data, RecipeError (with the numbers) where there is too little of it.
    """
    data = settings.data
    shards = ShardReader(data.shards)
    plan = read_plan(data.plan, data.seq_len, data.shuffle_window)
    streams = hold_out(plan, data.eval_fraction, data.eval_key)
    training, validation = (
        Collate(s, shards, data.mask_documents, settings.model.vocab_size) for s in streams
    )
    _require_samples(settings, training.stream.samples, validation.stream.samples)
    fingerprint = " ".join([shards.fingerprint, *(stream.fingerprint() for stream in streams)])
    return Corpus(training, validation, min(data.eval_samples, validation.stream.samples), fingerprint)


def _require_samples(settings: Settings, training: int, validation: int) -> None:
    data, run = settings.data, settings.run
    asked, there = run.steps * run.batch_size, training * data.epochs
    if asked > there:
        raise RecipeError(
            f"run.steps {run.steps} x run.batch_size {run.batch_size} asks for {asked} samples of "
            f"{data.seq_len} tokens; {data.plan} has {training} to train on x data.epochs {data.epochs} = "
            f"{there}. Take at most {there // run.batch_size} steps, or raise data.epochs"
        )
    if data.eval_fraction > 0 and validation == 0:
        raise RecipeError(
            f"data.eval_fraction {data.eval_fraction} holds out less than one sample of "
            f"{data.seq_len} tokens from {data.plan}: raise it, or set it and data.eval_samples to 0"
        )
