"""What a record may take, and how a process that took more, or crashed, is described."""

from __future__ import annotations

from dataclasses import dataclass, replace
from signal import SIGKILL, Signals

from pipelines.guard.crumb import Phase


@dataclass(frozen=True)
class Limits:
    """seconds: of CPU time without a step forward. memory: bytes more than at the start, files in memory not counted.

    CPU time, for a busy machine must not make a hang of a clean record; a process that only waits is left in peace
    ten times as long, or a hundred times while it reads or writes, where storage has time limits of its own.
    """

    seconds: float = 60.0
    memory: int = 2 << 30

    @property
    def waiting(self) -> dict[Phase, float]:
        """Seconds by the clock without a step forward."""
        return {phase: self.seconds * (10 if phase is Phase.WORKING else 100) for phase in Phase}

    def suspecting(self) -> Limits:
        """Limits for several records at once that stand under suspicion; past them they are only parted further."""
        return replace(self, seconds=min(self.seconds, max(1.0, self.seconds / 10)))


@dataclass(frozen=True)
class Death:
    """Why a process died or was killed, and what it was at: `rows` records of `unit` were read, up to byte `place`.

    `row`: the row of the batch in work, -1 where that is not known. `alien`: it was killed from outside.
    """

    why: str
    phase: Phase = Phase.OTHER
    stage: str = ""
    row: int = -1
    rows: int = 0
    place: int = 0
    unit: int = 0
    alien: bool = False

    def __str__(self) -> str:
        return f"{self.why} in {self.stage}" if self.stage else self.why


def too_long(limits: Limits) -> str:
    """Why a process without a step forward was killed."""
    return f"took more than {limits.seconds:g} s"


def too_large(limits: Limits) -> str:
    """Why a process that grew was killed."""
    return f"needed more than {limits.memory / (1 << 20):g} MiB"


def ended(code: int) -> str:
    """Why a process ended by itself before its work was done; `code` as `os.waitstatus_to_exitcode` gives it."""
    if code == -SIGKILL:
        return "was killed from outside (SIGKILL: the machine may be short of memory)"
    if code < 0:
        return f"crashed with {Signals(-code).name}"
    return f"ended the process with code {code}"
