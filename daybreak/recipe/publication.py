"""What a recipe says of daily runs: gates that a run must pass, and where what passed is published."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from daybreak.accounting import STAGE_ORDER
from daybreak.recipe.section import Section, Share

Least = Annotated[int, Field(ge=0)]

CLEANING = STAGE_ORDER[: STAGE_ORDER.index("mixture")]
"""Stages that judge documents; what mixture leaves out is a matter of quotas."""


class Shares(Section):
    """Bounds of a share, both inclusive."""

    min: Share | None = Field(None, description="the gate fails below")
    max: Share | None = Field(None, description="the gate fails above")

    @model_validator(mode="after")
    def _order(self) -> Shares:
        _check_order(self.min, self.max)
        return self


class Numbers(Section):
    """Bounds of a number, both inclusive."""

    min: Least | None = Field(None, description="the gate fails below")
    max: Least | None = Field(None, description="the gate fails above")

    @model_validator(mode="after")
    def _order(self) -> Numbers:
        _check_order(self.min, self.max)
        return self


class Earlier(Section):
    """The same values against those of editions of earlier days, by modified z-score (Iglewicz and Hoaglin 1993):
    0.6745 times the distance from their median, over the median of their own distances from it.
    """

    editions: Annotated[int, Field(ge=1)] = Field(14, description="how many of the last ones to look at")
    least: Annotated[int, Field(ge=2)] = Field(5, description="with fewer of them the values are not judged")
    max_score: Annotated[float, Field(gt=0)] = Field(3.5, description="the gate fails past this score")
    least_spread: Annotated[float, Field(gt=0)] = Field(
        0.05,
        description="spread that is taken at least, so that days much alike make no trap of a small change: a part "
        "of the median for documents and tokens, points for shares (0.05: with 3.5 a share may move by .175)",
    )


class Gates(Section):
    """Bounds that a run must keep to, or it is not published. `daybreak gates WORKSPACE` shows them."""

    removal: Shares | None = Field(
        None, description="documents that did not stay, of those that came in, before mixture"
    )
    stages: dict[str, Shares] = Field(
        default_factory=dict,
        description='the same of single stages of the funnel: {quality: {max: 0.6}, "near dedup": {max: 0.4}}',
    )
    duplicates: Shares | None = Field(
        None, description="documents that dedup dropped as copies (url, exact, near), of those it took in"
    )
    languages: dict[str, Shares] = Field(
        default_factory=dict, description="share of the encoded tokens by language: {en: {min: 0.5}}"
    )
    recall: Shares | None = Field(None, description="recall on the planted pairs (dedup.certificate)")
    documents: Numbers | None = Field(None, description="documents in the shards")
    tokens: Numbers | None = Field(None, description="tokens in the shards")
    earlier: Earlier | None = Field(default_factory=Earlier)

    @field_validator("stages")
    @classmethod
    def _stages(cls, stages: dict[str, Shares]) -> dict[str, Shares]:
        for name in stages:
            if name not in CLEANING:
                raise ValueError(f"no stage {name!r}; the stages are {', '.join(CLEANING)}")
        return stages


class Publish(Section):
    """Where finished shards go: one folder an edition, moved in whole."""

    path: str = Field(description="folder of the editions, on a local or shared disk")


def _check_order(least: float | None, most: float | None) -> None:
    if least is not None and most is not None and least > most:
        raise ValueError(f"min {least} is above max {most}")
