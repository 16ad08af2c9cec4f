"""Reading many characters at once: 64 classes as a mask of 64 bits (`wide` has eight bytes as one number).

numba has no name for these, so each is a few instructions of LLVM, which every processor that numba knows has
in its own form. None checks bounds: what is read must lie within the array (`page.room_for` leaves room).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pipelines.kernels.compile import inlined

BLOCK = 64
"""Characters of a mask."""

_ONE, _ALL = np.uint64(1), ~np.uint64(0)


def _class_mask(context: Any, classes: Any, at: Any, kind: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        row = ir.VectorType(number, BLOCK)
        wanted = builder.insert_element(ir.Constant(row, ir.Undefined), arguments[2], number(0))
        wanted = builder.shuffle_vector(wanted, wanted, ir.Constant(row, [0] * BLOCK))
        found = builder.and_(_load(context, builder, signature, arguments, row, 4), wanted)
        found = builder.icmp_unsigned("!=", found, ir.Constant(row, [0] * BLOCK))
        return builder.bitcast(found, ir.IntType(BLOCK))

    return types.uint64(classes, types.int64, types.uint32), generate


class_mask: Any = intrinsic(_class_mask)
"""class_mask(classes, at, kind): uint64: bit k is set if `classes[at + k]` (uint32) has a bit of `kind`."""


def _lowest_bit(context: Any, mask: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), generate


lowest_bit: Any = intrinsic(_lowest_bit)
"""lowest_bit(mask): int64: the place of the lowest bit that is set; `mask` (uint64) must not be 0."""


def _count_bits(context: Any, mask: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


count_bits: Any = intrinsic(_count_bits)
"""count_bits(mask): int64: how many bits of `mask` (uint64) are set."""


def _low_bytes8(context: Any, points: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        eight = _load(context, builder, signature, arguments, ir.VectorType(ir.IntType(32), 8), 4)
        return builder.bitcast(builder.trunc(eight, ir.VectorType(ir.IntType(8), 8)), ir.IntType(64))

    return types.uint64(points, types.int64), generate


low_bytes8: Any = intrinsic(_low_bytes8)
"""low_bytes8(points, at): uint64: the low bytes of the eight code points (uint32) from `at`, the first one lowest."""


def _widen8(context: Any, data: Any, at: Any, points: Any, n: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        narrow = _load(context, builder, signature, arguments, ir.VectorType(ir.IntType(8), 8), 1)
        wide = ir.VectorType(ir.IntType(32), 8)
        array = context.make_array(signature.args[2])(context, builder, arguments[2])
        place = builder.bitcast(builder.gep(array.data, [arguments[3]]), wide.as_pointer())
        builder.store(builder.zext(narrow, wide), place, align=4)
        return context.get_dummy_value()

    return types.void(data, types.int64, points, types.int64), generate


widen8: Any = intrinsic(_widen8)
"""widen8(data, at, points, n): write the eight bytes of `data` (uint8) from `at` to `points` (uint32) from `n`."""


@inlined
def within(at, n):  # type: ignore[no-untyped-def]
    """uint64: bit k is set if `at` + k is below `n`."""
    return _ALL if n - at >= BLOCK else (_ONE << np.uint64(n - at)) - _ONE


def _load(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any, align: int) -> Any:
    """Load a value of `kind` from the array that is the first argument, at the place that is the second."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.bitcast(builder.gep(array.data, [arguments[1]]), kind.as_pointer())
    return builder.load(place, align=align)
