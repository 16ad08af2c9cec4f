"""Functions that several compiled kernels of dedup call."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@njit(inline="always")
def mix64(x: np.uint64) -> np.uint64:
    """Bijective 64-bit finaliser of SplitMix64 (Steele, Lea, Flood 2014, OOPSLA, figure 16, variant 13)."""
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


@njit(inline="always")
def decode(data: np.ndarray, i: int) -> tuple[np.int64, int]:
    """Code point at byte `i` of UTF-8 `data`, and its width in bytes (1 to 4).

    Stray bytes give some number and a width of at least 1, so that a scan always ends.
    """
    lead = np.int64(data[i])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return ((lead & 0x1F) << 6) | (data[i + 1] & 0x3F), 2
    if lead < 0xF0:
        return ((lead & 0x0F) << 12) | ((data[i + 1] & 0x3F) << 6) | (data[i + 2] & 0x3F), 3
    tail = ((data[i + 1] & 0x3F) << 12) | ((data[i + 2] & 0x3F) << 6) | (data[i + 3] & 0x3F)
    return ((lead & 0x07) << 18) | tail, 4


def splitmix64(seed: int, count: int) -> np.ndarray:
    """`count` pseudo-random uint64 from `seed`: the SplitMix64 stream, the same on every platform."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = steps + np.uint64(seed % 2**64)
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


def text_buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (int64, n + 1) and UTF-8 bytes (uint8) of a string array, slices included; null reads as empty.

    Three zero bytes end the bytes, so that `decode` stays inside them whatever a text ends with.
    """
    filled = pc.fill_null(texts, "") if texts.null_count else texts
    wide = filled.cast(pa.large_string())
    _, offsets, data = wide.buffers()
    ends = np.frombuffer(offsets, np.int64)[wide.offset : wide.offset + len(wide) + 1]
    if data is None or not len(ends):
        return np.zeros(len(wide) + 1, np.int64), np.zeros(3, np.uint8)
    padded = np.zeros(ends[-1] - ends[0] + 3, np.uint8)
    padded[:-3] = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    return ends - ends[0], padded
