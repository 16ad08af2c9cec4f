"""Sections `sources.*`: what is read."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from daybreak.recipe.crawl import COMMON_CRAWL, Files, Select
from daybreak.recipe.options import check_options
from daybreak.recipe.section import Section

Format = Literal[
    "commoncrawl_warc",
    "commoncrawl_wet",
    "commoncrawl_wat",
    "c4",
    "the_pile",
    "openwebtext",
    "oscar",
    "refinedweb",
    "fineweb",
    "dolma",
    "dclm",
    "the_stack",
    "gutenberg",
    "huggingface",
    "jsonl",
    "parquet",
    "arrow",
    "csv",
    "text",
]


FORMATS: tuple[str, ...] = get_args(Format)


DAY = r"^\d{4}-\d{2}-\d{2}$"


def is_day(text: Any) -> bool:
    """Whether it is a day of the calendar, written YYYY-MM-DD in ASCII digits: safe as a part of a path."""
    if not (isinstance(text, str) and text.isascii() and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Options(Section):
    """Base of sections with `format` and `options`: the options are those of the layout's reader."""

    @field_validator("options", check_fields=False)
    @classmethod
    def _options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if layout := info.data.get("format"):
            check_options(layout, options)
        return options


class Source(Options):
    """One named input: `paths`, or a `crawl` of Common Crawl."""

    format: Format = Field(description="layout of the shards")
    paths: list[str] = Field(default_factory=list, description="files, folders or globs")
    crawl: str | None = Field(
        None,
        pattern=r"^CC-(NEWS|MAIN-\d{4}(-\d{2,4})?)$",
        description="a crawl by its name instead of paths: CC-MAIN-2024-10, or CC-NEWS with `day`",
    )
    day: str | None = Field(None, pattern=DAY, description="of CC-NEWS: the day (UTC), e.g. 2026-01-02")
    last_day: str | None = Field(None, pattern=DAY, description="of CC-NEWS: all days from `day` to this one")
    base: str = Field(
        COMMON_CRAWL, description="where crawls lie: an address, or a folder laid out like Common Crawl's"
    )
    files: Files | None = Field(None, description="a part of the crawl's files")
    select: Select | None = Field(None, description="pages chosen by the crawl's columnar index")
    weight: Annotated[float, Field(gt=0)] = Field(
        1.0, description="share of the tokens in the mixture, relative"
    )
    rules: list[str] | None = Field(None, description="rule sets for this source instead of quality.rules")
    options: dict[str, Any] = Field(default_factory=dict, description="settings of the reader, e.g. text_key")

    @model_validator(mode="after")
    def _place(self) -> Source:
        news = self.crawl == "CC-NEWS"
        wrong = {
            "paths is missing (or name a crawl of Common Crawl: `crawl`)": not self.paths and not self.crawl,
            "paths and crawl exclude each other": bool(self.paths) and self.crawl is not None,
            "crawl needs one of the formats commoncrawl_warc, commoncrawl_wet and commoncrawl_wat": (
                self.crawl is not None and not self.format.startswith("commoncrawl_")
            ),
            "crawl CC-NEWS needs `day`, and holds WARC only: format commoncrawl_warc": (
                news and (self.day is None or self.format != "commoncrawl_warc")
            ),
            "day is for crawl CC-NEWS": self.day is not None and not news,
            "last_day needs `day`, and does not come before it": (
                self.last_day is not None and self.last_day < (self.day or "9")
            ),
            "base and files are for a `crawl`": self.crawl is None
            and (self.base != COMMON_CRAWL or self.files is not None),
            "select needs a crawl CC-MAIN-... and format commoncrawl_warc": (
                self.select is not None and (not self.crawl or news or self.format != "commoncrawl_warc")
            ),
            "select and files exclude each other; select.share and select.limit take a part": (
                self.select is not None and self.files is not None
            ),
        }
        for message in (text for text, holds in wrong.items() if holds):
            raise ValueError(message)
        return self
