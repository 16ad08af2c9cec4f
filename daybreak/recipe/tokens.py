"""Sections `tokenizer`, `mixture` and `shards`: from text to training tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from daybreak.recipe.section import Count, Section


class Tokenizer(Section):
    """SentencePiece BPE with byte fallback: trained on this corpus, or with `path` a finished one."""

    path: str | None = Field(
        None, description="a finished tokenizer: a .model file, or a workspace whose step tokenizer is done"
    )
    vocab_size: Annotated[int, Field(ge=300)] = 8000
    sample_bytes: Count = Field(20_000_000, description="text to train on, drawn by keyed hash")
    split_digits: bool = True


class Mixture(Section):
    """How much of each source goes into training, by tokens."""

    total_tokens: Count | None = Field(
        None, description="as many as weights and max_epochs allow, by default"
    )
    max_epochs: Annotated[float, Field(gt=0)] = Field(1.0, description="how often a source may be repeated")
    order: Literal["shuffle", "length"] = "shuffle"


class Shards(Section):
    """Token shards."""

    tokens: Count = Field(2_000_000, description="tokens a shard, about")
