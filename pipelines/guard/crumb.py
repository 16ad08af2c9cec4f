"""Where the work stands: a few stores into memory that the watching process sees too."""

from __future__ import annotations

import mmap
from enum import IntEnum

NAME = 64
"""Bytes of a stage's name."""


class Phase(IntEnum):
    """What kind of work is going on: reading the file, records' own work, anything else (writing, hashing)."""

    OTHER = 0
    READING = 1
    WORKING = 2


class Crumb:
    """Memory shared with children that are forked later; `beats` moves with every step forward."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8 * 8 + NAME)
        self._cells = memoryview(self._memory).cast("q")

    def beat(self) -> None:
        """A step forward, wherever."""
        self._cells[0] += 1

    def enter(self, phase: Phase, stage: str = "") -> None:
        """Another stage begins; no row of it is in work yet."""
        self._memory[64:] = stage.encode()[:NAME].ljust(NAME, b"\0")
        self._cells[1], self._cells[2] = phase, -1
        self._cells[0] += 1

    def begin(self, unit: int) -> None:
        """Reading of this unit (a key) begins."""
        self._cells[5] = unit
        self.has_read(0, 0)

    def at_row(self, row: int) -> None:
        """This row of the batch is in work."""
        self._cells[2] = row
        self._cells[0] += 1

    def has_read(self, rows: int, place: int) -> None:
        """So many records of the unit were read, the last of them up to byte `place`."""
        self._cells[3], self._cells[4] = rows, place
        self._cells[0] += 1

    @property
    def beats(self) -> int:
        """How many steps were made."""
        return self._cells[0]

    @property
    def phase(self) -> Phase:
        """The kind of work that is going on."""
        return Phase(self._cells[1])

    @property
    def stage(self) -> str:
        """The name of the stage that is going on."""
        return self._memory[64:].rstrip(b"\0").decode(errors="replace")

    @property
    def row(self) -> int:
        """The row in work, -1 where that is not known."""
        return self._cells[2]

    @property
    def read(self) -> tuple[int, int, int]:
        """Records read, the place behind the last one, and the unit's key."""
        return self._cells[3], self._cells[4], self._cells[5]
