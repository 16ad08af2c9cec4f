"""MinHash signatures (Broder 1997, "On the resemblance and containment of documents") and their band hashes.

Permutation k is x -> a_k * x + b_k modulo 2^32 (a_k odd) over the low half of a shingle's 64-bit hash: the
shingle hash is already uniform, and 32-bit lanes let the compiler work on eight at a time.
"""

from __future__ import annotations

import numpy as np

from pipelines.dedup.kernels import mix64, splitmix64
from pipelines.kernels.compile import kernel

# Shingles at a time: 8 KiB stay in the first-level cache while every permutation passes over them.
_BLOCK = 2048
_EMPTY = np.uint32(0xFFFFFFFF)
_BAND = np.uint64(0x9E3779B97F4A7C15)


def permutations(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers (odd) and increments of `count` permutations of 32-bit numbers, both uint32 [count]."""
    draws = splitmix64(seed, count)
    return (draws >> np.uint64(32)).astype(np.uint32) | np.uint32(1), draws.astype(np.uint32)


@kernel
def _signatures(offsets: np.ndarray, values: np.ndarray, mul: np.ndarray, add: np.ndarray) -> np.ndarray:
    n = len(offsets) - 1
    out = np.full((n, len(mul)), _EMPTY, np.uint32)
    block = np.empty(_BLOCK, np.uint32)
    for d in range(n):
        for start in range(offsets[d], offsets[d + 1], _BLOCK):
            size = min(_BLOCK, offsets[d + 1] - start)
            for s in range(size):
                block[s] = np.uint32(values[start + s])
            for k in range(len(mul)):
                a, b, least = mul[k], add[k], out[d, k]
                for s in range(size):
                    least = min(least, np.uint32(a * block[s] + b))
                out[d, k] = least
    return out


def signatures(
    offsets: np.ndarray, values: np.ndarray, permutation: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """MinHash signatures, uint32 [n, permutations], of shingle hashes (`shingles.shingle_windows`).

    Repeated shingles do not matter. A document without shingles has the largest number everywhere: mask it.
    """
    return _signatures(offsets, values, *permutation)


@kernel
def _band_hashes(signature: np.ndarray, bands: int) -> np.ndarray:
    n, count = signature.shape
    rows = count // bands
    out = np.empty((n, bands), np.int64)
    for d in range(n):
        for band in range(bands):
            value = mix64(np.uint64(band + 1) * _BAND)
            for r in range(rows):
                value = mix64(value ^ np.uint64(signature[d, band * rows + r]))
            out[d, band] = np.int64(value)
    return out


def band_hashes(signature: np.ndarray, bands: int) -> np.ndarray:
    """One 64-bit hash a band, int64 [n, bands], of `signature` [n, bands * rows].

    The band's number is part of the hash, so equal hashes mean equal rows of the same band.
    """
    return _band_hashes(signature, bands)
