"""The share of stop words of the document's own language (`quality.stop_words`)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.codepoints import CLOSER, STOP, UNSPACED, class_table
from pipelines.kernels.compile import kernel
from pipelines.kernels.seen import MIX, hash_points
from pipelines.language.codes import any_covers
from pipelines.quality.families.signal import Signal
from pipelines.quality.stop_words import STOP_WORDS

SIGNALS = (
    Signal("stop_word_ratio", "number", "stop words of the document's language per word (in any case but mixed, marks "
           "ignored; inside the text in scripts without spaces); 0 for languages without a list"),
)  # fmt: skip

LANGUAGES = tuple(STOP_WORDS)
"""Languages that have a list, by their number in the table."""

SIZE = 1 << 14
_EMPTY = np.uint64(0)


class StopTable(NamedTuple):
    """keys uint64 (SIZE,): hashes of language and word, 0 where there is none, found by open addressing.
    longest int64 (languages,): characters of the longest word to look for inside the text; 0 where words have
    spaces around them. widest int64 (languages,): characters of the longest word.
    """

    keys: np.ndarray
    longest: np.ndarray
    widest: np.ndarray


@cache
def stop_table() -> StopTable:
    """The table of all lists, each word also with a capital; read-only. Built once a process."""
    keys, (longest, widest) = np.zeros(SIZE, np.uint64), np.zeros((2, len(LANGUAGES)), np.int64)
    for number, words in enumerate(STOP_WORDS.values()):
        for word in words.split():
            for form in {word, word.capitalize()}:
                points = np.frombuffer(form.encode("utf-32-le"), np.uint32)
                widest[number] = max(widest[number], points.size)
                _enter(keys, np.uint64(_key(points, 0, points.size, number)))
                if class_table()[points[0]] & UNSPACED:
                    longest[number] = max(longest[number], points.size)
    return StopTable(keys, longest, widest)


def language_numbers(codes: pa.Array) -> np.ndarray:
    """The number of each code's language in `LANGUAGES`, int64; -1 for a null or a language without a list."""
    encoded = pc.dictionary_encode(codes.cast(pa.string()), null_encoding="encode")
    lists = list(enumerate(LANGUAGES))
    numbers = [
        next((number for number, language in lists if any_covers([language], code)), -1)
        for code in encoded.dictionary.to_pylist()
    ]
    return np.array(numbers, np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]


@kernel
def measure_stop_words(page, grams, language, table, words, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `SIGNALS`. grams: the stretches without white space of the page, numbered. language: its
    number, or -1; words: how many the text has.
    """
    found = 0
    if language >= 0 and table.longest[language]:
        found = _count_inside(page, language, table)
    elif language >= 0:
        found = _count_spaced(page, grams, language, table)
    out[0] = found / words if words > 0 else 0.0


@kernel
def _count_spaced(page, grams, language, table):  # type: ignore[no-untyped-def]
    """Stop words among the stretches without white space; each different one is looked up once."""
    total = 0
    for number in range(grams.size[1]):
        word = grams.firsts[number]
        begin, end = _bare(page, page.word_begin[word], page.word_end[word])
        if 0 < end - begin <= table.widest[language]:
            total += (
                grams.counts[number] if _knows(table.keys, _key(page.points, begin, end, language)) else 0
            )
    return total


@kernel
def _bare(page, begin, end):  # type: ignore[no-untyped-def]
    """[begin, end) without the marks at both ends."""
    while begin < end and _is_mark(page.points[begin], page.classes[begin]):
        begin += 1
    while end > begin and _is_mark(page.points[end - 1], page.classes[end - 1]):
        end -= 1
    return begin, end


@kernel
def _is_mark(point, kind):  # type: ignore[no-untyped-def]
    """Punctuation; the vowel signs of Indic scripts, which have no class either, are none."""
    if kind & (STOP | CLOSER):
        return True
    if kind:
        return False
    return (
        point < 0xC0
        or 0x2000 <= point < 0x2070
        or point == 0x60C
        or point == 0x61B
        or 0x1361 <= point <= 0x1368
    )


@kernel
def _count_inside(page, language, table):  # type: ignore[no-untyped-def]
    """Stop words in the stretches without spaces, the longest at each place."""
    total = at = 0
    while at < page.points.size:
        step = 0
        if page.classes[at] & UNSPACED:
            step = _longest_at(page, at, language, table)
        total += 1 if step else 0
        at += step if step else 1
    return total


@kernel
def _longest_at(page, at, language, table):  # type: ignore[no-untyped-def]
    """Characters of the longest stop word that begins at `at`; 0 if none does."""
    length = min(table.longest[language], page.points.size - at)
    while length and not _knows(table.keys, _key(page.points, at, at + length, language)):
        length -= 1
    return length


@kernel
def _key(points, begin, end, language):  # type: ignore[no-untyped-def]
    return (hash_points(points, begin, end) + np.uint64(language)) * MIX | np.uint64(1)


@kernel
def _knows(keys, key):  # type: ignore[no-untyped-def]
    slot = np.int64(key >> np.uint64(40)) & (SIZE - 1)
    while keys[slot] != _EMPTY and keys[slot] != key:
        slot = (slot + 1) & (SIZE - 1)
    return keys[slot] == key


@kernel
def _enter(keys, key):  # type: ignore[no-untyped-def]
    slot = np.int64(key >> np.uint64(40)) & (SIZE - 1)
    while keys[slot] != _EMPTY and keys[slot] != key:
        slot = (slot + 1) & (SIZE - 1)
    keys[slot] = key
