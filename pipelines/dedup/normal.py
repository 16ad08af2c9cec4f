"""The form of a text that duplicates are judged by. It is never stored: documents keep their own text.

NFC; then each character's simple lower case; every run of white space becomes one space, none at either
end; control and format characters (zero-width joiners, soft hyphens, byte order marks) vanish. Punctuation
stays: code that differs in an operator is not an exact duplicate. What differs in punctuation alone is a
near duplicate of similarity 1 (`shingles` drops it).
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipelines.dedup.kernels import decode, text_buffers
from pipelines.kernels.compile import kernel
from pipelines.kernels.utf8 import write_point
from pipelines.kernels.wide import HIGHS, equal8, least8, load8, store8

VERSION = f"1/unicode-{unicodedata.unidata_version}"
"""Part of every fingerprint: hashes compare only within one version of rule and character database."""

N_CODE_POINTS = 0x32400
"""Tables end here; the planes beyond hold only tags, variation selectors and private characters."""

_SPACE = 32
_DROPPED = -1
_UNSURE = 255

SPACE8, UPPER_A, AFTER_Z, DELETE = (np.uint64(byte) for byte in (0x20, 0x41, 0x5B, 0x7F))
EIGHT, TO_CASE, LAST_BIT = np.uint64(8), np.uint64(2), np.uint64(63)


def _folded(char: str) -> int:
    if char.isspace():
        return _SPACE
    if unicodedata.category(char) in ("Cc", "Cf"):
        return _DROPPED
    return ord(char.lower()[0])


@cache
def fold_table() -> np.ndarray:
    """int32 [N_CODE_POINTS]: what each code point becomes; 32 for white space, -1 where it vanishes."""
    return np.array([_folded(chr(point)) for point in range(N_CODE_POINTS)], dtype=np.int32)


@kernel
def _fold(offsets, data, table):  # type: ignore[no-untyped-def]
    """(where each folded text ends, int64 (n + 1,); all of them, uint8)."""
    # Lower case grows a character by half at most (U+023A: two bytes to three); 4 spare bytes a text.
    n = len(offsets) - 1
    out = np.empty(len(data) + len(data) // 2 + 4 * n + 12, np.uint8)
    ends = np.zeros(n + 1, np.int64)
    at = 0
    for d in range(n):
        at = _fold_text(data, offsets[d], offsets[d + 1], table, out, at)
        ends[d + 1] = at
    return ends, out[:at]


@kernel
def _fold_text(data, at, stop, table, out, start):  # type: ignore[no-untyped-def]
    """Write the folded text [at, stop) to `out` from `start` on; returns where it ends there."""
    end = start
    spaced = True  # nothing at all, or a space, stands last in `out`
    while at < stop:
        if at + 8 <= stop:
            word = load8(data, at)
            spaces = equal8(word, SPACE8)
            if _is_plain(word) and not spaces & ((spaces << EIGHT) | np.uint64(spaced << 7)):
                store8(out, end, word | ((least8(word, UPPER_A) & ~least8(word, AFTER_Z)) >> TO_CASE))
                spaced = spaces >> LAST_BIT != 0
                at += 8
                end += 8
                continue
        point, width = decode(data, at)
        at += width
        folded = table[point] if point < len(table) else point
        if folded == _SPACE:
            out[end] = _SPACE
            end += not spaced
            spaced = True
        elif folded != _DROPPED:
            end = write_point(out, end, folded)
            spaced = False
    return end - 1 if spaced and end > start else end


@kernel
def _is_plain(word):  # type: ignore[no-untyped-def]
    """True if all eight bytes are ASCII from the space to the tilde."""
    return (word & HIGHS) == 0 and (least8(word, SPACE8) & ~least8(word, DELETE)) == HIGHS


def _composable() -> set[int]:
    """Code points that may join the one before them: second halves of pairs, Hangul vowels and finals."""
    halves = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    for point in range(N_CODE_POINTS):
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            halves.add(int(parts[1], 16))
    return halves


@cache
def quick_check_table() -> np.ndarray:
    """uint8 [N_CODE_POINTS]: 255 where a text that has it may not be in NFC, else its combining class."""
    halves = _composable()
    table = np.empty(N_CODE_POINTS, np.uint8)
    for point in range(N_CODE_POINTS):
        char = chr(point)
        stable = point not in halves and unicodedata.is_normalized("NFC", char)
        table[point] = unicodedata.combining(char) if stable else _UNSURE
    return table


@kernel
def _is_composed(offsets, data, table):  # type: ignore[no-untyped-def]
    """Which texts pass the quick check: bool (n,)."""
    out = np.ones(len(offsets) - 1, np.bool_)
    for d in range(len(out)):
        out[d] = _is_composed_text(data, offsets[d], offsets[d + 1], table)
    return out


@kernel
def _is_composed_text(data, at, stop, table):  # type: ignore[no-untyped-def]
    last = 0
    while at < stop:
        if data[at] < 0x80:
            while at + 8 <= stop and load8(data, at) & HIGHS == 0:
                at += 8
            while at < stop and data[at] < 0x80:
                at += 1
            last = 0
            continue
        point, width = decode(data, at)
        at += width
        order = int(table[point]) if point < len(table) else _UNSURE
        if order == _UNSURE or 0 < order < last:
            return False
        last = order
    return True


def _compose(text: bytes) -> str:
    # Not pyarrow.compute.utf8_normalize: in pyarrow 25.0.1 its NFC decomposes (apache/arrow issue 51225).
    return unicodedata.normalize("NFC", text.decode("utf-8", "replace"))


def composed_buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Texts in NFC as offsets (int64, n + 1) and UTF-8 bytes (uint8); null reads as empty.

    The quick check of Unicode Standard Annex 15, section 9, spares texts composed already.
    """
    offsets, data = text_buffers(texts)
    composed = _is_composed(offsets, data, quick_check_table())
    if composed.all():
        return offsets, data
    mask = pa.array(~composed)
    rest = [_compose(text) for text in texts.filter(mask).cast(pa.large_binary()).to_pylist()]
    return text_buffers(pc.replace_with_mask(texts, mask, pa.array(rest, texts.type)))


def normalise_buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Normalised texts as offsets (int64, n + 1) and UTF-8 bytes (uint8); null reads as empty."""
    return _fold(*composed_buffers(texts), fold_table())


def normalise(texts: pa.Array) -> pa.Array:
    """Normalised texts (large_string), null where the text is null."""
    offsets, data = normalise_buffers(texts)
    folded = pa.Array.from_buffers(
        pa.large_string(), len(texts), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
    return pc.if_else(texts.is_valid(), folded, pa.scalar(None, pa.large_string()))


def exact_hash(texts: pa.Array) -> pa.Array:
    """XXH3 (128 bits, 32 hexadecimal digits) of each normalised text, null where the text is null."""
    offsets, data = normalise_buffers(texts)
    view = memoryview(data)  # type: ignore[arg-type]
    digest = xxhash.xxh3_128_hexdigest
    hashes = [digest(view[a:b]) for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
    return pc.if_else(texts.is_valid(), pa.array(hashes, pa.string()), pa.scalar(None, pa.string()))
