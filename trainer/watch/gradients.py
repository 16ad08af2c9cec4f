"""The check that would catch a layout in which nothing learns."""

from __future__ import annotations

from torch import nn

from daybreak.errors import DaybreakError


def require_gradients(model: nn.Module, norm: float) -> None:
    """Raise DaybreakError unless every trainable parameter has a gradient and their norm is over 0."""
    missing = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if missing:
        raise DaybreakError(f"no gradient reached {', '.join(missing)} in the first step")
    if not norm > 0:
        raise DaybreakError(f"the gradient norm of the first step is {norm}: nothing would learn")
