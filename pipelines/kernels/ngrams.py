"""Word n-grams that repeat: from 2 to 10 words, counted exactly, in time that follows how much repeats.

Words are numbered, and an n-gram is numbered by the pair (the number of its first n - 1 words, the number of
its last word), so two n-grams have one number only if their words are the same. An n-gram that repeats begins
and ends with (n - 1)-grams that repeat: each round looks only at the places that the round before left. Of
these most n-grams still stand once; a small table of marks sorts them out before any is numbered.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.compile import inlined, kernel
from pipelines.kernels.seen import MIX, PRIME, enter, forget, hash_points, hash_short

LONGEST = 10
"""Words in the longest n-gram that a published rule looks at."""


class Grams(NamedTuple):
    """The words of one document and what repeats among them, or the room for both.

    size int64 (2,): words; different words. words int32: the number of each word. counts int32: how often
    word number k occurs. firsts int32: where word number k occurs first. sums int64, one longer: characters
    (code points) before each word. begins, ends, names, active and tally are scratch, int32; keys, uint64;
    marks, uint8.

    Filled by `count_grams`, int64 (LONGEST + 1,), at index n: most, how often the most frequent n-gram
    occurs (of several, the one that begins first); top, its characters; repeated, the characters of every
    occurrence of every n-gram that occurs twice; covered, the same with each word counted once; all, the
    characters of all n-grams.
    """

    size: np.ndarray
    words: np.ndarray
    counts: np.ndarray
    firsts: np.ndarray
    keys: np.ndarray
    sums: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    names: np.ndarray
    active: np.ndarray
    tally: np.ndarray
    marks: np.ndarray
    most: np.ndarray
    top: np.ndarray
    repeated: np.ndarray
    covered: np.ndarray
    all: np.ndarray


def grams_for(words: int) -> Grams:
    """Room for documents of up to `words` words. Untouched room costs no memory."""
    shapes: dict[str, tuple[int, type]] = dict.fromkeys(Grams._fields, (words + 1, np.int32))
    shapes |= dict.fromkeys(("most", "top", "repeated", "covered", "all"), (LONGEST + 1, np.int64))
    shapes |= {"size": (2, np.int64), "sums": (words + 2, np.int64), "keys": (words + 1, np.uint64)}
    shapes["marks"] = (1 << max(6, (4 * words).bit_length()), np.uint8)
    # Not cleared: memory that the process has had before would be written over as a whole.
    grams = Grams(**{name: np.empty(size, kind) for name, (size, kind) in shapes.items()})
    grams.sums[0] = 0
    for counts in (grams.size, grams.most, grams.top, grams.repeated, grams.covered, grams.all):
        counts[:] = 0
    return grams


@kernel
def add_words(grams, seen, points, begins, ends):  # type: ignore[no-untyped-def]
    """Number the words [begins, ends) of `points`, in place of what `grams` held."""
    keys = grams.keys
    for word in range(begins.size):
        keys[word] = hash_points(points, begins[word], ends[word])
    _number_words(grams, seen, begins, ends)


@kernel
def add_page_words(grams, seen, data, places, begins, ends):  # type: ignore[no-untyped-def]
    """`add_words` of a page that was loaded from `data`: told apart by their bytes, faster where words are short."""
    keys = grams.keys
    for word in range(begins.size):
        keys[word] = hash_short(data, places[begins[word]], places[ends[word]])
    _number_words(grams, seen, begins, ends)


@kernel
def _number_words(grams, seen, begins, ends):  # type: ignore[no-untyped-def]
    forget(seen, begins.size)
    keys, numbers, stamps, now = seen.keys, seen.counts, seen.stamps, seen.now
    words, counts, sums, firsts = grams.words, grams.counts, grams.sums, grams.firsts
    known = length = 0
    for word in range(begins.size):
        slot = enter(keys, numbers, stamps, now, grams.keys[word])
        counts[known], firsts[known] = 0, word
        known += 1 if numbers[slot] == 0 else 0
        number = known - 1 if numbers[slot] == 0 else numbers[slot] - 1
        numbers[slot] = number + 1
        counts[number] += 1
        words[word] = number
        length += ends[word] - begins[word]
        sums[word + 1] = length
    grams.size[0], grams.size[1] = begins.size, known


@kernel
def add_forms(grams, seen, of, points, begins, ends):  # type: ignore[no-untyped-def]
    """Number the words of `of` anew by a form of each, in place of what `grams` held.

    [begins[k], ends[k]) of `points` is the form of word number k: words of one form become one word, words
    without a form none.
    """
    forget(seen, of.size[1])
    keys, numbers, stamps, now = seen.keys, seen.counts, seen.stamps, seen.now
    words, counts, sums, same = grams.words, grams.counts, grams.sums, grams.active
    known = added = length = 0
    for number in range(of.size[1]):
        same[number] = 0
        if begins[number] == ends[number]:
            continue
        slot = enter(keys, numbers, stamps, now, hash_points(points, begins[number], ends[number]))
        counts[known] = 0
        known += 1 if numbers[slot] == 0 else 0
        same[number] = known - 1 if numbers[slot] == 0 else numbers[slot] - 1
        numbers[slot] = same[number] + 1
    for word in range(of.size[0]):
        number = of.words[word]
        characters = ends[number] - begins[number]
        words[added] = same[number]
        length += characters
        sums[added + 1] = length
        counts[same[number]] += 1 if characters else 0
        added += 1 if characters else 0
    grams.size[0], grams.size[1] = added, known


@kernel
def count_grams(grams, seen):  # type: ignore[no-untyped-def]
    """Fill most, top, repeated, covered and all from the words of `add_words`."""
    words = grams.size[0]
    _count_all(grams, words)
    active = _repeated_words(grams, words)
    for n in range(2, LONGEST + 1):
        grams.most[n] = 1 if words >= n else 0
        grams.top[n] = grams.sums[n] if words >= n else 0
        grams.repeated[n] = grams.covered[n] = 0
        if active:
            active = _keep_likely(grams, active, n)
            _number_grams(grams, seen, active, n)
            active = _keep_repeated(grams, active, n)


@kernel
def _count_all(grams, words):  # type: ignore[no-untyped-def]
    """Fill all: the sums after the last word of each n-gram, less those before the first."""
    sums = grams.sums
    after = before = 0
    for at in range(words):
        after += sums[at + 1]
        before += sums[at]
    for n in range(2, LONGEST + 1):
        after -= sums[min(n - 1, words)]
        before -= sums[max(words - n + 1, 0)]
        grams.all[n] = after - before if words >= n else 0


@kernel
def _repeated_words(grams, words):  # type: ignore[no-untyped-def]
    """Make active the places of all words that occur twice; returns how many."""
    numbers, counts, names, places = grams.words, grams.counts, grams.names, grams.active
    active = 0
    for at in range(words):
        number = numbers[at]
        names[at] = number
        places[active] = at
        active += 1 if counts[number] > 1 else 0
    return active


@kernel
def _keep_likely(grams, active, n):  # type: ignore[no-untyped-def]
    """Leave active the places that have one after them and whose n-gram shares its mark; returns how many.

    Written without branches, which on such data are guessed wrong every other time.
    """
    last, names, places, marks = grams.words, grams.names, grams.active, grams.marks
    pairs = kept = 0
    for k in range(active - 1):
        at = places[k]
        places[pairs] = at
        pairs += 1 if places[k + 1] == at + 1 else 0
    slots = 64
    while slots < 4 * pairs:
        slots *= 2
    mask = np.uint64(slots - 1)
    marks[:slots] = 0
    for k in range(pairs):
        at = places[k]
        mark = (_pair(names[at], last[at + n - 1]) * MIX >> np.uint64(40)) & mask
        marks[mark] = min(marks[mark] + 1, 2)
    for k in range(pairs):
        at = places[k]
        mark = (_pair(names[at], last[at + n - 1]) * MIX >> np.uint64(40)) & mask
        places[kept] = at
        kept += 1 if marks[mark] == 2 else 0
    return kept


@kernel
def _number_grams(grams, seen, active, n):  # type: ignore[no-untyped-def]
    """Number the n-grams that begin at an active place, and count each."""
    forget(seen, active)
    keys, numbers, stamps, now = seen.keys, seen.counts, seen.stamps, seen.now
    last, names, places, tally = grams.words, grams.names, grams.active, grams.tally
    known = 0
    for k in range(active):
        at = places[k]
        slot = enter(keys, numbers, stamps, now, _pair(names[at], last[at + n - 1]))
        tally[known] = 0
        known += 1 if numbers[slot] == 0 else 0
        number = known - 1 if numbers[slot] == 0 else numbers[slot] - 1
        numbers[slot] = number + 1
        tally[number] += 1
        names[at] = number


@inlined
def _pair(first, second):  # type: ignore[no-untyped-def]
    """A 64-bit key of two numbers; different for different pairs, and spread over all bits."""
    key = ((np.uint64(first) << np.uint64(32)) | np.uint64(second)) * PRIME
    return key ^ (key >> np.uint64(32))


@kernel
def _keep_repeated(grams, active, n):  # type: ignore[no-untyped-def]
    """Sum up the n-grams that occur twice, and leave only their places active; returns how many."""
    sums, names, places, tally = grams.sums, grams.names, grams.active, grams.tally
    kept = reached = repeated = covered = 0
    most = 1
    for k in range(active):
        at = places[k]
        count, begin, end = tally[names[at]], sums[at], sums[at + n]
        again = count > 1
        repeated += end - begin if again else 0
        covered += end - max(begin, reached) if again else 0
        reached = end if again else reached
        if count > most:
            most = count
            grams.most[n], grams.top[n] = count, end - begin
        places[kept] = at
        kept += 1 if again else 0
    grams.repeated[n], grams.covered[n] = repeated, covered
    return kept
