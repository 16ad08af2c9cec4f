"""`Seen`: an open-addressed table of 64-bit keys with a count each, emptied at no cost.

A slot counts as taken only if it carries the table's present stamp, so that a table sized for the longest
document of a batch serves every short one without being cleared.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.wide import load8

BASIS = np.uint64(0xCBF29CE484222325)
PRIME = np.uint64(0x100000001B3)
MIX = np.uint64(0x9E3779B97F4A7C15)
ONE, TWO, FOUR, HALF = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(32)

_EIGHT = 8
_LOW_BYTES = np.array([(1 << 8 * size) - 1 for size in range(_EIGHT + 1)], np.uint64)
"""Masks of the first bytes of eight, by how many."""


class Seen(NamedTuple):
    """keys uint64, counts and stamps int32, all of one size, a power of two; now int64 (2,): the present
    stamp, and the mask of the slots in use (a short document stays in a short stretch, which the cache holds).
    """

    keys: np.ndarray
    counts: np.ndarray
    stamps: np.ndarray
    now: np.ndarray


def seen_for(entries: int) -> Seen:
    """A table for up to `entries` keys at a time."""
    size = 1 << max(4, (2 * entries - 1).bit_length())
    return Seen(
        np.empty(size, np.uint64), np.empty(size, np.int32), np.zeros(size, np.int32), np.zeros(2, np.int64)
    )


@kernel
def forget(seen, entries):  # type: ignore[no-untyped-def]
    """Empty the table, and make it ready for up to `entries` keys (no more than it was made for)."""
    slots = 16
    while slots < 2 * entries:
        slots *= 2
    seen.now[0] += 1
    seen.now[1] = slots - 1


@inlined
def slot_of(seen, key):  # type: ignore[no-untyped-def]
    """The slot of `key`, which is entered with count 0 if it is new."""
    return enter(seen.keys, seen.counts, seen.stamps, seen.now, key)


@inlined
def enter(keys, counts, stamps, now, key):  # type: ignore[no-untyped-def]
    """`slot_of` for loops over words: they take the arrays out of the tuple once, since each time costs."""
    stamp, mask = now[0], np.uint64(now[1])
    slot = (key * MIX >> np.uint64(20)) & mask
    while (stamps[slot] == stamp) & (keys[slot] != key):
        slot = (slot + ONE) & mask
    # Old and new keys take the same way, since nothing foretells which one a word will be.
    count = counts[slot]
    counts[slot] = count if stamps[slot] == stamp else 0
    keys[slot], stamps[slot] = key, stamp
    return slot


@inlined
def known(seen, key):  # type: ignore[no-untyped-def]
    """Enter `key` once more; True if it was there before."""
    slot = slot_of(seen, key)
    seen.counts[slot] += 1
    return seen.counts[slot] > 1


@kernel
def hash_points(points, begin, end):  # type: ignore[no-untyped-def]
    """A 64-bit hash of the code points [begin, end).

    Two chains of two code points each, since multiplications of one chain wait for each other; unsigned
    places, since signed ones are tested for negative indices.
    """
    at, stop = np.uint64(begin), np.uint64(end)
    value, other = BASIS ^ (stop - at), MIX
    while at + FOUR <= stop:
        value = (value ^ _two(points, at)) * MIX
        other = (other ^ _two(points, at + TWO)) * MIX
        value ^= value >> HALF
        other ^= other >> HALF
        at += FOUR
    value ^= other * PRIME
    while at < stop:
        value = (value ^ np.uint64(points[at])) * MIX
        value ^= value >> HALF
        at += ONE
    value = (value ^ (value >> HALF)) * MIX
    return value ^ (value >> np.uint64(29))


@kernel
def hash_bytes(data, begin, end):  # type: ignore[no-untyped-def]
    """A 64-bit hash of the bytes [begin, end) of `data`, eight at a time. Other than that of code points."""
    value, at = BASIS ^ np.uint64(end - begin), begin
    while at + _EIGHT <= end:
        value = (value ^ load8(data, at)) * MIX
        value ^= value >> HALF
        at += _EIGHT
    value = (value ^ _first_bytes(data, at, end - at)) * MIX
    value = (value ^ (value >> HALF)) * MIX
    return value ^ (value >> np.uint64(29))


@inlined
def hash_short(data, begin, end):  # type: ignore[no-untyped-def]
    """A hash as `hash_bytes`, but another one, for words: up to 16 bytes without a loop or a branch on the length."""
    size = end - begin
    if size > 2 * _EIGHT:
        return hash_bytes(data, begin, end)
    left = _first_bytes(data, begin, min(size, _EIGHT))
    right = _first_bytes(data, begin + _EIGHT, max(size - _EIGHT, 0))
    value = (left ^ BASIS) * MIX
    value = ((value ^ (value >> HALF)) + right * PRIME + np.uint64(size)) * MIX
    return value ^ (value >> np.uint64(29))


@inlined
def _first_bytes(data, at, size):  # type: ignore[no-untyped-def]
    """The `size` bytes at `at`, up to eight, as one number: the same at the end of `data` as before it."""
    if at + _EIGHT <= data.size:
        return load8(data, at) & _LOW_BYTES[size]
    value = np.uint64(0)
    for k in range(size):
        value |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return value


@kernel
def _two(points, at):  # type: ignore[no-untyped-def]
    """The code points at `at` and behind it, as one number."""
    return np.uint64(points[at]) | (np.uint64(points[at + ONE]) << HALF)
