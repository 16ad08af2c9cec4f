"""The decoder-only transformer. Modules carry the names of Llama checkpoints."""

from __future__ import annotations

import math

import torch
import xxhash
from torch import Tensor, nn
from torch.nn import functional

from trainer.model.attention import Attention
from trainer.model.mlp import SwiGLU
from trainer.model.norm import RMSNorm
from trainer.model.rope import rotary_tables
from trainer.settings import ModelSettings

IGNORED = -100
"""A target of this value carries no loss."""


class Block(nn.Module):
    """One pre-norm layer: attention, then feed-forward, each added to the residual stream."""

    def __init__(self, shape: ModelSettings) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden_size, shape.norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden_size, shape.norm_eps)
        self.mlp = SwiGLU(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """(batch, seq, hidden) -> (batch, seq, hidden)."""
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class GPT(nn.Module):
    """Embedding, blocks, final norm, projection to logits over the tokenizer's ids (padding ids get none)."""

    def __init__(self, shape: ModelSettings) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.padded_vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.hidden_size, shape.norm_eps)
        self.lm_head = nn.Linear(shape.hidden_size, shape.padded_vocab_size, bias=False)
        if shape.tie_embeddings:
            self.lm_head.weight = self.embed_tokens.weight

    def forward(self, inputs: Tensor, positions: Tensor, documents: Tensor | None) -> Tensor:
        """Ids, positions and document numbers, each (batch, seq) -> logits (batch, seq, vocab_size).

        With `documents`, a token sees only its own document up to itself; None is plain causal attention.
        """
        cos, sin = rotary_tables(positions, self.shape.head_size, self.shape.rope_theta)
        mask = None if documents is None else document_mask(documents)
        x = self.embed_tokens(inputs)
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        return self.lm_head(self.norm(x))[..., : self.shape.vocab_size]


def document_mask(documents: Tensor) -> Tensor:
    """Document numbers (batch, seq) -> (batch, 1, seq, seq), true at [q, k] if k <= q in one document."""
    same = documents[:, :, None] == documents[:, None, :]
    return same.tril().unsqueeze(1)


def summed_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy in nats, fp32, summed over the targets that are not IGNORED."""
    flat = logits.flatten(0, 1).float()
    return functional.cross_entropy(flat, targets.flatten(), ignore_index=IGNORED, reduction="sum")


@torch.no_grad()
def initialise(model: GPT, seed: int) -> None:
    """Draw every matrix from N(0, init_std), outputs to the residual stream scaled by 1/sqrt(2 layers)
    (Radford et al. 2019, section 2.3).

    Each parameter has a stream of its own, seeded by its name, so that no layout or padding changes a value.
    """
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            continue
        residual = name.endswith(("o_proj.weight", "down_proj.weight"))
        std = model.shape.init_std / (math.sqrt(2 * model.shape.layers) if residual else 1.0)
        rows = model.shape.vocab_size if name in ("embed_tokens.weight", "lm_head.weight") else len(parameter)
        generator = torch.Generator().manual_seed(xxhash.xxh64_intdigest(name.encode(), seed) >> 1)
        parameter[rows:] = 0
        parameter[:rows] = torch.randn(rows, parameter.shape[1], generator=generator) * std
