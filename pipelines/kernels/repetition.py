"""Repetition in a document as datatrove counts it: lines, paragraphs, and n-grams of words.

datatrove 0.10, pipeline/filters/gopher_repetition_filter.py. Strings are compared by their 64-bit hashes.
"""

from __future__ import annotations

import numpy as np

from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.hashes import BASE, between, scattered
from pipelines.kernels.repeated_places import HEAVIEST, keep_weighed

_UPS = np.array([pow(int(BASE), power, 2**64) for power in range(64)], np.uint64)
_DOWNS = np.array([pow(int(BASE), -power, 2**64) for power in range(64)], np.uint64)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_ONE, _HALF, _LOW = np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF)


@kernel
def table_size(elements):  # type: ignore[no-untyped-def]
    """Slots for a hash table of `elements`: a power of two, at least twice as many."""
    size = 16
    while size < 2 * elements:
        size *= 2
    return size


@inlined
def is_new(keys, value):  # type: ignore[no-untyped-def]
    """True if `value` is not among `keys` yet; it is then. keys: uint64, a power of two long, 0 where free."""
    mask = np.uint64(keys.size - 1)
    value = value if value else _ONE
    slot = scattered(value, mask)
    while keys[slot] != 0:
        if keys[slot] == value:
            return False
        slot = (slot + _ONE) & mask
    keys[slot] = value
    return True


@inlined
def _power(powers, exponent):  # type: ignore[no-untyped-def]
    """powers[1] to the power of `exponent`, of which `powers` holds the first."""
    value = _ONE
    while exponent >= powers.size:
        value *= powers[powers.size - 1]
        exponent -= powers.size - 1
    return value * powers[exponent]


@kernel
def join_words(words, count, joined):  # type: ignore[no-untyped-def]
    """Prepare `joined`, uint64 (count + 1, 3), for n-grams.

    Of each word: a sum and a power, and the number of characters in the words before. The hash of the words
    [begin, end) written together is the difference of their sums, times the power of `end`.
    """
    total, up, down, characters = np.uint64(0), _ONE, _ONE, 0
    joined[0, 0], joined[0, 1], joined[0, 2] = 0, 1, 0
    for at in range(count):
        length = words[at, 1] - words[at, 0]
        up *= _power(_UPS, length)
        down *= _power(_DOWNS, length)
        total += np.uint64(words[at, 2]) * down
        characters += length
        joined[at + 1, 0], joined[at + 1, 1], joined[at + 1, 2] = total, up, characters


@inlined
def _characters(joined, begin, end):  # type: ignore[no-untyped-def]
    return np.int64(joined[end, 2] - joined[begin, 2])


@kernel
def duplicate_characters(joined, n, values, at, places, keys):  # type: ignore[no-untyped-def]
    """Characters in n-grams that occurred before; a repeated n-gram is stepped over as a whole.

    N-grams are compared written together, so `a bc` and `ab c` are one. values, at: their hashes and where they
    begin, `places` of them, all that repeat among these (`repeated_places.reaching`). keys: scratch of
    `table_size(places)` or more.
    """
    table = keys[: table_size(places)]
    table[:] = 0
    characters = free = 0
    for k in range(places):
        place = at[k]
        if place >= free and not is_new(table, values[k]):
            characters += _characters(joined, place, place + n)
            free = place + n
    return characters


@kernel
def measure_top_grams(words, joined, count, places, tallies, out):  # type: ignore[no-untyped-def]
    """Fill `out` with what `top_characters` has of 2-grams, 3-grams and so on.

    places: scratch (`repeated_places.Places`). An n-gram that repeats begins with an (n - 1)-gram that does.
    """
    values, at, slots, marks = places.values, places.at, places.slots, places.marks
    left = _pairs(words, count, values, at)
    for number in range(out.size):
        n = number + 2
        left = _lengthen(words, count, n, values, at, left) if number else left
        left = keep_weighed(values, at, slots, left, marks)
        out[number] = top_characters(joined, count, n, values, at, slots, left, tallies)


