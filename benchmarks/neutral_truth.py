"""What is true of a set of documents: every pair's exact Jaccard similarity, by a definition of its own.

Word 5-grams of the lower-cased text, single Han, kana and Hangul characters as words: the definition of
bench/neardup_pairs, which is neither ours nor a peer's. All pairs are compared through the shingles they
share; nothing is left to a band's chance.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from scipy import sparse

from benchmarks.corpus import shared_data

WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
NGRAM = 5
LEAST = 0.6
"""Pairs under it are not kept."""

SLICE = 256


@dataclass(frozen=True)
class Truth:
    """Pairs of documents (places in the list, left < right) and their similarities, `LEAST` and above."""

    left: np.ndarray
    right: np.ndarray
    similarity: np.ndarray
    documents: int


@dataclass(frozen=True)
class Score:
    """How a set of removed documents stands against the truth.

    left_over: share of the pairs at .8 and above with both documents kept (`pairs` in all); without: removed
    documents with no other document at .8, at the threshold, at .6; strangers: those with no *kept* document
    at the threshold.
    """

    removed: int
    pairs: int
    left_over: int
    without_high: int
    without_threshold: int
    without_least: int
    strangers: int


def shingles(text: str) -> set[str]:
    """The distinct 5-grams; a shorter text is one shingle."""
    words = WORD.findall(text.lower())
    if len(words) < NGRAM:
        return {" ".join(words)}
    return {" ".join(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)}


def all_pairs(texts: Sequence[str]) -> Truth:
    """Every pair at `LEAST` and above, exactly."""
    numbers: dict[str, int] = {}
    sets = [np.array([numbers.setdefault(s, len(numbers)) for s in shingles(text)]) for text in texts]
    sizes = np.array([len(one) for one in sets])
    places = np.repeat(np.arange(len(texts)), sizes)
    ones = np.ones(len(places), np.int32)
    matrix = sparse.csr_matrix((ones, (places, np.concatenate(sets))), shape=(len(texts), len(numbers)))
    across = matrix.T.tocsr()
    found = [_slice(matrix, across, sizes, start) for start in range(0, len(texts), SLICE)]
    left, right, similarity = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Truth(left, right, similarity, len(texts))


def _slice(
    matrix: sparse.csr_matrix, across: sparse.csr_matrix, sizes: np.ndarray, start: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shared = (matrix[start : start + SLICE] @ across).tocoo()
    left, right = shared.row + start, shared.col
    similarity = shared.data / (sizes[left] + sizes[right] - shared.data)
    wanted = (left < right) & (similarity >= LEAST)
    return left[wanted], right[wanted], similarity[wanted]


def score(truth: Truth, removed: Collection[int], threshold: float) -> Score:
    """Judge the removed documents (places in the list)."""
    gone = np.zeros(truth.documents, bool)
    gone[list(removed)] = True
    high = truth.similarity >= 0.8
    both_kept = ~gone[truth.left] & ~gone[truth.right]
    without = [int((gone & ~_near(truth, least)).sum()) for least in (0.8, threshold, LEAST)]
    return Score(
        int(gone.sum()), int(high.sum()), int((high & both_kept).sum()), *without,
        int((gone & ~_near(truth, threshold, ~gone)).sum()),
    )  # fmt: skip


def _near(truth: Truth, least: float, among: np.ndarray | None = None) -> np.ndarray:
    """Which documents have another one (of those `among`) at `least` and above: bool [documents]."""
    found = np.zeros(truth.documents, bool)
    close = truth.similarity >= least - 1e-9
    for here, there in ((truth.left, truth.right), (truth.right, truth.left)):
        take = close if among is None else close & among[there]
        found[here[take]] = True
    return found


def listed_pairs(ids: Sequence[str], least: float = 0.8) -> list[tuple[int, int]]:
    """The pairs of bench/neardup_pairs at `least` and above, as places in `ids`."""
    place = {name: i for i, name in enumerate(ids)}
    with gzip.open(shared_data() / "bench/neardup_pairs.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    return [
        (place[r["a"]], place[r["b"]])
        for r in rows
        if r["jaccard"] >= least and {r["a"], r["b"]} <= place.keys()
    ]
