"""Which parameters decay."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from trainer.settings import OptimSettings


def decay_groups(model: nn.Module, settings: OptimSettings) -> list[dict[str, Any]]:
    """Two AdamW groups: matrices decay; norms' weights never do, the embedding only with decay_embeddings.

    A tied output projection is the embedding; an untied one is a matrix like any other.
    """
    decaying: list[nn.Parameter] = []
    still: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        embedding = name.endswith("embed_tokens.weight")
        decays = parameter.ndim > 1 and (settings.decay_embeddings or not embedding)
        (decaying if decays else still).append(parameter)
    return [
        {"params": decaying, "weight_decay": settings.weight_decay},
        {"params": still, "weight_decay": 0.0},
    ]


def adamw(model: nn.Module, settings: OptimSettings) -> torch.optim.AdamW:
    """AdamW over the decay groups; the rate is set before each step by the schedule."""
    groups = decay_groups(model, settings)
    return torch.optim.AdamW(
        groups, lr=settings.lr, betas=(settings.beta1, settings.beta2), eps=settings.eps, fused=True
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group the learning rate of the coming step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
