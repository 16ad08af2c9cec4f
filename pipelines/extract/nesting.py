"""How much work a page's nesting can make: resiliparse's main-content rules take time in nodes times depth.

Ten thousand nested div elements, 50 KB, take two seconds, a hundred thousand minutes; real pages nest some
20 deep.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


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


@njit(cache=True)
def _among(key: np.uint64, names: NDArray[np.uint64]) -> bool:  # pragma: no cover
    for name in names:  # noqa: SIM110 (numba compiles this loop; any() over a generator it does not)
        if name == key:
            return True
    return False


@njit(cache=True)
def nesting_work(
    page: NDArray[np.uint8], never: NDArray[np.uint64], svg: NDArray[np.uint64]
) -> int:  # pragma: no cover
    """An upper bound of the depths at which elements start, summed over the tags in `page` (UTF-8)."""
    work = depth = at = 0
    drawing = False
    size = len(page)
    while at < size - 1:
        if page[at] != 60:  # <
            at += 1
            continue
        at += 1
        closing = page[at] == 47  # /
        at += closing
        key, letters = np.uint64(0), 0
        while at < size and (97 <= page[at] | 32 <= 122 or 48 <= page[at] <= 57):
            if letters < 8:
                key = (key << np.uint64(8)) | np.uint64(page[at] | 32)
            letters += 1
            at += 1
        if letters == 0:
            continue
        if _among(key, never):
            work += 0 if closing else depth
            continue
        drawing = (drawing or key == svg[0]) and _among(key, svg)
        end = at
        while drawing and end < size and page[end] != 62:  # >
            end += 1
        if closing:
            depth = max(depth - 1, 0)
        elif not (drawing and page[end - 1] == 47):
            depth += 1
            work += depth
    return work
