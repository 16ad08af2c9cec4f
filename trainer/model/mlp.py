"""Gated feed-forward layer."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from trainer.settings import ModelSettings


class SwiGLU(nn.Module):
    """down(silu(gate(x)) * up(x)) (Shazeer 2020, eq. 6); gate and up are separate parameters."""

    def __init__(self, shape: ModelSettings) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., hidden) -> (..., hidden)."""
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
