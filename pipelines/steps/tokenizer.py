"""Tokenizer: a SentencePiece BPE trained on a draw from the documents that are left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daybreak.errors import DaybreakError
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from pipelines.draw import draw
from pipelines.reading import kept_units
from pipelines.step import Context, Result, Step
from tokenizer.fingerprint import fingerprint
from tokenizer.train import train_bpe

MODEL = "model/tokenizer.model"


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
    )
    libraries = ("pyarrow", "sentencepiece", "xxhash")

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a tokenizer section."""
        return recipe.tokenizer is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Vocabulary, draw and the weights it follows."""
        assert recipe.tokenizer is not None
        weights = {name: s.weight for name, s in sorted(recipe.sources.items())}
        return {**recipe.tokenizer.model_dump(), "seed": recipe.seed, "weights": weights}

    def run(self, context: Context) -> Result:
        """Draw, train, write the model."""
        settings = context.recipe.tokenizer
        assert settings is not None
        weights = {name: s.weight for name, s in context.recipe.sources.items()}
        units = kept_units(context, "filter", "dedup", "passages", "decontaminate")
        drawn = draw(units, weights, settings.sample_bytes, context.recipe.seed)
        if not drawn:
            raise DaybreakError(
                "no document is left to train a tokenizer on; see the funnel for what removed them"
            )
        target = Path(context.out.path(MODEL))
        target.parent.mkdir(parents=True)
        trained = train_bpe(
            iter(drawn),
            target,
            vocab_size=settings.vocab_size,
            seed=context.recipe.seed,
            split_digits=settings.split_digits,
        )
        size = context.out.size(MODEL)
        entry = FileEntry(MODEL, 1, size, context.out.sha256(MODEL))
        facts = {
            "fingerprint": fingerprint(target),
            "vocab_size": trained.vocab_size,
            "sample_documents": len(drawn),
            "sample_bytes": sum(len(text.encode()) for text in drawn),
        }
        return Result({"model": [entry]}, facts=facts)
