"""Split a number of tokens over sources, exactly: the method of the largest remainder (Hamilton), in whole
numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from daybreak.errors import RecipeError


@dataclass(frozen=True)
class Quota:
    """Tokens of one source: `asked` by its weight, `quota` after caps, `capacity` within the limit of
    epochs."""

    weight: float
    available: int
    capacity: int
    asked: int
    quota: int

    @property
    def epochs(self) -> float:
        """How often the source is gone through."""
        return self.quota / self.available if self.available else 0.0

    @property
    def capped(self) -> bool:
        """Whether the limit of epochs binds: the source gives less than its weight asks."""
        return self.quota < self.asked


def apportion(weights: Mapping[str, float | Fraction], total: int) -> dict[str, int]:
    """Whole shares of `total`, proportional to `weights`; they sum to `total` and each is within 1 of exact.

    What rounding down leaves goes one each to the largest remainders, ties to the first name.
    Raises RecipeError for a negative or infinite weight, and where no weight is above 0 but `total` is.
    """
    wrong = [name for name, weight in weights.items() if not (math.isfinite(weight) and weight >= 0)]
    if wrong:
        raise RecipeError(f"mixture weights must be finite and not negative: {', '.join(sorted(wrong))}")
    exact = {name: Fraction(weight) for name, weight in weights.items()}
    whole = sum(exact.values())
    if whole == 0:
        if total:
            raise RecipeError("mixture weights are all 0: give at least one source a weight")
        return dict.fromkeys(sorted(weights), 0)
    ideal = {name: exact[name] * total / whole for name in sorted(weights)}
    shares = {name: math.floor(share) for name, share in ideal.items()}
    by_remainder = sorted(ideal, key=lambda name: (shares[name] - ideal[name], name))
    for name in by_remainder[: total - sum(shares.values())]:
        shares[name] += 1
    return shares


def quotas(
    available: Mapping[str, int],
    weights: Mapping[str, float] | None = None,
    total: int | None = None,
    max_epochs: float = 1.0,
) -> dict[str, Quota]:
    """Tokens to take from each source of `available` (tokens) or `weights`.

    Without `weights` sources weigh what they hold. Without `total`, as many tokens as keep the weights
    exact with no source above `max_epochs`; sources that hold nothing are left out of that. A `total` that
    a source cannot give within `max_epochs` caps it, and its shortfall goes to the others by weight, until
    all are capped or the total is met.
    """
    if not max_epochs > 0 or not math.isfinite(max_epochs):
        raise RecipeError(f"max_epochs is {max_epochs}: give a number above 0")
    weights = dict(available) if weights is None else weights
    names = sorted({*available, *weights})
    weigh = {name: weights.get(name, 0.0) for name in names}
    capacity = {name: math.floor(Fraction(max_epochs) * available.get(name, 0)) for name in names}
    asked = apportion(weigh, _most(weigh, capacity) if total is None else total)
    given = _capped(weigh, capacity, sum(asked.values()))
    return {
        name: Quota(float(weigh[name]), available.get(name, 0), capacity[name], asked[name], given[name])
        for name in names
    }


def _most(weights: Mapping[str, float], capacity: Mapping[str, int]) -> int:
    """The largest total at which no source that holds something goes past its capacity."""
    able = [name for name in weights if weights[name] > 0 and capacity[name] > 0]
    whole = sum(Fraction(weights[name]) for name in able)
    return min((math.floor(capacity[name] * whole / Fraction(weights[name])) for name in able), default=0)


def _capped(weights: Mapping[str, float], capacity: Mapping[str, int], total: int) -> dict[str, int]:
    """Shares of `total` with none above its capacity: what overflows is apportioned anew among the rest."""
    given = dict.fromkeys(weights, 0)
    open_weights = {name: weight for name, weight in weights.items() if weight > 0}
    while open_weights and total:
        shares = apportion(open_weights, total)
        full = [name for name, share in shares.items() if share >= capacity[name]]
        if not full:
            return given | shares
        for name in full:
            given[name] = min(capacity[name], shares[name])
            total -= given[name]
            del open_weights[name]
    return given
