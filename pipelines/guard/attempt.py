"""One attempt at a unit: what is watched, and how carefully it goes after earlier attempts died."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from pipelines.guard.crumb import Crumb, Phase
from pipelines.guard.limits import Death, Limits

STRIKES = 3
"""Deaths that nothing explains before a unit is given up."""


@dataclass(frozen=True)
class Stop:
    """Reading of a unit ends after so many records, for `why`."""

    rows: int
    why: str


@dataclass(frozen=True)
class Attempt:
    """limits: of each batch, whose work is then done in a child of its own; None while nothing has happened.

    fine: count what is read record by record. stops: where reading of a unit has to end, by the unit's key.
    strikes: deaths that nothing explains, by that key.
    """

    crumb: Crumb = field(default_factory=Crumb)
    limits: Limits | None = None
    fine: bool = False
    stops: Mapping[int, Stop] = field(default_factory=dict)
    strikes: Mapping[int, int] = field(default_factory=dict)

    def after(self, death: Death, limits: Limits) -> Attempt:
        """The next attempt, with what this one's death tells."""
        if self.limits is None:
            return replace(self, limits=limits, fine=death.phase is Phase.READING)
        if death.phase is Phase.READING and not self.fine:
            return replace(self, fine=True)
        if death.phase is Phase.READING and death.unit not in self.stops:
            why = f"reading {death.why} behind byte {death.place}"
            return replace(self, stops={**self.stops, death.unit: Stop(death.rows, why)})
        strikes = self.strikes.get(death.unit, 0) + 1
        end = {death.unit: Stop(0, f"its work {death}, {STRIKES} times")} if strikes == STRIKES else {}
        return replace(self, strikes={**self.strikes, death.unit: strikes}, stops={**self.stops, **end})

    def over(self, death: Death) -> bool:
        """Whether the unit of a death was given up before, and in vain."""
        return self.strikes.get(death.unit, 0) > STRIKES


CURRENT: ContextVar[Attempt] = ContextVar("attempt", default=Attempt())  # noqa: B039 - memory that nobody watches
"""The attempt that this process is at; the default is watched by nobody."""


def at_stage(name: str) -> None:
    """Tell the watching process that work on a batch goes on with the stage `name`."""
    CURRENT.get().crumb.enter(Phase.WORKING, name)


def progressed() -> None:
    """Tell the watching process that work goes on."""
    CURRENT.get().crumb.beat()


def at_row(row: int) -> None:
    """Tell the watching process that work is at this row: a loop that takes long over a batch is no hang."""
    CURRENT.get().crumb.at_row(row)
