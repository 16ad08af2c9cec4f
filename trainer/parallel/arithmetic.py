"""Arithmetic that gives the same bits on every run with the same number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.utils.deterministic as memory


@contextmanager
def fixed_arithmetic(threads: int) -> Iterator[None]:
    """Deterministic kernels, full fp32 products and a fixed number of threads inside; as before outside."""
    before = _current()
    _apply((threads, True, "highest", False))
    try:
        yield
    finally:
        _apply(before)


def _current() -> tuple[int, bool, str, bool]:
    return (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        memory.fill_uninitialized_memory,  # type: ignore[attr-defined]
    )


def _apply(settings: tuple[int, bool, str, bool]) -> None:
    """Threads, deterministic kernels, product precision, and whether new tensors are filled: a debugging aid
    that costs a twelfth of a step and that no result depends on."""
    torch.set_num_threads(settings[0])
    torch.use_deterministic_algorithms(settings[1])
    torch.set_float32_matmul_precision(settings[2])
    memory.fill_uninitialized_memory = settings[3]  # type: ignore[attr-defined]
