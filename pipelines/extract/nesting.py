"""How much work a page's nesting can make: resiliparse's main-content rules take time in nodes times depth.

Ten thousand nested div elements, 50 KB, take two seconds, a hundred thousand minutes; real pages nest some
20 deep.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.kernels.compile import kernel


def _keys(names: str) -> NDArray[np.uint64]:
    """Element names as integers: their first eight letters, one byte each."""
    return np.array([int.from_bytes(name.encode()[:8], "big") for name in names.split()], np.uint64)


NEVER_NESTS = _keys(
    "area base br col embed hr img input link meta param source track wbr p li td tr th dt dd option"
)
"""Elements that have no content, or that end where the next of their kind begins (WHATWG HTML, 13.1.2)."""

SVG = _keys(
    "svg g path circle rect use line polygon polyline ellipse stop defs image text tspan clippath mask "
    "lineargradient radialgradient"
)
"""Elements of a drawing; only among them does '/>' end an element."""


MAX_NAMES = 64
"""Different element names that are told apart in one page; end tags of any further ones are not counted."""


@kernel
def _find(key: np.uint64, names: NDArray[np.uint64], count: int) -> int:  # pragma: no cover
    """The index of `key` among the first `count` names, or -1."""
    for index in range(count):
        if names[index] == key:
            return index
    return -1


@kernel
def _tag(page: NDArray[np.uint8], at: int) -> tuple[int, bool, np.uint64]:  # pragma: no cover
    """The tag whose '<' stands before `at`: where its name ends, whether it is an end tag, its key."""
    closing = page[at] == 47  # /
    at += closing
    key, letters = np.uint64(0), 0
    while at < len(page) and (97 <= page[at] | 32 <= 122 or (letters > 0 and 48 <= page[at] <= 57)):
        if letters < 8:
            key = (key << np.uint64(8)) | np.uint64(page[at] | 32)
        letters += 1
        at += 1
    return at, closing, key


@kernel
def nesting_work(
    page: NDArray[np.uint8], never: NDArray[np.uint64], svg: NDArray[np.uint64]
) -> int:  # pragma: no cover
    """The depths at which elements start, summed over the tags in `page` (UTF-8): at least half the truth.

    An end tag counts only while an element of its name is open, as in the parser.
    """
    names, opened = np.zeros(MAX_NAMES, np.uint64), np.zeros(MAX_NAMES + 1, np.int64)
    known = work = depth = at = 0
    drawing = False
    while at < len(page) - 1:
        at += 1
        if page[at - 1] != 60:  # <
            continue
        at, closing, key = _tag(page, at)
        if key == 0:
            continue
        if _find(key, never, len(never)) >= 0:
            work += 0 if closing else depth
            continue
        drawing = (drawing or key == svg[0]) and _find(key, svg, len(svg)) >= 0
        while drawing and at < len(page) and page[at] != 62:  # >
            at += 1
        slot = _find(key, names, known)
        if slot < 0 and known < MAX_NAMES:
            names[known] = key
            known += 1
            slot = known - 1
        if closing and opened[slot] > 0 and slot >= 0:
            depth, opened[slot] = depth - 1, opened[slot] - 1
        elif not closing and not (drawing and page[at - 1] == 47):
            depth, opened[slot] = depth + 1, opened[slot] + 1
            work += depth
    return work
