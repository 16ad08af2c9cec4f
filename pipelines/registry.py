"""All steps, in the order they run. A new step is one file in pipelines/steps and one line here."""

from __future__ import annotations

from daybreak.errors import DaybreakError, RecipeError
from daybreak.recipe import Recipe
from pipelines.dedup.wanted import check_certificate, check_earlier, check_order, stage_settings
from pipelines.fused.outside import OUTSIDE_CHECKS
from pipelines.language.settings import check_identifier, check_keep, check_min_scores, check_rule_languages
from pipelines.pii.settings import check as scrub_check
from pipelines.quality.segmenters import check_segmenters
from pipelines.quality.wanted import check_signals
from pipelines.step import Step
from pipelines.steps import decontaminate, passages, tokenizer
from pipelines.steps.decontaminate import Decontaminate
from pipelines.steps.dedup import Dedup
from pipelines.steps.encode import Encode
from pipelines.steps.filter import Filter, decider
from pipelines.steps.gates import Gates, check_gates
from pipelines.steps.ingest import Ingest, inputs
from pipelines.steps.mixture import Mixture
from pipelines.steps.passages import Passages
from pipelines.steps.publish import Publish, check_publish
from pipelines.steps.report import Report
from pipelines.steps.shards import Shards
from pipelines.steps.tokenizer import Tokenizer
from pipelines.steps.train import Train

STEPS: tuple[Step, ...] = (
    Ingest(),
    Filter(),
    Dedup(),
    Passages(),
    Decontaminate(),
    Tokenizer(),
    Encode(),
    Mixture(),
    Shards(),
    Gates(),
    Publish(),
    Train(),
    Report(),
)


def step(name: str) -> Step:
    """The step of that name; KeyError when there is none."""
    return {s.name: s for s in STEPS}[name]


def validate(recipe: Recipe) -> None:
    """What a recipe's own model cannot know: rules exist, bands can work, inputs are there.

    Raises RecipeError that names the key.
    """
    checks = {
        "language.identifier": check_identifier,
        "language.keep": check_keep,
        "language.min_scores": check_min_scores,
        "quality.languages": check_rule_languages,
        "quality": decider,
        "quality.sets": check_signals,
        "quality.segmenters": check_segmenters,
        "dedup.near": stage_settings,
        "dedup.certificate": check_certificate,
        "dedup.order": check_order,
        "dedup": check_earlier,
        "sources": inputs,
        "scrub": scrub_check,
        "passages": passages.check,
        "decontaminate": decontaminate.check,
        "tokenizer.path": tokenizer.check,
        "gates": check_gates,
        "publish": check_publish,
        **OUTSIDE_CHECKS,
    }
    for key, check in checks.items():
        try:
            check(recipe)
        except DaybreakError as error:
            raise RecipeError(f"{key}: {error}") from error
