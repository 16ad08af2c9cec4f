"""Section `decontaminate`: benchmarks that a corpus must not hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from daybreak.recipe.section import Count, Section, Share

BenchmarkFormat = Literal["plain", "gsm8k", "humaneval", "hellaswag", "mmlu", "arc", "piqa"]


class Benchmark(Section):
    """One evaluation set, as its publisher lays it out."""

    path: str = Field(
        description="file, folder or glob: JSON Lines, JSON, Parquet, CSV or TSV, also .gz, .zst"
    )
    format: BenchmarkFormat | None = Field(None, description="layout; by default the one its keys fit")
    fields: dict[str, list[str]] = Field(
        default_factory=dict, description="keys of `id`, `text`, `answer` instead of those of the layout"
    )
    splits: list[str] = Field(
        default_factory=lambda: ["test", "validation", "valid", "val", "dev"],
        description="splits to take, where file names or a key `split` tell",
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _known(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        if fields and ("text" not in fields or fields.keys() - {"id", "text", "answer"}):
            raise ValueError("name `text`, and `id` and `answer` where there are such keys")
        return {name: [keys] if isinstance(keys, str) else keys for name, keys in fields.items()}


class Decontaminate(Section):
    """Text of evaluation sets to remove. What is left out is as the variant has it."""

    benchmarks: dict[str, Benchmark] = Field(min_length=1)
    variant: Literal["gpt3", "ngram8", "palm", "llama2"] = Field("gpt3", description="published definition")
    ngram: Annotated[int, Field(ge=5, le=64)] | None = Field(None, description="tokens of an n-gram")
    cut: Literal["words", "letters"] | None = Field(
        None, description="tokens: words less their punctuation, or runs of letters and digits"
    )
    measure: Literal["tokens", "ngrams"] | None = Field(None, description="what `min_share` is a share of")
    min_share: Share | None = Field(None, description="least share of an item that one document holds")
    skip_tokens: Annotated[int, Field(ge=0, le=16)] | None = Field(
        None, description="tokens of a match that may differ, after its first n-gram"
    )
    min_item_tokens: Count | None = Field(None, description="shorter questions or answers are passed over")
    max_corpus_documents: Annotated[int, Field(ge=0)] | None = Field(
        None, description="n-grams in more documents are ignored; 0: none is"
    )
    action: Literal["document", "span"] | None = Field(None, description="what to remove")
    margin_chars: Annotated[int, Field(ge=0)] | None = Field(
        None, description="removed on each side of a match"
    )
    min_piece_chars: Annotated[int, Field(ge=0)] | None = Field(None, description="shorter pieces go as well")
    max_pieces: Count | None = Field(None, description="a document cut into more pieces is dropped")

    @field_validator("benchmarks")
    @classmethod
    def _names(cls, benchmarks: dict[str, Benchmark]) -> dict[str, Benchmark]:
        for name in benchmarks:
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"benchmark name {name!r}: letters, digits, - and _ only")
        return benchmarks
