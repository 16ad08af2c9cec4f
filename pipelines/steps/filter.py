"""Filter: language and quality rules over the signals table alone. Changing a threshold runs only this again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from daybreak.accounting import Ledger
from daybreak.recipe import Recipe
from daybreak.recipe.judging import Quality
from daybreak.schema import DECISIONS
from daybreak.storage import Store
from pipelines.parts import read_part, write_part
from pipelines.quality.book import rulebook
from pipelines.quality.decide import Filter as Decide
from pipelines.spark.narrow import UnitResult, run_units
from pipelines.step import Context, Result, Step
from pipelines.steps.ingest import gather

STAGES = ("language", "quality")


@dataclass(frozen=True)
class SignalsUnit:
    """The signals part of one unit."""

    unit: str
    size: int
    path: str


@dataclass(frozen=True)
class FilterUnit:
    """The work on one unit: decide, write one row a document, count."""

    source: Store
    out: Store
    decide: Decide

    def __call__(self, item: SignalsUnit) -> UnitResult:
        """Decisions aligned with the unit's documents."""
        ledger = Ledger()
        path = f"decisions/{item.unit}.parquet"
        entry = write_part(self.out, path, DECISIONS, self._decided(item, ledger))
        return UnitResult(item.unit, {"decisions": entry}, ledger.counts())

    def _decided(self, item: SignalsUnit, ledger: Ledger) -> Iterator[pa.RecordBatch]:
        for signals in read_part(self.source, item.path):
            decisions = self.decide(signals)
            count_verdicts(decisions, STAGES, ledger)
            yield decisions


class Filter(Step):
    """The step."""

    name = "filter"
    needs = ("ingest",)
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.steps.filter",
        "pipelines.quality",
        "pipelines.language.codes",
    )
    libraries = ("pyarrow", "langcodes")

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Languages, rule sets by source, thresholds: all that `decider_of` needs."""
        return {
            "language": recipe.language.model_dump(include={"keep", "min_score", "min_scores", "min_share"}),
            "rules": {name: recipe.rules_for(name) for name in sorted(recipe.sources)},
            "quality": recipe.quality.model_dump(exclude={"signals", "segmenters"}),
            "pii": recipe.scrub.model_dump(include={"max_density", "min_findings"}),
        }

    def run(self, context: Context) -> Result:
        """Decide on every document."""
        signals = context.inputs["ingest"].tables["signals"]
        units = [
            SignalsUnit(e.path.rsplit("/", 1)[1].removesuffix(".parquet"), e.bytes, e.path) for e in signals
        ]
        work = FilterUnit(context.data("ingest"), context.out, decider(context.recipe))
        results = run_units(
            context.spark, units, work, context.progress, context.recipe.spark.partitions, what="decide on"
        )
        return Result(gather(results), [c for r in results for c in r.counts])


def decider(recipe: Recipe) -> Decide:
    """The stage that decides, from the recipe. Raises RecipeError for unknown rules, used or not."""
    book = rulebook(recipe.quality)
    book.rules(recipe.quality.rules)
    book.check_used(name for source in recipe.sources for name in recipe.rules_for(source))
    return decider_of(Filter().settings(recipe))


def decider_of(settings: Mapping[str, Any]) -> Decide:
    """The stage that decides, from the step's settings, as they stand in its manifest."""
    language = settings["language"]
    return Decide(
        rule_sets={name: tuple(rules) for name, rules in settings["rules"].items()},
        book=rulebook(Quality(**settings["quality"])),
        languages=None if language["keep"] is None else tuple(language["keep"]),
        min_language_score=language["min_score"],
        min_language_scores=language["min_scores"],
        min_language_share=language["min_share"],
        max_pii_density=settings["pii"]["max_density"],
        min_pii_findings=settings["pii"]["min_findings"],
    )


def count_verdicts(decisions: pa.RecordBatch, stages: tuple[str, ...], ledger: Ledger) -> None:
    """Count decisions into a ledger: a row dropped in one stage was kept by the stages before it."""
    table = pa.Table.from_batches([decisions.select(["source", "stage", "verdict", "rule", "n_bytes"])])
    groups = table.group_by(["source", "stage", "verdict", "rule"]).aggregate(
        [("n_bytes", "sum"), ([], "count_all")]
    )
    for row in groups.to_pylist():
        documents, size = row["count_all"], row["n_bytes_sum"]
        last = len(stages) - 1 if row["verdict"] == "keep" else stages.index(row["stage"])
        for position in range(last + 1):
            ledger.add(stages[position], row["source"], "in", documents, size)
            dropped = position == last and row["verdict"] == "drop"
            rule = row["rule"] if dropped else None
            ledger.add(
                stages[position], row["source"], "dropped" if dropped else "kept", documents, size, rule
            )
