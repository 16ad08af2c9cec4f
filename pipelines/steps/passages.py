"""Passages: paragraphs, lines, sentences, spans and long runs that stood before leave the documents that dedup kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from daybreak.accounting import Ledger
from daybreak.progress import Progress
from daybreak.recipe import Recipe
from pipelines.dedup.history.record import Recorder
from pipelines.dedup.wanted import declared_order
from pipelines.passages import history
from pipelines.passages.engine import Engine, Removed
from pipelines.passages.settings import PassageSettings, settings_of
from pipelines.reading import kept_units
from pipelines.step import Context, Result, Step
from pipelines.steps.ingest import gather


class Passages(Step):
    """The step."""

    name = "passages"
    needs = ("ingest", "filter", "dedup")
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.reading",
        "pipelines.spark.wide",
        "pipelines.cutting",
        "pipelines.kernels.arrow",
        "pipelines.kernels.codepoints",
        "pipelines.kernels.cuts",
        "pipelines.dedup.history",
        "pipelines.dedup.kernels",
        "pipelines.dedup.normal",
        "pipelines.dedup.order",
        "pipelines.dedup.shingles",
        "pipelines.decontaminate.tokens",
        "pipelines.passages",
        "pipelines.steps.passages",
    )
    libraries = ("pyarrow", "numpy", "pyspark")

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a passages section."""
        return recipe.passages is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """The section as it stands, the declared order of dedup, and the batch of the history."""
        assert recipe.passages is not None
        batch = recipe.dedup.history.batch if recipe.dedup.history else None
        return {**recipe.passages.model_dump(), "order": asdict(declared_order(recipe)), "batch": batch}

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """Earlier batches of the history."""
        return history.digest(recipe)

    def ready(self, recipe: Recipe, progress: Progress) -> None:
        """Wait for another run that adds to the history."""
        history.wait(recipe, progress)

    def run(self, context: Context) -> Result:
        """Write decisions and cuts; add to the history. Facts: passages and how many went, by unit of text."""
        settings = settings_of(context.recipe)
        with history.holding(context.recipe) as recorder:
            removed = self._removed(context, settings, recorder)
            if recorder is not None:
                frames = history.tables(context.spark, context.out, removed.seen, settings.across)
                recorder.append(frames, context.progress)
                context.out.remove("seen")
        facts = {name: [0, 0] for name in settings.units}
        for result in removed.results:
            for name, counts in result.facts["passages"].items():
                facts[name] = [a + b for a, b in zip(facts[name], counts, strict=True)]
        counts = Ledger([c for r in removed.results for c in r.counts]).counts()
        shown = {name: {"passages": n, "repeated": gone} for name, (n, gone) in facts.items()}
        return Result(gather(removed.results), counts, {"passages": shown})

    def _removed(self, context: Context, settings: PassageSettings, recorder: Recorder | None) -> Removed:
        engine = Engine(
            spark=context.spark,
            out=context.out,
            settings=settings,
            order=declared_order(context.recipe),
            progress=context.progress,
            partitions=context.recipe.spark.partitions,
            priors=history.priors(recorder, settings.across) if recorder else {},
            keep_seen=recorder is not None,
        )
        return engine(kept_units(context, "filter", "dedup"))


def check(recipe: Recipe) -> None:
    """Raises RecipeError where the section names no unit of text, or cannot go with the history."""
    if recipe.passages is not None:
        settings_of(recipe)
        history.check(recipe)
