"""The places of a document whose n-grams may repeat, for `repetition`: most of a text drops out before it is counted.

An n-gram that stands once changes neither which one is most frequent nor what is stepped over, so it need not be
entered in a table. Each value leaves a mark in a small table of bytes, without branches; where a mark stands
alone, so does the value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.bits import low_bytes8
from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.seen import MIX
from pipelines.kernels.wide import load8, store8

REACH = 16
"""Characters by which n-grams that are compared written together are told apart first."""

STRIDE = 8
"""Characters that are read at once."""

FARTHEST = 4
"""Steps of `Places.reach`: 16, 24, 32 and 40 characters."""

HEAVIEST = 255
"""Up to here `keep_weighed` counts."""

_SLOTS = 8
"""Marks a place: of the values that stand once, about one in eight is taken for a repeated one."""


class Places(NamedTuple):
    """Room for the places of one document: values uint64, at, numbers uint32, slots int64 and reach uint8, one a place;
    marks uint8; solid uint8, the low bytes of the characters that are no white space, and room to read on.
    """

    values: np.ndarray
    at: np.ndarray
    numbers: np.ndarray
    slots: np.ndarray
    reach: np.ndarray
    marks: np.ndarray
    solid: np.ndarray


def places_for(size: int) -> Places:
    """Room for documents of up to `size` code points; memory is taken as it is touched."""
    size += 1
    return Places(np.empty(size, np.uint64), np.empty(size, np.uint32), np.empty(size, np.uint32),
                  np.empty(size, np.int64), np.empty(size, np.uint8), marks_for(size),
                  np.empty(size + REACH + STRIDE, np.uint8))  # fmt: skip


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


@inlined
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


@inlined
def _cleared(marks, left):  # type: ignore[no-untyped-def]
    """Clear the marks that `left` values need; returns the mask of their slots."""
    slots = 64
    while slots < _SLOTS * left:
        slots *= 2
    marks[:slots] = 0
    return np.uint64(slots - 1)


@inlined
def _slot(value, shift, mask):  # type: ignore[no-untyped-def]
    mixed = (value ^ (value >> np.uint64(31))) * MIX
    return (mixed >> shift) & mask


@kernel
def reading_places(points, words, joined, count, least, places):  # type: ignore[no-untyped-def]
    """Places of words from which `REACH` characters, read over white space, may stand twice, and of `least`
    words that are shorter than that; in `places.at`, in order. Returns how many.

    Wherever longer n-grams of `least` words or more are the same when written together, these characters are.
    `places.reach` tells how far: 0, fewer than `REACH` characters; 1, `REACH`; and one more for each `STRIDE`
    characters on that may stand twice too, up to `FARTHEST`.
    """
    values, at, solid = places.values, places.at, places.solid
    _write_together(points, words, joined, count, solid)
    total = np.int64(joined[count, 2])
    reading = 0
    while reading < count and np.int64(joined[reading, 2]) + REACH <= total:
        values[reading], at[reading] = _read(solid, np.int64(joined[reading, 2])), reading
        reading += 1
    left = _keep_marked(values, at, reading, places.marks, np.uint64(40))
    left = _with_short(joined, count, least, at, left, places.numbers, places.reach)
    _reach_on(joined, total, left, places)
    return left


@kernel
def _write_together(points, words, joined, count, solid):  # type: ignore[no-untyped-def]
    """The low bytes of the characters of all words, eight at a time: what is too much the next word writes over."""
    for word in range(count):
        begin, to = words[word, 0], np.int64(joined[word, 2])
        for at in range(0, words[word, 1] - begin, STRIDE):
            store8(solid, to + at, low_bytes8(points, begin + at))


@inlined
def _read(solid, at):  # type: ignore[no-untyped-def]
    """One number of the `REACH` bytes from `at`."""
    return _read_on(load8(solid, at), solid, at + STRIDE)


@inlined
def _read_on(value, solid, at):  # type: ignore[no-untyped-def]
    """`value` of what stands before `at`, and the `STRIDE` bytes from there."""
    return (value ^ (value >> np.uint64(29))) * MIX + load8(solid, at)


@kernel
def _with_short(joined, count, least, at, left, spare, reach):  # type: ignore[no-untyped-def]
    """The first `left` places and those of `least` words of fewer than `REACH` characters, in order, in `at`."""
    for k in range(left):
        spare[k] = at[k]
    spare[left] = count
    kept = next_one = 0
    for place in range(count - least + 1):
        likely = spare[next_one] == place
        next_one += 1 if likely else 0
        short = np.int64(joined[place + least, 2] - joined[place, 2]) < REACH
        at[kept], reach[kept] = place, 1 if likely else 0
        kept += 1 if likely or short else 0
    return kept


@kernel
def _reach_on(joined, total, left, places):  # type: ignore[no-untyped-def]
    """Raise `places.reach` of the first `left` places from 1 to what it is to be."""
    values, at, reach, numbers, solid = places.values, places.at, places.reach, places.numbers, places.solid
    going = 0
    for k in range(left):
        begin = np.int64(joined[at[k], 2])
        goes = reach[k] == 1 and begin + REACH + STRIDE <= total
        values[going], numbers[going] = _read(solid, begin), k
        going += 1 if goes else 0
    for far in range(2, FARTHEST + 1):
        ahead = REACH + (far - 2) * STRIDE
        inside = 0
        for k in range(going):
            number = numbers[k]
            begin = np.int64(joined[at[number], 2]) + ahead
            fits = begin + STRIDE <= total
            values[inside], numbers[inside] = _read_on(values[k], solid, min(begin, total)), number
            inside += 1 if fits else 0
        going = _keep_marked(values, numbers, inside, places.marks, np.uint64(40))
        for k in range(going):
            reach[numbers[k]] = far


@kernel
def reaching(joined, count, n, left, places):  # type: ignore[no-untyped-def]
    """Drop of the first `left` of `places.at` those whose n-gram cannot stand twice by its `places.reach`; no longer
    one can either. Returns how many are left; their n-grams' hashes, written together, are in `places.values`.
    """
    at, reach, values = places.at, places.reach, places.values
    kept = 0
    for k in range(left):
        place, far = at[k], reach[k]
        end = min(np.int64(place) + n, count)
        size = joined[end, 2] - joined[place, 2]
        steps = np.int64(min(size // np.uint64(STRIDE), np.uint64(FARTHEST + 1)))
        values[kept] = (joined[end, 0] - joined[place, 0]) * joined[end, 1]
        at[kept], reach[kept] = place, far
        kept += 1 if (np.int64(place) + n <= count) & (np.int64(far) + 1 >= steps) else 0
    return kept
