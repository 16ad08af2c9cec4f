"""Sections `ingest`, `extract` and `language`: from bytes to text whose language is known."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from daybreak.recipe.section import Count, Section, Share


class Ingest(Section):
    """Reading the sources."""

    max_bad_inputs: Annotated[int, Field(ge=0)] = Field(0, description="files that may be unreadable")
    batch_bytes: Annotated[int, Field(ge=1 << 16)] = Field(4 << 20, description="text a batch, bytes")
    unit_bytes: Annotated[int, Field(ge=1 << 10)] = Field(
        256 << 20,
        description="stored bytes a unit of work: a larger file is read, and resumed, in pieces (of one compressed "
        "stream a piece is four times as many decoded bytes)",
    )
    guard: bool = Field(
        True, description="read and extract in watched child processes, so that no record ends the run"
    )
    record_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, description="CPU seconds that a record may take in one stage before it is quarantined"
    )
    record_memory: Annotated[int, Field(ge=64 << 20)] = Field(
        2 << 30, description="memory that a record may take before it is quarantined, bytes"
    )


Reservation = Literal["noai", "tdm", "noindex", "noarchive", "noimageai"]


class Extract(Section):
    """HTML to text."""

    main_content: bool = Field(True, description="leave out navigation, headers and footers")
    extractor: Literal["daybreak", "resiliparse", "trafilatura"] = Field(
        "daybreak", description="daybreak, resiliparse, or trafilatura (some ten times slower)"
    )
    format: Literal["text", "markdown"] = Field(
        "text", description="markdown marks headings, lists, code and table rows"
    )
    honour: list[Reservation] = Field(
        default_factory=lambda: list[Reservation](("noai", "tdm")),
        description="reservations in a page or its HTTP headers that drop it; [] for none",
    )


class Language(Section):
    """Language and script of each document, of its segments, and which are kept."""

    identifier: str = Field("lid176", description="lid176, fasttext (with `model`) or heliport (an extra)")
    model: str | None = Field(None, description="a fastText model file, for identifier fasttext")
    max_chars: Count = Field(1000, description="characters of a text that are looked at, from its beginning")
    segments: Annotated[int, Field(ge=0, le=64)] = Field(
        4, description="segments of a text that are looked at for other languages; 0 for none"
    )
    keep: list[str] | None = Field(
        None, description="languages to keep, written en, eng or eng_Latn; all when left out"
    )
    min_score: Share = Field(0.5, description="least score of the language found")
    min_scores: dict[str, Share] = Field(
        default_factory=dict, description="other least scores by language: {fra: 0.6}"
    )
    min_share: Share = Field(
        0.0, description="least share of a text's segments in its language; 0 keeps mixed texts"
    )

    @model_validator(mode="after")
    def _segments(self) -> Language:
        if self.min_share and not self.segments:
            raise ValueError("min_share needs segments: set segments above 0, or leave min_share out")
        return self
