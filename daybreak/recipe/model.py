"""What a recipe may say: one frozen model a section, each key with its meaning.

A section that is left out (or `null`) switches its stage off where a corpus can do without it.
The order of stages is fixed by what they need of each other, not by the order in the file.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from daybreak.recipe.decontamination import Decontaminate
from daybreak.recipe.duplicates import Dedup, Passages
from daybreak.recipe.judging import Lists, Metadata, Model, Perplexity, Quality
from daybreak.recipe.publication import Gates, Publish
from daybreak.recipe.reading import Extract, Ingest, Language
from daybreak.recipe.running import Remote, Spark
from daybreak.recipe.schedule import Schedule
from daybreak.recipe.scrubbing import Scrub
from daybreak.recipe.section import Section, SignalName
from daybreak.recipe.sources import Source, is_day
from daybreak.recipe.tokens import Mixture, Shards, Tokenizer
from daybreak.recipe.training import Report, Train


class Recipe(Section):
    """One corpus build."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    workspace: str = Field(description="folder for tables, shards, model and report")
    day: str | None = Field(
        None,
        description="the day that a daily run is for, YYYY-MM-DD, given with the command: `${day}` stands for it",
    )
    seed: int = Field(0, description="key of every shuffle and draw")
    min_free_gb: Annotated[float, Field(ge=0)] = Field(
        1.0, description="disk space to have before starting, GB"
    )
    sources: dict[str, Source] = Field(min_length=1)
    spark: Spark = Field(default_factory=Spark)
    remote: Remote = Field(default_factory=Remote)
    ingest: Ingest = Field(default_factory=Ingest)
    extract: Extract = Field(default_factory=Extract)
    language: Language = Field(default_factory=Language)
    quality: Quality = Field(default_factory=Quality)
    models: dict[SignalName, Model] = Field(default_factory=dict)
    perplexity: dict[SignalName, Perplexity] = Field(default_factory=dict)
    lists: Lists = Field(default_factory=Lists)
    metadata: dict[SignalName, Metadata] = Field(default_factory=dict)
    scrub: Scrub = Field(default_factory=Scrub)
    dedup: Dedup = Field(default_factory=Dedup)
    passages: Passages | None = None
    decontaminate: Decontaminate | None = None
    tokenizer: Tokenizer | None = None
    mixture: Mixture = Field(default_factory=Mixture)
    shards: Shards = Field(default_factory=Shards)
    gates: Gates | None = None
    publish: Publish | None = None
    train: Train | None = None
    report: Report | None = Field(default_factory=Report)
    schedule: Schedule | None = None

    @field_validator("day", mode="before")
    @classmethod
    def _day(cls, day: Any) -> Any:
        if day is not None and not is_day(day):
            raise ValueError("a day is written YYYY-MM-DD, e.g. day=2026-01-02")
        return day

    @field_validator("sources")
    @classmethod
    def _names(cls, sources: dict[str, Source]) -> dict[str, Source]:
        for name in sources:
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"source name {name!r}: letters, digits, - and _ only")
        return sources

    @model_validator(mode="after")
    def _order(self) -> Recipe:
        for name in ("train", "publish"):
            if getattr(self, name) and not self.tokenizer:
                raise ValueError(
                    f"{name} needs token shards: add a `tokenizer` section, or leave `{name}` out"
                )
        return self

    def rules_for(self, source: str) -> list[str]:
        """The rule sets of one source, in order."""
        own = self.sources[source].rules
        return self.quality.rules if own is None else own
