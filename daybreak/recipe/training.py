"""Sections `train` and `report`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from daybreak.recipe.section import Count, Section


class Train(Section):
    """The model and its training. `processes` above 1 is data-parallel under torchrun."""

    layers: Count = 4
    dim: Count = 128
    ffn_dim: Count | None = Field(None, description="width of the SwiGLU layer; 8/3 of dim by default")
    heads: Count = 4
    kv_heads: Count = 2
    seq_len: Count = 256
    batch_size: Count = Field(16, description="sequences a step, over all processes")
    micro_batch_size: Count = Field(
        4, description="sequences a process computes at once; changes memory only"
    )
    steps: Count = 100
    epochs: Count = Field(1, description="how often the plan may be read")
    lr: Annotated[float, Field(gt=0)] = 3e-3
    warmup_steps: Annotated[int, Field(ge=0)] = 8
    processes: Count = 1
    checkpoint_every: Count = 20
    eval_every: Count = 20

    @model_validator(mode="after")
    def _fits(self) -> Train:
        if self.dim % self.heads:
            raise ValueError(f"dim {self.dim} is not a multiple of heads {self.heads}")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.kv_heads}")
        if self.batch_size % (self.micro_batch_size * self.processes):
            raise ValueError(
                f"batch_size {self.batch_size} is not a multiple of micro_batch_size x processes "
                f"({self.micro_batch_size} x {self.processes})"
            )
        return self


class Report(Section):
    """The page."""

    samples: Annotated[int, Field(ge=0, le=100)] = Field(4, description="dropped documents shown a rule")
