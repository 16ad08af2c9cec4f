"""Finding: kernels cut windows out of a column, rules look into the windows that may hold what they look for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrow import TextView, text_view
from pipelines.pii import hints, national, phone, secret
from pipelines.pii.detector import Options, Rule
from pipelines.pii.number_windows import MIN_DIGITS, number_windows
from pipelines.pii.registry import DETECTORS
from pipelines.pii.token_windows import byte_classes, token_windows

NUMBER_HINTS = hints.EMAIL - 1
"""Bits of the windows of numbers; the others are those of tokens."""
MIN_TOKEN = 4

_ZEROS = re.compile(rb"(?<![0-9])(?<![0-9][.,])0(?:[ ().\-/]{0,2}0){3}")


class Window(NamedTuple):
    """[begin, end) of a document in bytes, and what it may hold."""

    begin: int
    end: int
    hints: int


class Found(NamedTuple):
    """A value: [begin, end) in bytes, its type and the rule that found it."""

    begin: int
    end: int
    type: str
    rule: str


@dataclass(frozen=True)
class Finder:
    """Finds values of some types. Equal finders share their compiled rules."""

    types: tuple[str, ...]
    options: Options

    def windows(self, text: pa.Array) -> Iterator[tuple[int, bytes, list[Window]]]:
        """(row, document, its windows in order) of every row that has windows."""
        view = text_view(text)
        found = np.concatenate([_number_windows(view), _token_windows(view)])
        found = found[np.argsort(found[:, 0], kind="stable")]
        rows, firsts = np.unique(found[:, 0], return_index=True)
        parts = np.split(found[:, 1:], firsts[1:]) if len(rows) else []
        data = memoryview(view.data)  # type: ignore[arg-type]
        for row, windows in zip(rows.tolist(), parts, strict=True):
            document = bytes(data[view.starts[row] : view.stops[row]])
            yield row, document, [Window(*window) for window in windows.tolist()]

    def __call__(self, text: pa.Array) -> dict[int, list[Found]]:
        """Values by row, in order, none overlapping; rows without any are left out."""
        found = ((row, self.look(document, windows)) for row, document, windows in self.windows(text))
        return {row: values for row, values in found if values}

    def look(self, document: bytes, windows: Iterable[Window]) -> list[Found]:
        """Values in the windows of one document."""
        return settle(self.candidates(document, windows))

    def candidates(self, document: bytes, windows: Iterable[Window]) -> list[tuple[int, Found]]:
        """Values in the windows, overlapping or not, each with its place in the order of rules."""
        found = []
        for begin, end, bits in windows:
            if bits & hints.ID_CUE and not national.named(document, begin):
                bits &= ~hints.ID_CUE
            shield = _shielded(document, begin, end) if bits & NUMBER_HINTS else end
            for order, kind, rule in _hinted(self.types, self.options, bits):
                for first, last in rule.spans(document, begin, end):
                    if rule.window == "token" or last <= shield:
                        found.append((order, Found(first, last, kind, rule.name)))
        return found


def settle(candidates: Sequence[tuple[int, Found]]) -> list[Found]:
    """The candidates in the order of rules, less those that overlap an earlier one; by place in the document."""
    begins: list[int] = []
    taken: list[Found] = []
    for _, found in sorted(candidates):
        at = bisect_left(begins, found.begin)
        free_before = at == 0 or taken[at - 1].end <= found.begin
        if free_before and (at == len(taken) or taken[at].begin >= found.end):
            begins.insert(at, found.begin)
            taken.insert(at, found)
    return taken


def _shielded(document: bytes, begin: int, end: int) -> int:
    """Where in a window of numbers a pseudonym begins: nothing from there on is data."""
    match = _ZEROS.search(document, begin, end)
    return match.start() if match else end + 64


@lru_cache(maxsize=4096)
def _hinted(types: tuple[str, ...], options: Options, bits: int) -> tuple[tuple[int, str, Rule], ...]:
    """(order, type, rule) of the rules that a window with these hints concerns."""
    return tuple(entry for entry in _rules(types, options) if entry[2].hint & bits)


@lru_cache(maxsize=64)
def _rules(types: tuple[str, ...], options: Options) -> tuple[tuple[int, str, Rule], ...]:
    chosen = [
        (detector.type, rule)
        for detector in DETECTORS.values()
        if detector.type in types
        for rule in detector.rules(options)
    ]
    return tuple((order, kind, rule) for order, (kind, rule) in enumerate(chosen))


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, hints.Prefixes]:
    """Cues, byte classes and prefixes for the kernels."""
    cues = hints.cue_table(phone.CUES, national.CUES)
    return cues, byte_classes(), hints.Prefixes.of(secret.PREFIXES)


def _number_windows(view: TextView) -> np.ndarray:
    cues, _, _ = _tables()
    out = np.empty((int(view.n_bytes.sum()) // MIN_DIGITS + 1, 4), np.int64)
    return out[: number_windows(view.data, view.starts, view.stops, cues, out)]


def _token_windows(view: TextView) -> np.ndarray:
    _, classes, known = _tables()
    out = np.empty((int(view.n_bytes.sum()) // MIN_TOKEN + 1, 4), np.int64)
    table = (known.joints, known.slots, known.data, known.lengths)
    return out[: token_windows(view.data, view.starts, view.stops, classes, *table, out)]
