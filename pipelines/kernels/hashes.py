"""Hashes of strings of code points, and open-addressed tables keyed by them."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import inlined, kernel

BASE = np.uint64(0x9E3779B97F4A7C55)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SQUARE, _CUBE, _FOURTH = (np.uint64(pow(int(BASE), power, 2**64)) for power in (2, 3, 4))
_ONE = np.uint64(1)
_POWERS = np.array([pow(int(BASE), power, 2**64) for power in range(256)], np.uint64)


@inlined
def extend(value, point):  # type: ignore[no-untyped-def]
    """Hash of a string and one more code point: a polynomial in `BASE` modulo 2^64; the empty string is 0.

    The hash of two strings joined is that of the first times `BASE` to the length of the second, plus that of
    the second.
    """
    return value * BASE + (np.uint64(point) + _ONE)


@kernel
def spelled(points, begin, end):  # type: ignore[no-untyped-def]
    """Hash of the code points [begin, end)."""
    value = np.uint64(0)
    at = begin
    while at + 4 <= end:
        # Four at a time: only one product in four waits for the one before.
        left = (np.uint64(points[at]) + _ONE) * _CUBE + (np.uint64(points[at + 1]) + _ONE) * _SQUARE
        right = (np.uint64(points[at + 2]) + _ONE) * BASE + (np.uint64(points[at + 3]) + _ONE)
        value = value * _FOURTH + (left + right)
        at += 4
    while at < end:
        value = extend(value, points[at])
        at += 1
    return value


@kernel
def add_up(points, n, sums):  # type: ignore[no-untyped-def]
    """Fill `sums`, uint64 (n + 1,), with the hash of the first 0, 1, 2 ... of the `n` code points: `between` reads
    the hash of any stretch from it.
    """
    value = np.uint64(0)
    sums[0] = value
    at = 0
    while at + 4 <= n:
        # Four at a time: only one product in four waits for the one before.
        one = np.uint64(points[at]) + _ONE
        two = one * BASE + (np.uint64(points[at + 1]) + _ONE)
        three = two * BASE + (np.uint64(points[at + 2]) + _ONE)
        four = three * BASE + (np.uint64(points[at + 3]) + _ONE)
        sums[at + 1], sums[at + 2] = value * BASE + one, value * _SQUARE + two
        sums[at + 3] = value * _CUBE + three
        value = value * _FOURTH + four
        sums[at + 4] = value
        at += 4
    while at < n:
        value = extend(value, points[at])
        sums[at + 1] = value
        at += 1


@inlined
def between(sums, begin, end):  # type: ignore[no-untyped-def]
    """`spelled` of the code points [begin, end), from the `sums` of `add_up`."""
    return sums[end] - sums[begin] * power(end - begin)


@inlined
def power(exponent):  # type: ignore[no-untyped-def]
    """`BASE` to the power of `exponent`, which is not negative."""
    value = _ONE
    while exponent >= _POWERS.size:
        value *= _POWERS[_POWERS.size - 1]
        exponent -= _POWERS.size - 1
    return value * _POWERS[exponent]


@inlined
def scattered(value, mask):  # type: ignore[no-untyped-def]
    """The slot at which to look first for `value` in a table of mask + 1 slots, a power of two."""
    mixed = (value ^ (value >> np.uint64(32))) * _MIX
    return (mixed >> np.uint64(32)) & np.uint64(mask)


@kernel
def find(table, key):  # type: ignore[no-untyped-def]
    """The value of `key` in `table`, 0 if it has none.

    table: uint64 (slots, 2), keys and values, open-addressed; a power of two of slots, key 0 where one is free.
    """
    mask = np.uint64(table.shape[0] - 1)
    slot = scattered(key, mask)
    while table[slot, 0] != 0:
        if table[slot, 0] == key:
            return table[slot, 1]
        slot = (slot + _ONE) & mask
    return np.uint64(0)


@kernel
def enter(table, key, value):  # type: ignore[no-untyped-def]
    """Give `key` (not 0) its `value` in `table`, which has free slots."""
    mask = np.uint64(table.shape[0] - 1)
    slot = scattered(key, mask)
    while table[slot, 0] != 0 and table[slot, 0] != key:
        slot = (slot + _ONE) & mask
    table[slot, 0] = key
    table[slot, 1] = value
