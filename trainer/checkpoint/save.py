"""Save model, optimizer and state."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from trainer.checkpoint.commit import committed
from trainer.checkpoint.state import MODEL_FILE, OPTIMIZER_FILE, State, write_state


def checkpoint_name(step: int) -> str:
    """Folder of the checkpoint after `step` updates."""
    return f"step-{step:06d}"


def save(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, state: State) -> Path:
    """Write FOLDER/step-NNNNNN whole or not at all, and return it. Raises WorkspaceError."""
    final = folder / checkpoint_name(state.step)
    with committed(final) as temporary:
        save_file({n: p.detach() for n, p in model.named_parameters()}, temporary / MODEL_FILE)
        save_file(optimizer_tensors(model, optimizer), temporary / OPTIMIZER_FILE)
        write_state(temporary, state)
    return final


def optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state by `<parameter>/<entry>`: by name, which holds in any layout."""
    return {
        f"{name}/{entry}": value
        for name, parameter in model.named_parameters()
        for entry, value in optimizer.state[parameter].items()
    }
