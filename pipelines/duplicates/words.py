"""Two texts compared word by word: where they are equal, and the places around which they differ.

Anchors are runs of words that stand exactly once in either text, in the same order in both, as in patience
diff (Cohen 2009); only what lies between two anchors is compared in full. So two texts of 10 MB take
seconds, where a full comparison takes time in the product of their lengths.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u312f\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"([{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s])(\s*)")
ANCHOR = 4
FULL = 400_000
"""Product of lengths up to which the stretch between two anchors is compared in full."""

Block = tuple[int, int, int]
"""Equal words: begin in the left text, begin in the right one, how many."""


@dataclass(frozen=True)
class Piece:
    """A stretch that both sides share (`same`), or what stands left and right where they differ."""

    same: bool
    left: str
    right: str


@dataclass(frozen=True)
class Hunk:
    """Pieces around differences that lie close together; `skipped` equal words stand before it."""

    skipped: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Difference:
    """Hunks in order. left, right: words of each text; same: words they share in order."""

    hunks: tuple[Hunk, ...]
    left: int
    right: int
    same: int


@dataclass(frozen=True)
class Segment:
    """A stretch of words: its bounds in the left text and in the right one."""

    same: bool
    left: tuple[int, int]
    right: tuple[int, int]

    def cut(self, begin: int, end: int) -> Segment:
        """Part of a shared stretch, by words from its begin."""
        (i, _), (j, _) = self.left, self.right
        return Segment(self.same, (i + begin, i + end), (j + begin, j + end))


def difference(left: str, right: str, context: int = 12) -> Difference:
    """Where two texts differ, with `context` equal words around. White space alone makes no difference."""
    one, other = list(WORD.finditer(left)), list(WORD.finditer(right))
    blocks = list(equal_blocks([m[1] for m in one], [m[1] for m in other]))
    segments = list(_segments(blocks, len(one), len(other)))

    def piece(segment: Segment) -> Piece:
        return Piece(segment.same, _text(one[slice(*segment.left)]), _text(other[slice(*segment.right)]))

    hunks = tuple(
        Hunk(skipped, tuple(piece(segment) for segment in group))
        for skipped, group in _grouped(segments, context)
    )
    return Difference(hunks, len(one), len(other), sum(size for _, _, size in blocks))


def equal_blocks(left: Sequence[str], right: Sequence[str]) -> Iterator[Block]:
    """Stretches of equal words, ascending in both texts and apart from each other in one of them."""
    begin = _common(left, right)
    tail = _common(left[begin:][::-1], right[begin:][::-1])
    i = j = 0
    held: Block = (0, 0, begin)
    inner = _anchors(left[begin : len(left) - tail], right[begin : len(right) - tail])
    blocks = [(begin + a, begin + b, ANCHOR) for a, b in inner]
    blocks.append((len(left) - tail, len(right) - tail, tail))
    for a, b, size in blocks:
        i, j = held[0] + held[2], held[1] + held[2]
        if (
            a < i or b < j
        ):  # overlaps the stretch before: the same shift carries it on, another is left to the gap
            if a - b == held[0] - held[1]:
                held = (held[0], held[1], max(held[2], a + size - held[0]))
            continue
        for block in _between(left, right, (i, a), (j, b)):
            held = yield from _joined(held, block)
        held = yield from _joined(held, (a, b, size))
    if held[2]:
        yield held


def _joined(held: Block, block: Block) -> Iterator[Block]:
    """Yields `held` unless `block` goes on where it ends; returns what is held now."""
    if (held[0] + held[2], held[1] + held[2]) == block[:2]:
        return (held[0], held[1], held[2] + block[2])
    if held[2]:
        yield held
    return block


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    for size, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return size
    return min(len(left), len(right))


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Places of n-grams that stand once in each text, in an order that rises in both (the longest such)."""
    here, there = _unique(left), _unique(right)
    pairs = [(place, there[gram]) for gram, place in here.items() if place >= 0 and there.get(gram, -1) >= 0]
    ends: list[int] = []  # smallest right place that ends a rising run of each length
    last: list[int] = []
    before: list[int] = []
    for at, (_, b) in enumerate(pairs):
        length = bisect_left(ends, b)
        ends[length : length + 1] = [b]
        last[length : length + 1] = [at]
        before.append(last[length - 1] if length else -1)
    chain = []
    at = last[-1] if last else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def _unique(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Where each n-gram stands, -1 for those that stand twice."""
    found: dict[tuple[str, ...], int] = {}
    for place, gram in enumerate(zip(*(words[i:] for i in range(ANCHOR)), strict=False)):
        found[gram] = -1 if gram in found else place
    return found


def _between(
    left: Sequence[str], right: Sequence[str], one: tuple[int, int], other: tuple[int, int]
) -> Iterator[Block]:
    if not 0 < (one[1] - one[0]) * (other[1] - other[0]) <= FULL:
        return
    matcher = SequenceMatcher(None, left[slice(*one)], right[slice(*other)], autojunk=False)
    for a, b, size in matcher.get_matching_blocks():
        if size:
            yield (one[0] + a, other[0] + b, size)


def _segments(blocks: Sequence[Block], left: int, right: int) -> Iterator[Segment]:
    """Shared and differing stretches by turns, over both texts whole."""
    i = j = 0
    for a, b, size in [*blocks, (left, right, 0)]:
        if a > i or b > j:
            yield Segment(False, (i, a), (j, b))
        if size:
            yield Segment(True, (a, a + size), (b, b + size))
        i, j = a + size, b + size


def _grouped(segments: Sequence[Segment], context: int) -> Iterator[tuple[int, list[Segment]]]:
    """Segments of each hunk, with the shared words left out before it; shared ones are cut to `context`."""
    held: list[Segment] = []
    skipped = 0
    for segment in segments:
        size = segment.left[1] - segment.left[0]
        after = min(size, context) if held else 0
        if not segment.same or size <= after + context:
            held.append(segment)
            continue
        if held:
            yield skipped, [*held, segment.cut(0, after)]
        skipped, held = size - after - context, [segment.cut(size - context, size)]
    if any(not segment.same for segment in held):
        yield skipped, held


def _text(words: Sequence[re.Match[str]]) -> str:
    return "".join(match[0] for match in words)
