"""The forms of a passage that its copies are known by, and their hash. Documents keep their own text.

`loose`: lower case, digits as 0, punctuation and accents gone (CCNet, Wenzek et al. 2020, section 3.1:
"lower-case all characters, replace numbers by a placeholder and remove all Unicode punctuation and accent
marks"). CCNet's code (cc_net/text_normalizer.py, normalize_for_dedup) leaves accents and the punctuation of
ASCII, removes 33 other marks, and keeps runs of white space; here one space stands for each.
`spaces`: as written, but for white space.

Accents are marks of Latin, Greek and Cyrillic letters and the vowel points of Hebrew and Arabic. The marks of
Indic scripts, of Thai and its like are vowels: taken away, other words would remain.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from pipelines.dedup.kernels import decode, mix64
from pipelines.dedup.normal import N_CODE_POINTS
from pipelines.kernels.codepoints import LOGOGRAM, SYLLABLE, class_table
from pipelines.kernels.compile import kernel

Normal = Literal["loose", "spaces"]

SPACE, DROPPED = 32, -1
POINT_BITS = 21
POINT_MASK = (1 << POINT_BITS) - 1
ALONE, FIFTH = 1, 2
_ACCENTS = (
    (0x0300, 0x036F), (0x0483, 0x0487), (0x0591, 0x05BD), (0x05BF, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F),
    (0x0670, 0x0670), (0x06D6, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
)  # fmt: skip

# FNV-1a, 64 bits (Fowler, Noll, Vo), over code points in the place of bytes.
_START = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)


class Measured(NamedTuple):
    """Of each passage: `hashes` int64, `chars` int32 of its form, `fifths` int32.

    Fifths of words: a run between spaces and a Han or kana character are five, a character of Thai, Lao, Khmer,
    Myanmar or Tibetan is one.
    """

    hashes: np.ndarray
    chars: np.ndarray
    fifths: np.ndarray


@cache
def normal_table(normal: Normal) -> np.ndarray:
    """What each code point becomes: int32 [N_CODE_POINTS], read-only.

    -1 where it vanishes, else the folded code point, above it ALONE or FIFTH where it counts towards words by
    itself.
    """
    fold = _loose if normal == "loose" else _spaces
    table = np.array([fold(chr(point)) for point in range(N_CODE_POINTS)], np.int32)
    classes = class_table()[np.maximum(table, 0)]
    kinds = np.where(classes & LOGOGRAM, ALONE, np.where(classes & SYLLABLE, FIFTH, 0)).astype(np.int32)
    table = np.where(table < 0, table, table | (kinds << POINT_BITS)).astype(np.int32)
    table.flags.writeable = False
    return table


def _spaces(char: str) -> int:
    return SPACE if char.isspace() else ord(char)


def _loose(char: str) -> int:
    if char.isspace():
        return SPACE
    kind = unicodedata.category(char)
    if kind in ("Cc", "Cf") or kind.startswith("P") or _accent(char):
        return DROPPED
    if kind == "Nd":
        return ord("0")
    parts = unicodedata.normalize("NFD", char)
    return ord((parts[0] if all(map(_accent, parts[1:])) else char).lower()[0])


def _accent(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _ACCENTS)


def measure(data: np.ndarray, begins: np.ndarray, stops: np.ndarray, normal: Normal) -> Measured:
    """Hash and size of the passages [begins, stops) of `data`, UTF-8 with three spare bytes behind it."""
    n = len(begins)
    hashes, chars, fifths = np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32)
    _measure(data, begins, stops, normal_table(normal), hashes, chars, fifths)
    return Measured(hashes.view(np.int64), chars, fifths)


@kernel
def _measure(data, begins, stops, table, hashes, chars, fifths):  # type: ignore[no-untyped-def]
    for k in range(begins.size):
        i, stop = begins[k], stops[k]
        value, length, words = _START, 0, 0
        inside, pending = False, False
        while i < stop:
            entry = table[data[i]]
            if data[i] < 0x80:
                i += 1
            else:
                point, width = decode(data, i)
                entry = table[point] if point < table.size else np.int32(point)
                i += width
            if entry == SPACE:
                pending, inside = length > 0, False
            elif entry != DROPPED:
                if pending:
                    value = (value ^ np.uint64(SPACE)) * _PRIME
                    length += 1
                    pending = False
                kind = entry >> POINT_BITS
                words += 0 if kind == 0 and inside else (1 if kind == FIFTH else 5)
                inside = kind == 0
                value = (value ^ np.uint64(entry & POINT_MASK)) * _PRIME
                length += 1
        hashes[k], chars[k], fifths[k] = mix64(value), length, words
