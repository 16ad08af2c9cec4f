"""Units dealt out to tasks so that no task holds up the others, however much the units differ in size."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

MAX_TASKS = 4096
"""Tasks a pass by default, at most: each costs Spark some hundredths of a second."""


def assign(sizes: Sequence[int], tasks: int | None = None) -> list[list[int]]:
    """Indices of units by task, largest task first: the longest unit next, always to the task with least.

    Longest processing time first (Graham 1969): the largest task is at most 4/3 of the best there is. Without
    `tasks` every unit is a task, up to MAX_TASKS; Spark starts them in this order, which comes to the same.
    """
    number = max(1, min(tasks or MAX_TASKS, len(sizes)))
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i], i))
    dealt: list[list[int]] = [[] for _ in range(number)]
    loads = [(0, 0, task) for task in range(number)]  # bytes, units, task
    for index in order:
        size, units, task = heapq.heappop(loads)
        dealt[task].append(index)
        heapq.heappush(loads, (size + sizes[index], units + 1, task))
    return sorted(dealt, key=lambda indices: (-sum(sizes[i] for i in indices), indices))
