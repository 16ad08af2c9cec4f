"""A unit's work in a child: attempts until it is done, each more careful than the one that died."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, Generic, TypeVar, cast

from daybreak.errors import InputError
from pipelines.guard.attempt import Attempt
from pipelines.guard.child import FORKS, in_child
from pipelines.guard.helper import drop_helper, helper_for
from pipelines.guard.limits import Death, Limits

U = TypeVar("U")
R = TypeVar("R")


@dataclass(frozen=True)
class Guarded(Generic[U, R]):
    """Calls the pickled `work` on a unit, or a series of them, in a child process; where there is no fork, in this one.

    The first attempt does all at full speed. One that dies quarantines nothing: the next does each batch's work
    in a child of its own (`apart`), so that any number of poisonous records costs one more pass and their batches.
    A unit that dies further on, three times where nothing explains it, is told to end as unreadable.

    warm: loads in this process what the children would otherwise load one by one. `work` stays pickled here, so
    that connections and threads of its storage begin in the children and need not survive a fork.
    """

    work: bytes
    limits: Limits
    warm: Callable[[U], object]

    @classmethod
    def of(cls, work: Callable[[U], R], limits: Limits, warm: Callable[[U], object]) -> Guarded[U, R]:
        """`work` under guard."""
        return cls(pickle.dumps(work), limits, warm)

    def __call__(self, item: U) -> R:
        """Raises what the work raises; InputError where not even the attempt to give up came through."""
        if not FORKS:
            return self._do(item)
        outcome = helper_for(self.work, partial(self._ready, item))(item, self.limits)
        attempt = Attempt()
        while isinstance(outcome, Death):
            drop_helper()
            attempt = attempt.after(outcome, self.limits)
            if attempt.over(outcome):
                raise InputError(
                    f"{item}: its work {outcome}, and so did every further attempt. Leave it out."
                )
            self._prepare(item)
            outcome = in_child(partial(self._do, item), attempt, self.limits)
        return cast(R, outcome)

    def _ready(self, item: U) -> Callable[[U], R]:
        """What a helper does; unpickled there when it is needed first."""
        self._prepare(item)
        return self._do

    def _do(self, item: U) -> R:
        work: Callable[[U], R] = _loaded(self.work)
        return work(item)

    def _prepare(self, item: U) -> None:
        """Load what is heavy before the first fork."""
        self.warm(item)
        _settle()


@cache
def _settle() -> None:
    """Keep garbage collection away from what is loaded, once a process: it would copy the pages into every child."""
    gc.collect()
    gc.freeze()


@lru_cache(maxsize=1)
def _loaded(work: bytes) -> Any:
    return pickle.loads(work)
