"""What `options` of a source may say, by layout: names, types and defaults of the readers' settings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from daybreak.recipe.section import Section

Names = Annotated[list[str], Field(min_length=1)]


class NoOptions(Section):
    """A layout that needs no settings."""


class ArchiveOptions(Section):
    """WARC, WET and WAT."""

    max_record_bytes: Annotated[int, Field(ge=1)] = Field(64 << 20, description="longest record that is read")


class KeyedOptions(Section):
    """Layouts of records with named values. A key may be a path into nested values, `meta.url`."""

    text_key: str | Names = Field("text", description="the text; of several, a blank line between them")
    url_key: str | None = Field("url", description="the address")
    timestamp_key: str | None = Field("timestamp", description="the date, ISO 8601")
    lang_key: str | None = Field(None, description="the language that the source declares")
    licence_key: str | None = Field(
        None, description="goes into the metadata as `licence`; by default the key licence or license"
    )
    metadata_keys: list[str] | None = Field(None, description="keys to keep; all others when left out")


class CsvOptions(KeyedOptions):
    """CSV and TSV (RFC 4180)."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="by default a tab where the file's name says .tsv or .tab, else a comma"
    )
    quote: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        '"', description="null: no value is quoted"
    )
    columns: Names | None = Field(
        None, description="names of the columns where the file has no line with them"
    )


class TextOptions(Section):
    """Plain text."""

    document: Literal["file", "paragraph", "line"] = Field(
        "file", description="what a document is; paragraphs stand between blank lines"
    )
    encoding: str = Field("utf-8", description="one in which a line feed is a single byte")

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, name: str) -> str:
        try:
            if "a\n".encode(name) != b"a\n":
                raise ValueError(f"{name} writes a line feed in another way than ASCII")
        except LookupError:
            raise ValueError(f"{name} is no encoding that Python knows") from None
        return name


class PileOptions(Section):
    """The Pile."""

    components: Names | None = Field(None, description="sub-sources to keep, e.g. PubMed Central")


class HuggingFaceOptions(CsvOptions):
    """A data set's folder as the Hugging Face hub has it, or as save_to_disk wrote it."""

    config: str | None = Field(None, description="subset; by default the one called default, or the only one")
    splits: Names = Field(default_factory=lambda: ["train"], description="splits to read")


OPTIONS: dict[str, type[Section]] = {
    "commoncrawl_warc": ArchiveOptions,
    "commoncrawl_wet": ArchiveOptions,
    "commoncrawl_wat": ArchiveOptions,
    "the_pile": PileOptions,
    "huggingface": HuggingFaceOptions,
    "jsonl": KeyedOptions,
    "parquet": KeyedOptions,
    "arrow": KeyedOptions,
    "csv": CsvOptions,
    "text": TextOptions,
}
"""Layouts that are not named have no options."""


def check_options(layout: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError, with what was likely meant, where `options` says what the reader does not know."""
    model = OPTIONS.get(layout, NoOptions)
    try:
        model.model_validate(dict(options))
    except ValidationError as error:
        raise ValueError("; ".join(_reason(layout, model, item) for item in error.errors())) from None


def _reason(layout: str, model: type[Section], item: Any) -> str:
    name = str(item["loc"][0])
    if item["type"] != "extra_forbidden":
        return f"{name}: {item['msg'].removeprefix('Value error, ')} (it is {item['input']!r})"
    known = list(model.model_fields)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"unknown option `{name}` of {layout}; did you mean `{near[0]}`?"
    return f"unknown option `{name}` of {layout}; known: {', '.join(known) or 'none'}"