@inlined
def _pairs(words, count, values, at):  # type: ignore[no-untyped-def]
    """Make the place of every word but the last one, with the value of the two from there; returns how many."""
    for place in range(count - 1):
        values[place] = _longer(np.uint64(words[place, 2]), np.uint64(words[place + 1, 2]))
        at[place] = place
    return max(count - 1, 0)


@inlined
def _longer(value, last):  # type: ignore[no-untyped-def]
    """The value of an n-gram from that of its first n - 1 words and the hash of its last."""
    # Spread first: hashes of words of one letter are small numbers, and sums of their multiples meet.
    spread = value * _SPREAD
    return (spread ^ (spread >> _HALF)) * BASE + last


@inlined
def _lengthen(words, count, n, values, at, left):  # type: ignore[no-untyped-def]
    """Make n-grams of (n - 1)-grams, and drop the places that are too near the end; returns how many are left."""
    kept = 0
    for k in range(left):
        place = at[k]
        if place + n <= count:
            values[kept] = _longer(values[k], np.uint64(words[place + n - 1, 2]))
            at[kept] = place
            kept += 1
    return kept


@kernel
def top_characters(joined, count, n, values, at, weights, left, tallies):  # type: ignore[no-untyped-def]
    """Characters (single spaces included) of the most frequent n-gram, the earliest of equals, times its count.

    values, at: hash and place of the n-grams looked at, `left` of them; others occur once. weights: how often each
    occurs at most, up to `HEAVIEST`; overwritten. tallies: scratch, uint64 (`table_size(left)`, 2) or more; of each
    n-gram its hash, how often, and where first.
    """
    if count < n:
        return 0
    likely = _most_likely(values, weights, left)
    table = tallies[: table_size(likely)]
    table[:] = 0
    best, first = np.int64(1), np.int64(0)
    for number in range(likely):
        k = weights[number]
        slot = _tally(table, values[k] if values[k] else _ONE, at[k])
        times, begin = np.int64(table[slot, 1] >> _HALF), np.int64(table[slot, 1] & _LOW)
        if times > best or (times == best and begin < first):
            best, first = times, begin
    return best * (_characters(joined, first, first + n) + n - 1)


@inlined
def _most_likely(values, weights, left):  # type: ignore[no-untyped-def]
    """Leave in `weights` which of the `left` n-grams may be the most frequent; returns how many.

    The one of most weight is counted: what weighs less than that count is no candidate.
    """
    heaviest = most = 0
    for k in range(left):
        heavier = weights[k] > most
        heaviest = k if heavier else heaviest
        most = weights[k] if heavier else most
    times = 0
    for k in range(left):
        times += 1 if values[k] == values[heaviest] else 0
    least = min(times, HEAVIEST)
    likely = 0
    for k in range(left):
        enough = weights[k] >= least
        weights[likely] = k
        likely += 1 if enough else 0
    return likely


@inlined
def _tally(tallies, value, at):  # type: ignore[no-untyped-def]
    """The row of `value`, counted once more: how often in the upper half, where it was first in the lower."""
    mask = np.uint64(tallies.shape[0] - 1)
    slot = scattered(value, mask)
    while tallies[slot, 0] != 0 and tallies[slot, 0] != value:
        slot = (slot + _ONE) & mask
    tally = tallies[slot, 1] if tallies[slot, 0] else np.uint64(at)
    tallies[slot, 0], tallies[slot, 1] = value, tally + (_ONE << _HALF)
    return slot


@kernel
def paragraphs(points, sums, begin, end, breaks, lines, keys):  # type: ignore[no-untyped-def]
    """(paragraphs, repeated ones, characters in those) of [begin, end), which has no newline at its ends.

    Paragraphs are parted by two newlines or more. sums: of `hashes.add_up`. breaks: where a line may end, `lines`
    places. keys: scratch with room for every line.
    """
    keys[:] = 0
    total = repeated = characters = 0
    first = begin
    for k in range(lines + 1):
        at = breaks[k] if k < lines else end
        if k < lines and (at < first or at >= end or points[at] != 0x0A or points[at + 1] != 0x0A):
            continue
        total += 1
        if not is_new(keys, between(sums, first, at)):
            repeated += 1
            characters += at - first
        first = at
        while first < end and points[first] == 0x0A:
            first += 1
    return total, repeated, characters
