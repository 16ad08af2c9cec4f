"""Reading many characters at once: 64 classes as a mask of 64 bits, eight bytes as one number.

numba has no name for these, so each is a few instructions of LLVM, which every processor that numba knows has
in its own form. None checks bounds: what is read must lie within the array (`page.room_for` leaves room).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pipelines.kernels.compile import kernel

BLOCK = 64
"""Characters of a mask."""

_instruction: Any = intrinsic
"""Typed as anything: a kernel calls an intrinsic without the context that its definition takes."""

_ONE, _ALL = np.uint64(1), ~np.uint64(0)


@_instruction
def class_mask(context, classes, at, kind):  # type: ignore[no-untyped-def]
    """uint64: bit k is set if `classes[at + k]` (uint32) has a bit of `kind`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        row = ir.VectorType(number, BLOCK)
        wanted = builder.insert_element(ir.Constant(row, ir.Undefined), arguments[2], number(0))
        wanted = builder.shuffle_vector(wanted, wanted, ir.Constant(row, [0] * BLOCK))
        found = builder.and_(_load(context, builder, signature, arguments, row, 4), wanted)
        found = builder.icmp_unsigned("!=", found, ir.Constant(row, [0] * BLOCK))
        return builder.bitcast(found, ir.IntType(BLOCK))

    return types.uint64(classes, types.int64, types.uint32), generate


@_instruction
def eight_bytes(context, data, at):  # type: ignore[no-untyped-def]
    """uint64: the bytes `data[at]` to `data[at + 7]` as one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(context, builder, signature, arguments, ir.IntType(64), 1)

    return types.uint64(data, types.int64), generate


@_instruction
def lowest_bit(context, mask):  # type: ignore[no-untyped-def]
    """int64: the place of the lowest bit that is set; `mask` (uint64) must not be 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), generate


@_instruction
def count_bits(context, mask):  # type: ignore[no-untyped-def]
    """int64: how many bits of `mask` (uint64) are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@kernel
def within(at, n):  # type: ignore[no-untyped-def]
    """uint64: bit k is set if `at` + k is below `n`."""
    return _ALL if n - at >= BLOCK else (_ONE << np.uint64(n - at)) - _ONE


def _load(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any, align: int) -> Any:
    """Load a value of `kind` from the array that is the first argument, at the place that is the second."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.bitcast(builder.gep(array.data, [arguments[1]]), kind.as_pointer())
    return builder.load(place, align=align)
