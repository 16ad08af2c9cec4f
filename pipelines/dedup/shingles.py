"""N-grams of a normalised text (`normal`) as 64-bit hashes.

A token is a run of letters, digits and marks; in scripts that put no spaces between words (Han, Kana, Thai,
Lao, Khmer, Burmese and kin) every character is its own token, with its marks. Everything else only
separates. A shingle is (`KINDS`)
    words       n tokens in a row;
    auto        tokens that are n words long, where a character of those scripts counts as half a word. It is the
                same as `words` in other scripts, and longer in these, with no text on a border between two rules;
    characters  n letters, digits and marks in a row, what separates two words being one character.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa

from pipelines.dedup.kernels import decode, mix64
from pipelines.dedup.normal import N_CODE_POINTS, composed_buffers, fold_table
from pipelines.kernels.compile import kernel

_SEPARATOR, _WORD, _ALONE, _MARK, _VANISHES = 0, 1, 2, 3, 4
_KIND_BITS = 3
_KIND_MASK = (1 << _KIND_BITS) - 1

_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x19E0, 0x19FF),  # Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # Han iteration marks
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3031, 0x312F),  # Kana repeat marks, Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo extended
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar extended B
    (0xAA60, 0xAADF),  # Myanmar extended A, Tai Viet
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x1AFF0, 0x1B16F),  # Kana supplements
    (0x20000, N_CODE_POINTS - 1),  # Han extensions B and beyond
)

# FNV-1a, 64 bits (Fowler, Noll, Vo), over code points in the place of bytes.
_START = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_WINDOW = np.uint64(0x9E3779B97F4A7C15)
_BLANK = np.uint64(0xA0761D6478BD642F)

KINDS = ("words", "auto", "characters")


def _class_of(char: str) -> int:
    kind = unicodedata.category(char)[0]
    if kind == "M":
        return _MARK
    return _WORD if kind in "LN" else _SEPARATOR


@cache
def class_table() -> np.ndarray:
    """uint8 [N_CODE_POINTS]: 0 separator, 1 word character, 2 character that is its own token, 3 mark."""
    table = np.array([_class_of(chr(point)) for point in range(N_CODE_POINTS)], dtype=np.uint8)
    for first, last in _UNSPACED:
        block = table[first : last + 1]
        block[block == _WORD] = _ALONE
    return table


@cache
def _token_table() -> np.ndarray:
    # One lookup a character: what it folds to, shifted, over the class of that (or 4 where it vanishes).
    fold = fold_table()
    kinds = np.where(fold < 0, _VANISHES, class_table()[np.maximum(fold, 0)])
    return (np.maximum(fold, 0) << _KIND_BITS | kinds).astype(np.int32)


@kernel
def _tokens(
    offsets: np.ndarray, data: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = len(offsets) - 1
    out = np.empty(len(data) + 1, np.uint64)
    alone = np.empty(len(data) + 1, np.bool_)
    ends = np.zeros(n + 1, np.int64)
    at = 0
    for d in range(n):
        i, stop, inside, value = offsets[d], offsets[d + 1], _SEPARATOR, _START
        while i < stop:
            point, width = decode(data, i)
            i += width
            entry = table[point] if point < len(table) else 0
            kind = entry & _KIND_MASK
            if kind == _VANISHES:
                continue
            if inside != _SEPARATOR and kind != _MARK and not (inside == kind == _WORD):
                out[at], alone[at] = mix64(value), inside == _ALONE
                at += 1
                inside, value = _SEPARATOR, _START
            if kind != _SEPARATOR:
                if inside == _SEPARATOR:
                    inside = _ALONE if kind == _ALONE else _WORD
                value = (value ^ np.uint64(entry >> _KIND_BITS)) * _PRIME
        if inside != _SEPARATOR:
            out[at], alone[at] = mix64(value), inside == _ALONE
            at += 1
        ends[d + 1] = at
    return ends, out[:at].copy(), alone[:at].copy()


@kernel
def _characters(offsets: np.ndarray, data: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(offsets) - 1
    out = np.empty(len(data) + 1, np.uint64)
    ends = np.zeros(n + 1, np.int64)
    at = 0
    for d in range(n):
        i, blank = offsets[d], False
        while i < offsets[d + 1]:
            point, width = decode(data, i)
            i += width
            entry = table[point] if point < len(table) else 0
            kind = entry & _KIND_MASK
            if kind == _SEPARATOR:
                blank = at > ends[d]
            elif kind != _VANISHES:
                if blank:
                    out[at] = _BLANK
                    at += 1
                    blank = False
                out[at] = mix64(np.uint64(entry >> _KIND_BITS) * _PRIME)
                at += 1
        ends[d + 1] = at
    return ends, out[:at].copy()


@kernel
def _windows(offsets: np.ndarray, tokens: np.ndarray, ngram: int) -> tuple[np.ndarray, np.ndarray]:
    n = len(offsets) - 1
    ends = np.zeros(n + 1, np.int64)
    for d in range(n):
        ends[d + 1] = ends[d] + max(0, offsets[d + 1] - offsets[d] - ngram + 1)
    out = np.empty(ends[n], np.uint64)
    last = np.uint64(1)
    for _ in range(ngram):
        last *= _WINDOW
    for d in range(n):
        value, start = np.uint64(0), offsets[d]
        for j in range(offsets[d + 1] - start if ends[d + 1] > ends[d] else 0):
            value = value * _WINDOW + tokens[start + j]
            if j >= ngram:
                value -= last * tokens[start + j - ngram]
            if j >= ngram - 1:
                out[ends[d] + j - ngram + 1] = mix64(value)
    return ends, out


@kernel
def _weighted_windows(
    offsets: np.ndarray, tokens: np.ndarray, alone: np.ndarray, ngram: int
) -> tuple[np.ndarray, np.ndarray]:
    n = len(offsets) - 1
    ends = np.zeros(n + 1, np.int64)
    out = np.empty(len(tokens), np.uint64)
    at = 0
    for d in range(n):
        for j in range(offsets[d], offsets[d + 1]):
            value, weight, k = np.uint64(0), 0, j
            while weight < 2 * ngram and k < offsets[d + 1]:
                value = value * _WINDOW + tokens[k]
                weight += 1 if alone[k] else 2
                k += 1
            if weight < 2 * ngram:
                break
            out[at] = mix64(value)
            at += 1
        ends[d + 1] = at
    return ends, out[:at].copy()


@kernel
def _sorted_sets(offsets: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(offsets) - 1
    ends = np.zeros(n + 1, np.int32)
    out = np.empty(len(values), np.uint32)
    at = 0
    for d in range(n):
        ordered = np.sort(values[offsets[d] : offsets[d + 1]].astype(np.uint32))
        for j in range(len(ordered)):
            if j == 0 or ordered[j] != ordered[j - 1]:
                out[at] = ordered[j]
                at += 1
        ends[d + 1] = at
    return ends, out[:at].copy()


def token_hashes(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of each text in order, hashed: offsets (int64, n + 1) and values (uint64)."""
    offsets, tokens, _ = _tokens(*composed_buffers(texts), _token_table())
    return offsets, tokens


def shingle_windows(texts: pa.Array, ngram: int = 5, by: str = "words") -> tuple[np.ndarray, np.ndarray]:
    """Every shingle in order, repeats included: offsets (int64, n + 1) and hashes (uint64).

    `by` is one of KINDS, and `ngram` counts what it says. A text that is shorter than `ngram` has none.
    """
    composed = composed_buffers(texts)
    if by == "characters":
        return _windows(*_characters(*composed, _token_table()), ngram)
    offsets, tokens, alone = _tokens(*composed, _token_table())
    if by == "auto" and alone.any():
        return _weighted_windows(offsets, tokens, alone, ngram)
    return _windows(offsets, tokens, ngram)


def shingle_sets(texts: pa.Array, ngram: int = 5, by: str = "words") -> pa.ListArray:
    """Set of shingles of each text (`shingle_windows`): list<uint32>, ascending; empty for short texts.

    A shingle is the low half of its 64-bit hash: of two texts of 1,000 shingles each, two different ones fall
    together with probability 0.0002.
    """
    offsets, values = _sorted_sets(*shingle_windows(texts, ngram, by))
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))
