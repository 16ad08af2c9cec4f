"""The lines of a page that stand there before: found once, for every family that asks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.compile import kernel
from pipelines.kernels.page import Page
from pipelines.kernels.seen import enter, forget, hash_bytes


class RepeatedLines(NamedTuple):
    """keys uint64 (lines,): a hash of each line without outer white space; again uint8 (lines,): 1 if it equals
    an earlier one. Both are left as they were for blank lines.
    """

    keys: np.ndarray
    again: np.ndarray


def repeated_lines_for(room: Page) -> RepeatedLines:
    """Room for the pages that `room` has room for."""
    return RepeatedLines(np.empty(room.line_begin.size, np.uint64), np.empty(room.line_begin.size, np.uint8))


@kernel
def find_repeated_lines(data, page, seen, repeated):  # type: ignore[no-untyped-def]
    """Fill `repeated` for `page`, which was loaded from `data`."""
    begins, ends, places = page.text_begin, page.text_end, page.places
    keys, again = repeated.keys, repeated.again
    forget(seen, begins.size)
    table, counts, stamps, now = seen.keys, seen.counts, seen.stamps, seen.now
    for line in range(begins.size):
        if begins[line] < ends[line]:
            keys[line] = hash_bytes(data, places[begins[line]], places[ends[line]])
            slot = enter(table, counts, stamps, now, keys[line])
            again[line] = min(counts[slot], 1)
            counts[slot] = 1
