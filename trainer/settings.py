"""Settings of a training run: one JSON or YAML file, checked before any work starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from daybreak.errors import RecipeError

Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(_Section):
    """Shape of the model (Llama family: Touvron et al. 2023, section 2.2; GQA: Ainslie et al. 2023)."""

    vocab_size: Positive
    """Ids that the tokenizer gives, 0 to vocab_size - 1."""
    vocab_multiple: Positive = 64
    """The embedding is padded to a multiple of this; padding ids get no logit and change no loss."""
    hidden_size: Positive = 128
    intermediate_size: Positive = 352
    layers: Positive = 4
    heads: Positive = 4
    kv_heads: Positive = 2
    rope_theta: float = Field(10_000.0, gt=0)
    norm_eps: float = Field(1e-5, gt=0)
    tie_embeddings: bool = True
    init_std: float = Field(0.02, gt=0)

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.heads

    @property
    def padded_vocab_size(self) -> int:
        """Rows of the embedding: vocab_size rounded up to vocab_multiple."""
        return -(-self.vocab_size // self.vocab_multiple) * self.vocab_multiple

    @model_validator(mode="after")
    def _divisible(self) -> ModelSettings:
        if self.hidden_size % (2 * self.heads):
            raise ValueError(
                f"hidden_size {self.hidden_size} must be a multiple of 2 x heads = {2 * self.heads}"
            )
        if self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} must be a multiple of kv_heads {self.kv_heads}")
        return self


class DataSettings(_Section):
    """Which tokens are read and how they become sequences."""

    shards: Path
    """Folder of data-XXXXX-of-XXXXX.arrow."""
    plan: Path
    """Folder of Parquet files with the columns of `daybreak.schema.PLAN`."""
    seq_len: Positive = 256
    shuffle_window: Positive = 1024
    """Sequences are permuted inside windows of this many; 1 reads them exactly in plan order."""
    mask_documents: bool = True
    """True: attention and positions stay inside a document, and no document's first token is a target."""
    epochs: Positive = 1
    """How often the training part of the plan may be read; 1 never wraps."""
    eval_fraction: Share = 0.02
    """Share of documents held out for validation, chosen by keyed hash of doc_id."""
    eval_samples: Count = 32
    """At most this many held-out sequences are evaluated."""
    eval_key: Count = 0


class OptimSettings(_Section):
    """AdamW (Loshchilov & Hutter 2019) under a linear warm-up and cosine schedule."""

    lr: float = Field(3e-3, gt=0)
    min_lr_ratio: float = Field(0.1, ge=0, le=1)
    warmup_steps: Count = 10
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.95, ge=0, lt=1)
    eps: float = Field(1e-8, gt=0)
    weight_decay: float = Field(0.1, ge=0)
    decay_embeddings: bool = False
    clip_norm: float = Field(1.0, gt=0)


class RunSettings(_Section):
    """Length, batch and arithmetic of the run."""

    steps: Positive
    batch_size: Positive = 16
    """Sequences an update, over all processes."""
    micro_batch_size: Positive = 4
    """Sequences a process puts through the model at once; changes memory, not results beyond rounding."""
    seed: Count = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16 runs the matrix products under autocast; parameters and optimizer stay fp32."""
    threads: Positive = 2
    """Threads on one machine, shared among its processes. Same bytes need the same number."""
    timeout_s: Positive = 120
    """A collective that waits longer than this ends the run."""


class CheckpointSettings(_Section):
    """When the state is saved and how many saves stay."""

    every: Positive = 20
    keep: Positive = 2


class WatchSettings(_Section):
    """Validation, progress and loss spikes."""

    eval_every: Positive = 20
    log_every: Positive = 1
    spike_window: Annotated[int, Field(ge=3)] = 16
    spike_z: float = Field(6.0, gt=0)


class Settings(_Section):
    """Everything that a run needs to know."""

    out: Path
    data: DataSettings
    model: ModelSettings
    run: RunSettings
    optim: OptimSettings = OptimSettings()
    checkpoint: CheckpointSettings = CheckpointSettings()
    watch: WatchSettings = WatchSettings()

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.optim.warmup_steps > self.run.steps:
            raise ValueError(
                f"optim.warmup_steps {self.optim.warmup_steps} exceeds run.steps {self.run.steps}"
            )
        if self.data.eval_fraction > 0 and self.data.eval_samples == 0:
            raise ValueError(
                "data.eval_samples is 0 while data.eval_fraction holds documents out: set both to 0"
            )
        return self

    def deciding(self) -> dict[str, Any]:
        """The settings that decide the trained bytes (beside data content, process and thread count)."""
        values = self.model_dump(mode="json", include={"data", "model", "optim", "run"})
        for section, key in (("data", "shards"), ("data", "plan"), ("run", "micro_batch_size"),
                             ("run", "threads"), ("run", "timeout_s")):  # fmt: skip
            del values[section][key]
        return values


def load_settings(path: Path, out: Path | None = None) -> Settings:
    """Read and check a settings file (.json, .yaml, .yml); `out` replaces the file's own.

    Raises RecipeError that names the file, each wrong key, and what is wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: is not valid JSON or YAML: {error}") from error
    if not isinstance(values, dict):
        raise RecipeError(f"{path}: must hold a mapping of settings, not {type(values).__name__}")
    if out is not None:
        values["out"] = str(out)
    return parse_settings(values, str(path))


def parse_settings(values: dict[str, Any], origin: str = "settings") -> Settings:
    """Check a mapping of settings; `origin` is what messages call it. Raises RecipeError."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()]
        raise RecipeError("\n".join([f"{origin}: wrong settings:", *lines])) from error
