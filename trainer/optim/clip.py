"""Clipping by the global norm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def clip_gradients(parameters: Sequence[Tensor], max_norm: float) -> float:
    """Scale gradients so that their global 2-norm is at most `max_norm`; returns the norm before
    (Pascanu et al. 2013, algorithm 1)."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    torch.nn.utils.clip_grads_with_norm_(parameters, max_norm, norm)
    return norm.item()
