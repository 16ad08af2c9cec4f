"""Documents made up at run time: a word bigram chain fitted on real texts, planted duplicates, and nasty sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

WORD = re.compile(r"(?<!\S)\S{1,40}(?!\S)")
LENGTHS = (5.2, 0.8)
"""Mean and deviation of the logarithm of a document's length in words."""

EXACT, NEAR = 0.05, 0.1
"""Shares of documents that are exact copies and near copies of another one."""


@dataclass(frozen=True)
class Chain:
    """Words of real texts in order: the word after a random occurrence of a word is a draw from its bigrams."""

    words: np.ndarray
    numbers: np.ndarray
    places: np.ndarray
    starts: np.ndarray

    @classmethod
    def fitted(cls, texts: Sequence[str]) -> Chain:
        """A chain over all texts, one behind the other."""
        found = pa.array([word for text in texts for word in WORD.findall(text)]).dictionary_encode()
        words, numbers = found.dictionary.to_numpy(zero_copy_only=False), found.indices.to_numpy()
        places = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[places], np.arange(len(words) + 1))
        return cls(words, numbers, places, starts)

    def documents(self, count: int, random: np.random.Generator) -> list[np.ndarray]:
        """Word numbers of `count` documents, all drawn side by side."""
        lengths = np.exp(random.normal(*LENGTHS, count)).astype(int).clip(20, 2000)
        drawn = np.empty((lengths.max(), count), np.int64)
        drawn[0] = self.numbers[random.integers(0, len(self.numbers), count)]
        for step in range(1, len(drawn)):
            first, last = self.starts[drawn[step - 1]], self.starts[drawn[step - 1] + 1]
            chosen = self.places[first + (random.random(count) * (last - first)).astype(int)]
            drawn[step] = self.numbers[(chosen + 1) % len(self.numbers)]
        return [drawn[:length, i].copy() for i, length in enumerate(lengths)]

    def text(self, document: np.ndarray) -> str:
        """A document's words with spaces between."""
        return " ".join(self.words[document])


def planted(chain: Chain, count: int, seed: int) -> list[str]:
    """`count` documents in random order, of which EXACT are exact copies and NEAR have 1 or 2 words in 100 changed."""
    random = np.random.default_rng(seed)
    copies, close = int(count * EXACT), int(count * NEAR)
    own = chain.documents(count - copies - close, random)
    made = [own[i] for i in random.integers(0, len(own), copies + close)]
    for i in range(copies, len(made)):
        made[i] = changed(made[i], random, len(chain.words))
    every = [*own, *made]
    return [chain.text(every[i]) for i in random.permutation(count)]


def changed(document: np.ndarray, random: np.random.Generator, words: int) -> np.ndarray:
    """A copy with one word in a hundred (one at least) replaced."""
    copy = document.copy()
    at = random.integers(0, len(copy), max(1, len(copy) // 100))
    copy[at] = random.integers(0, words, len(at))
    return copy


def identical(chain: Chain, count: int, seed: int) -> list[str]:
    """`count` pages of 300 words that differ in one: a page with a counter."""
    page = chain.text(np.resize(chain.documents(1, np.random.default_rng(seed))[0], 300))
    return [f"{page} visitor{number}" for number in range(count)]


def long_chain(chain: Chain, count: int, seed: int, width: int = 200, step: int = 8) -> list[str]:
    """`count` windows over one long text: neighbours resemble each other, the ends share nothing."""
    random = np.random.default_rng(seed)
    words = chain.words[random.integers(0, len(chain.words), width + step * count)]
    return [" ".join(words[i * step : i * step + width]) for i in range(count)]
