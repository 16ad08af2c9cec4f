"""Common Crawl in a recipe: which of a crawl's files, or which of its pages."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from daybreak.recipe.section import Section

Part = Annotated[float, Field(gt=0, le=1)]
Number = Annotated[int, Field(ge=1)]

COMMON_CRAWL = "https://data.commoncrawl.org/"


class Files(Section):
    """Some of a crawl's files, in the order of its listing, instead of all."""

    segments: list[str] = Field(default_factory=list, description="only files of these segments")
    share: Part | None = Field(None, description="share of the files, drawn by a keyed hash of their names")
    every: Number | None = Field(None, description="of each so many files the first")
    first: Number | None = Field(None, description="at most so many files, from the beginning")


class Select(Section):
    """Pages chosen by the crawl's columnar index; only their bytes are read. A page must fit every key given."""

    languages: list[str] = Field(
        default_factory=list, description="the page's first language, written de, deu or deu_Latn"
    )
    domains: list[str] = Field(default_factory=list, description="registered domains, e.g. example.co.uk")
    hosts: list[str] = Field(
        default_factory=list, description="host names with all below them, e.g. example.org or gov.uk"
    )
    mime: list[str] = Field(default_factory=list, description="types found in the content, e.g. text/html")
    status: list[int] = Field(default_factory=list, description="HTTP status codes")
    url: str | None = Field(None, description="regular expression (RE2) found in the URL")
    share: Part | None = Field(None, description="share of the pages, drawn by a keyed hash of their places")
    limit: Number | None = Field(
        None, description="at most so many pages: those with the smallest keyed hashes"
    )

    @field_validator("url")
    @classmethod
    def _pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern
