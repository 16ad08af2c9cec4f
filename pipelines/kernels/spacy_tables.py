"""The tables that word splitting looks things up in, its scratch, and the whole of it in one call."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from pipelines.kernels.bits import BLOCK
from pipelines.kernels.codepoints import SIZE
from pipelines.kernels.compile import kernel
from pipelines.kernels.hashes import add_up, enter, find, spelled
from pipelines.kernels.spacy_cases import special_cases
from pipelines.kernels.spacy_kinds import kind_table
from pipelines.kernels.spacy_rejoin import COMPLETE, GOES_ON, PAIRS, fold, pair_bit, rejoin
from pipelines.kernels.spacy_runs import Runs, runs_for
from pipelines.kernels.spacy_words import Cases, add_case, known_runs, no_cases, split_runs

_CASE_SLOTS, _CHAIN_SLOTS = 4096, 1024


class WordTables(NamedTuple):
    """kinds uint32 by code point; cases; chains: table (`hashes.find`) of the flags of the chains of tokens that
    special cases are torn into; pairs: uint64 (PAIRS,), the `pair_bit` of the first two tokens of each chain.
    """

    kinds: np.ndarray
    cases: Cases
    chains: np.ndarray
    pairs: np.ndarray


class WordScratch(NamedTuple):
    """Work space of word splitting, each array as long as the longest document has code points.

    sums uint64 (one longer), marks uint16, stack int32, words and spare int64 (n, 3). Memory is taken by the system
    as it is touched, so a document costs what its own code points and tokens need. known: `known_runs`. runs:
    `runs_for`.
    """

    sums: np.ndarray
    words: np.ndarray
    spare: np.ndarray
    stack: np.ndarray
    marks: np.ndarray
    known: np.ndarray
    runs: Runs


def word_scratch(size: int) -> WordScratch:
    """Scratch for documents of up to `size` code points."""
    size += 1
    return WordScratch(np.empty(size, np.uint64), np.empty((size, 3), np.int64), np.empty((size, 3), np.int64),
                       np.empty(size, np.int32), np.empty(size, np.uint16), known_runs(), runs_for(size))  # fmt: skip


@cache
def word_tables() -> WordTables:
    """Built once a process."""
    pairs = np.zeros(PAIRS, np.uint64)
    none = WordTables(kind_table(), no_cases(_CASE_SLOTS), _empty(_CHAIN_SLOTS), pairs.copy())
    cases, chains = no_cases(_CASE_SLOTS), _empty(_CHAIN_SLOTS)
    for case, tokens in special_cases().items():
        parts = sum(len(token) << 8 * place for place, token in enumerate(tokens))
        add_case(cases, _hash(case), parts)
        hashes = [_hash(token) for token in _split(case, none)]
        _enter_chain(chains, hashes)
        if len(hashes) > 1:
            bit = int(pair_bit(hashes[0], hashes[1]))
            pairs[bit >> 6] |= np.uint64(1 << (bit & 63))
    return WordTables(none.kinds, cases, chains, pairs)


def _empty(slots: int) -> np.ndarray:
    return np.zeros((slots, 2), np.uint64)


def _points(text: str) -> np.ndarray:
    # A copy, since numba compiles once more for read-only arrays.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).copy()


def _hash(text: str) -> np.uint64:
    return np.uint64(spelled(_points(text), 0, len(text)))


def _enter_chain(chains: np.ndarray, hashes: list[np.uint64]) -> None:
    """Enter every beginning of a chain of two tokens or more, and mark its end."""
    state = np.uint64(0)
    for place, value in enumerate(hashes if len(hashes) > 1 else []):
        state = np.uint64(fold(state, value))
        flag = COMPLETE if place == len(hashes) - 1 else GOES_ON
        enter(chains, state, np.uint64(int(find(chains, state)) | flag))


@kernel
def split_words(points, kinds, n, tables, scratch):  # type: ignore[no-untyped-def]
    """Split the first `n` code points, of these `kinds` (`BLOCK` longer), into words; returns how many.

    Afterwards `scratch.words` holds where each begins and ends and the bits of its hash (`hashes.spelled`), and
    `scratch.sums` what `hashes.between` reads.
    """
    add_up(points, n, scratch.sums)
    count = split_runs(
        points,
        kinds,
        scratch.sums,
        n,
        tables.cases,
        scratch.words,
        scratch.stack,
        scratch.known,
        scratch.runs,
    )
    return rejoin(points, scratch.sums, count, tables.cases, tables.chains, tables.pairs, scratch.words,
                  scratch.spare, scratch.stack, scratch.marks)  # fmt: skip


def spacy_words(text: str) -> list[str]:
    """The words of `text`, for tests and for looking closely; stages work on batches."""
    return _split(text, word_tables())


def _split(text: str, tables: WordTables) -> list[str]:
    points = _points(text)
    kinds = np.zeros(len(points) + BLOCK, np.uint32)
    kinds[: len(points)] = np.where(points < SIZE, tables.kinds[np.minimum(points, SIZE - 1)], 0)
    scratch = word_scratch(len(points))
    count = split_words(points, kinds, len(points), tables, scratch)
    return [text[begin:end] for begin, end, _ in scratch.words[:count].tolist()]
