"""The one place that sets up torch.distributed. A mesh of one process needs no process group."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from daybreak.errors import DaybreakError


@dataclass(frozen=True)
class Mesh:
    """The processes of a run along the axis `data`; `devices` is None in a run of one process."""

    rank: int
    size: int
    devices: DeviceMesh | None = None

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and progress."""
        return self.rank == 0

    def sum_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Replace every gradient by its sum over the mesh: one all-reduce of one flat buffer."""
        if self.devices is None:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat, group=self.devices.get_group("data"))
        parts = flat.split([g.numel() for g in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def sum(self, value: float) -> float:
        """The value summed over the mesh, in fp64."""
        if self.devices is None:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(total, group=self.devices.get_group("data"))
        return total.item()

    def from_first(self, value: Any) -> Any:
        """What the first process holds, on every process; also a barrier."""
        if self.devices is None:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, group=self.devices.get_group("data"))
        return box[0]

    def agree(self, what: str, value: str) -> None:
        """Raise DaybreakError on every process unless all hold the same value (machines with other files)."""
        if self.devices is None:
            return
        held: list[Any] = [None] * self.size
        dist.all_gather_object(held, value, group=self.devices.get_group("data"))
        odd = [rank for rank, other in enumerate(held) if other != held[0]]
        if odd:
            raise DaybreakError(
                f"{what} of ranks {odd} differs from rank 0's: do all machines see the same files?"
            )


@contextmanager
def open_mesh(timeout_s: int) -> Iterator[Mesh]:
    """The mesh that torchrun's environment describes (gloo on CPU), or one process where there is none."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Mesh(0, 1)
        return
    dist.init_process_group("gloo", timeout=timedelta(seconds=timeout_s))
    try:
        yield Mesh(dist.get_rank(), size, init_device_mesh("cpu", (size,), mesh_dim_names=("data",)))
    finally:
        dist.destroy_process_group()


def local_processes() -> int:
    """How many processes of the run share this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
