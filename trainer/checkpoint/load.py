"""Find the checkpoint to continue from, and put it into model and optimizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from daybreak.errors import WorkspaceError
from trainer.checkpoint.retention import checkpoints
from trainer.checkpoint.state import MODEL_FILE, OPTIMIZER_FILE, DamagedCheckpoint, State, read_state


def newest(folder: Path, warn: Callable[[str], None]) -> tuple[Path, State] | None:
    """The newest whole checkpoint, or None where none was saved; damaged ones are named through `warn`.

    Raises WorkspaceError if all that there are are damaged: starting over must be the user's choice.
    """
    found = checkpoints(folder)
    for path in reversed(found):
        try:
            return path, read_state(path)
        except DamagedCheckpoint as error:
            warn(f"{error}; taking the one before it")
    if found:
        raise WorkspaceError(
            f"{folder}: every checkpoint is damaged; remove the folder to start from the first step"
        )
    return None


def require_same_run(state: State, settings: dict[str, Any], fingerprint: str, path: Path) -> None:
    """Raise WorkspaceError, naming the differences, if the checkpoint has other settings or other data."""
    differing = [
        f"{section}.{key}: {state.settings.get(section, {}).get(key)!r} there, {value!r} now"
        for section, values in settings.items()
        for key, value in values.items()
        if state.settings.get(section, {}).get(key) != value
    ]
    if state.fingerprint != fingerprint:
        differing.append("the token shards or the plan have changed")
    if differing:
        raise WorkspaceError(
            f"{path}: was made by another run: {'; '.join(differing)}. Continue with what it was made with, "
            f"or give another --out"
        )


@torch.no_grad()
def restore(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put the saved tensors into a freshly made model and optimizer of the same settings."""
    weights, moments = load_file(path / MODEL_FILE), load_file(path / OPTIMIZER_FILE)
    parameters = dict(model.named_parameters())
    for name, parameter in parameters.items():
        parameter.copy_(weights[name])
    for key, value in moments.items():
        name, _, entry = key.rpartition("/")
        optimizer.state[parameters[name]][entry] = value
