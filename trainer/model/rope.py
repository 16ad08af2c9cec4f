"""Rotary position embedding, half-split layout."""

from __future__ import annotations

import torch
from torch import Tensor


def rotary_tables(positions: Tensor, head_size: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each (batch, 1, seq, head_size // 2), of positions (batch, seq).

    Angles are position * theta^(-2i / head_size) (Su et al. 2021, section 3.2.2).
    """
    powers = torch.arange(0, head_size, 2, dtype=torch.float32, device=positions.device) / head_size
    angles = positions[:, None, :, None].float() * theta**-powers
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate x (batch, heads, seq, head_size): feature i pairs with i + head_size/2, as in Llama."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)
