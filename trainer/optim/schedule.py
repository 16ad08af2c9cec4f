"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from trainer.settings import OptimSettings


def learning_rate(step: int, steps: int, settings: OptimSettings) -> float:
    """Rate of step 1 .. steps: linear to `lr` at warmup_steps, half a cosine to lr * min_lr_ratio at `steps`
    (Loshchilov & Hutter 2017, eq. 5, with a warm-up and without restarts)."""
    if step <= settings.warmup_steps:
        return settings.lr * step / settings.warmup_steps
    done = (step - settings.warmup_steps) / (steps - settings.warmup_steps)
    floor = settings.lr * settings.min_lr_ratio
    return floor + (settings.lr - floor) * 0.5 * (1 + math.cos(math.pi * done))
