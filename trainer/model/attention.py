"""Grouped-query causal self-attention."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from trainer.model.rope import rotate
from trainer.settings import ModelSettings


class Attention(nn.Module):
    """Causal attention in which heads // kv_heads query heads share one key-value head (Ainslie et al. 2023).

    Query, key and value are separate parameters, so that resharding never reorders their rows.
    """

    def __init__(self, shape: ModelSettings) -> None:
        super().__init__()
        self.head_size = shape.head_size
        self.group = shape.heads // shape.kv_heads
        narrow = shape.kv_heads * shape.head_size
        self.q_proj = nn.Linear(shape.hidden_size, shape.hidden_size, bias=False)
        self.k_proj = nn.Linear(shape.hidden_size, narrow, bias=False)
        self.v_proj = nn.Linear(shape.hidden_size, narrow, bias=False)
        self.o_proj = nn.Linear(shape.hidden_size, shape.hidden_size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, seq, hidden) -> same; mask (batch, 1, seq, seq) is true where attention may look,
        None for plain causal attention."""
        q = rotate(self._heads(self.q_proj(x)), cos, sin)
        k = rotate(self._heads(self.k_proj(x)), cos, sin).repeat_interleave(self.group, dim=1)
        v = self._heads(self.v_proj(x)).repeat_interleave(self.group, dim=1)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_size)).transpose(1, 2)
