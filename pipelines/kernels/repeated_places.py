"""The places of a document whose n-grams may repeat, for `repetition`: most of a text drops out before it is counted.

An n-gram that stands once changes neither which one is most frequent nor what is stepped over, so it need not be
entered in a table. Each value leaves a mark in a small table of bytes, without branches; where a mark stands
alone, so does the value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.compile import kernel
from pipelines.kernels.seen import MIX
from pipelines.kernels.spacy_kinds import BLANK

REACH = 16
"""Characters by which n-grams that are compared written together are told apart first."""

HEAVIEST = 255
"""Up to here `keep_weighed` counts."""

_SLOTS = 8
"""Marks a place: of the values that stand once, about one in eight is taken for a repeated one."""


class Places(NamedTuple):
    """Room for the places of one document: values uint64, at int32 and slots int64, one a place; marks uint8;
    solid uint8, the low bytes of the characters that are no white space, `REACH` longer than these are.
    """

    values: np.ndarray
    at: np.ndarray
    slots: np.ndarray
    marks: np.ndarray
    solid: np.ndarray


def places_for(size: int) -> Places:
    """Room for documents of up to `size` code points; memory is taken as it is touched."""
    return Places(np.empty(size + 1, np.uint64), np.empty(size + 1, np.int32), np.empty(size + 1, np.int64),
                  marks_for(size), np.empty(size + REACH, np.uint8))  # fmt: skip


def marks_for(places: int) -> np.ndarray:
    """Marks for `keep_likely` of up to `places` places: uint8, a power of two long."""
    return np.empty(1 << max(6, (_SLOTS * places - 1).bit_length()), np.uint8)


@kernel
def keep_likely(values, at, left, marks):  # type: ignore[no-untyped-def]
    """Keep of the first `left` places those whose value may stand twice; returns how many.

    The first of two rounds lets a share of the others through, the second a share of these.
    """
    kept = _keep_marked(values, at, left, marks, np.uint64(40))
    return _keep_marked(values, at, kept, marks, np.uint64(28))


@kernel
def _keep_marked(values, at, left, marks, shift):  # type: ignore[no-untyped-def]
    mask = _cleared(marks, left)
    for k in range(left):
        slot = _slot(values[k], shift, mask)
        marks[slot] = min(marks[slot] + 1, 2)
    kept = 0
    for k in range(left):
        value, place = values[k], at[k]
        values[kept], at[kept] = value, place
        kept += 1 if marks[_slot(value, shift, mask)] == 2 else 0
    return kept


@kernel
def keep_weighed(values, at, weights, left, marks):  # type: ignore[no-untyped-def]
    """`keep_likely` in one round, with how often each value that is kept stands at most, up to `HEAVIEST`."""
    mask = _cleared(marks, left)
    for k in range(left):
        slot = _slot(values[k], np.uint64(40), mask)
        marks[slot] = min(marks[slot] + 1, HEAVIEST)
    kept = 0
    for k in range(left):
        value, place = values[k], at[k]
        weight = marks[_slot(value, np.uint64(40), mask)]
        values[kept], at[kept], weights[kept] = value, place, weight
        kept += 1 if weight > 1 else 0
    return kept


@kernel
def _cleared(marks, left):  # type: ignore[no-untyped-def]
    """Clear the marks that `left` values need; returns the mask of their slots."""
    slots = 64
    while slots < _SLOTS * left:
        slots *= 2
    marks[:slots] = 0
    return np.uint64(slots - 1)


@kernel
def _slot(value, shift, mask):  # type: ignore[no-untyped-def]
    mixed = (value ^ (value >> np.uint64(31))) * MIX
    return (mixed >> shift) & mask


@kernel
def all_places(words, count, values, at):  # type: ignore[no-untyped-def]
    """Make the place of every word one, with its hash as value."""
    for place in range(count):
        values[place], at[place] = np.uint64(words[place, 2]), place


@kernel
def reading_places(points, kinds, n, joined, count, least, places):  # type: ignore[no-untyped-def]
    """Places of words from which `REACH` characters, read over white space, may stand twice, and of `least`
    words that are shorter than that; in `places.at`, in order. Returns how many.

    Wherever longer n-grams of `least` words or more are the same when written together, these characters are.
    """
    values, at, solid = places.values, places.at, places.solid
    _write_together(points, kinds, n, solid)
    total = np.int64(joined[count, 2])
    reading = 0
    while reading < count and np.int64(joined[reading, 2]) + REACH <= total:
        values[reading], at[reading] = _read(solid, np.uint64(joined[reading, 2])), reading
        reading += 1
    left = keep_likely(values, at, reading, places.marks)
    return _with_short(joined, count, least, at, left, places.slots)


@kernel
def _write_together(points, kinds, n, solid):  # type: ignore[no-untyped-def]
    size = 0
    for at in range(n):
        solid[size] = points[at] & np.uint32(0xFF)
        size += 0 if kinds[at] & BLANK else 1


@kernel
def _read(solid, at):  # type: ignore[no-untyped-def]
    """One number of the `REACH` bytes from `at`."""
    left = right = np.uint64(0)
    for k in range(8):
        place = at + np.uint64(k)
        left |= np.uint64(solid[place]) << np.uint64(8 * k)
        right |= np.uint64(solid[place + np.uint64(8)]) << np.uint64(8 * k)
    return (left ^ (left >> np.uint64(29))) * MIX + right


@kernel
def _with_short(joined, count, least, at, left, spare):  # type: ignore[no-untyped-def]
    """The first `left` places and those of `least` words of fewer than `REACH` characters, in order, in `at`."""
    for k in range(left):
        spare[k] = at[k]
    spare[left] = count
    kept = next_one = 0
    for place in range(count - least + 1):
        likely = spare[next_one] == place
        next_one += 1 if likely else 0
        short = np.int64(joined[place + least, 2] - joined[place, 2]) < REACH
        at[kept] = place
        kept += 1 if likely or short else 0
    return kept
