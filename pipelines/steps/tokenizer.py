"""Tokenizer: a SentencePiece BPE trained on a draw from the documents that are left, or a finished one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from daybreak.errors import DaybreakError
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.recipe.tokens import Tokenizer as Settings
from daybreak.storage import Store
from pipelines.draw import draw
from pipelines.reading import kept_units
from pipelines.step import Context, Result, Step
from tokenizer.fingerprint import fingerprint, read_model
from tokenizer.finished import MODEL, finished_model
from tokenizer.train import train_bpe


class Tokenizer(Step):
    """The step. Runs on the driver: the draw is bounded by `sample_bytes`, whatever the corpus' size."""

    name = "tokenizer"
    needs = ("ingest", "filter", "dedup", "passages", "decontaminate")
    code = (
        "pipelines.parts",
        "pipelines.reading",
        "pipelines.kernels.arrow",
        "pipelines.kernels.cuts",
        "pipelines.draw",
        "pipelines.steps.tokenizer",
        "tokenizer.train",
        "tokenizer.fingerprint",
        "tokenizer.finished",
    )
    libraries = ("pyarrow", "sentencepiece", "xxhash")

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a tokenizer section."""
        return recipe.tokenizer is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Vocabulary, draw and the weights it follows; nothing where the tokenizer is a finished one."""
        assert recipe.tokenizer is not None
        if recipe.tokenizer.path is not None:
            return {}
        weights = {name: s.weight for name, s in sorted(recipe.sources.items())}
        return {**recipe.tokenizer.model_dump(exclude={"path"}), "seed": recipe.seed, "weights": weights}

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """The content of a finished tokenizer's model file."""
        assert recipe.tokenizer is not None
        if recipe.tokenizer.path is None:
            return {}
        model = finished_model(recipe.tokenizer.path)
        return {"tokenizer.path": Store.at(model.parent).sha256(model.name)}

    def run(self, context: Context) -> Result:
        """Take the finished model, or draw and train; write the model."""
        settings = context.recipe.tokenizer
        assert settings is not None
        target = Path(context.out.path(MODEL))
        target.parent.mkdir(parents=True)
        if settings.path is None:
            facts = _trained(context, settings, target)
        else:
            shutil.copyfile(finished_model(settings.path), target)
            facts = {"vocab_size": len(read_model(target).pieces)}
        entry = FileEntry(MODEL, 1, context.out.size(MODEL), context.out.sha256(MODEL))
        return Result({"model": [entry]}, facts={"fingerprint": fingerprint(target), **facts})


def _trained(context: Context, settings: Settings, target: Path) -> dict[str, Any]:
    """Draw, train, write the model to `target`; facts."""
    weights = {name: s.weight for name, s in context.recipe.sources.items()}
    units = kept_units(context, "filter", "dedup", "passages", "decontaminate")
    drawn = draw(units, weights, settings.sample_bytes, context.recipe.seed)
    if not drawn:
        raise DaybreakError(
            "no document is left to train a tokenizer on; see the funnel for what removed them"
        )
    trained = train_bpe(
        iter(drawn),
        target,
        vocab_size=settings.vocab_size,
        seed=context.recipe.seed,
        split_digits=settings.split_digits,
    )
    return {
        "vocab_size": trained.vocab_size,
        "sample_documents": len(drawn),
        "sample_bytes": sum(len(text.encode()) for text in drawn),
    }


def check(recipe: Recipe) -> None:
    """Raises DaybreakError where the recipe names a finished tokenizer that is not there or does not fit."""
    if recipe.tokenizer and recipe.tokenizer.path is not None:
        finished_model(recipe.tokenizer.path)
