"""Eight bytes at once, as one number: what lets a kernel pass over plain text without a look at each byte."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pipelines.kernels.compile import inlined

ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)
LOWS = np.uint64(0x7F7F7F7F7F7F7F7F)
_ZERO, _PAST_NINE = np.uint64(0x30), np.uint64(0x3A)


def _load8(context: Any, data: Any, at: Any) -> Any:
    def build(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(target, builder, signature, arguments), align=1)

    return types.uint64(data, types.int64), build


def _store8(context: Any, data: Any, at: Any, value: Any) -> Any:
    def build(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _address(target, builder, signature, arguments), align=1)
        return target.get_dummy_value()

    return types.void(data, types.int64, types.uint64), build


def _first8(context: Any, flags: Any) -> Any:
    def build(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zeros = builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))
        return builder.lshr(zeros, ir.Constant(ir.IntType(64), 3))

    return types.int64(types.uint64), build


def _address(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = target.make_array(signature.args[0])(target, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(64).as_pointer())


load8: Any = intrinsic(_load8)
"""load8(data, at): bytes [at, at + 8) of a contiguous uint8 array as a uint64, the first one lowest; unchecked."""
store8: Any = intrinsic(_store8)
"""store8(data, at, value): write a uint64 over the bytes [at, at + 8), its lowest byte first; unchecked."""
first8: Any = intrinsic(_first8)
"""first8(flags): which of eight bytes is the first whose high bit is set in `flags` (uint64); 8 if none is."""


@inlined
def equal8(bytes8, byte):  # type: ignore[no-untyped-def]
    """The high bit of each byte that equals `byte` (uint64); all of `bytes8` must be below 0x80."""
    return ~((bytes8 ^ (ONES * byte)) + LOWS) & HIGHS


@inlined
def least8(bytes8, byte):  # type: ignore[no-untyped-def]
    """The high bit of each byte that is `byte` or more (uint64, 1 to 0x80); all must be below 0x80."""
    return (bytes8 + ONES * (np.uint64(0x80) - byte)) & HIGHS


@inlined
def digits8(bytes8):  # type: ignore[no-untyped-def]
    """The high bit of each byte that is an ASCII digit (uint64), of any eight bytes."""
    low = bytes8 & LOWS
    return least8(low, _ZERO) & ~least8(low, _PAST_NINE) & ~bytes8
