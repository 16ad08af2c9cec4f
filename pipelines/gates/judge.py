"""Gates: each value against its bounds, and against the same value of earlier editions.

The score is the modified z-score of Iglewicz and Hoaglin (1993, "How to Detect and Handle Outliers"): .6745 times
the distance from the median, over the median absolute deviation; they call 3.5 an outlier.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from daybreak.recipe.publication import Earlier, Gates, Numbers, Shares
from pipelines.gates.values import COUNTS, LANGUAGE
from pipelines.language.codes import wanted

Verdict = Literal["passed", "failed", "not judged"]
NORMAL = 0.6745
"""Median absolute deviation of a normal distribution, in standard deviations."""

LEAST_LANGUAGE = 0.01
"""Languages under this share, now and in the median of earlier editions, make no gate of their own."""


@dataclass(frozen=True)
class Past:
    """Values of earlier editions, oldest first, or why there are none to compare with."""

    editions: Sequence[tuple[str, Mapping[str, float]]] = ()
    why_none: str | None = None

    def of(self, name: str) -> list[tuple[str, float]]:
        """One value by edition. A language that an edition has nothing of has the share 0 there."""
        other = 0.0 if name.startswith(LANGUAGE) else None
        found = [(edition, values.get(name, other)) for edition, values in self.editions]
        return [(edition, value) for edition, value in found if value is not None]


@dataclass(frozen=True)
class Gate:
    """One value and what was made of it. `why`: a sentence for each comparison, made or not."""

    name: str
    value: float | None
    min: float | None = None
    max: float | None = None
    past: Sequence[tuple[str, float]] = ()
    median: float | None = None
    score: float | None = None
    verdict: Verdict = "not judged"
    why: Sequence[str] = field(default_factory=tuple)


def judged(values: Mapping[str, float], section: Gates, past: Past) -> list[Gate]:
    """All gates, in the order of the recipe's section."""
    bounds = _bounds(section)
    values = _by_tags(values, section.languages)
    past = replace(past, editions=[(e, _by_tags(found, section.languages)) for e, found in past.editions])
    names = [*bounds, *sorted(values.keys() - bounds.keys())] if section.earlier else list(bounds)
    shown = [name for name in names if name in bounds or _worth(name, values, past)]
    return [_judged(name, values.get(name), bounds.get(name), section.earlier, past) for name in shown]


def as_json(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    """As plain JSON values."""
    return [
        {**asdict(gate), "past": [list(pair) for pair in gate.past], "why": list(gate.why)} for gate in gates
    ]


def _by_tags(values: Mapping[str, float], tags: Iterable[str]) -> dict[str, float]:
    """The values with the recipe's spelling of languages: `en` is the sum of what it covers, such as `eng_Latn`."""
    labels = {name: value for name, value in values.items() if name.startswith(LANGUAGE)}
    covered: dict[str, float] = {}
    rest = dict(values)
    for tag in tags if labels else ():
        inside = {n: v for n, v in labels.items() if wanted(tag).covers(n.removeprefix(LANGUAGE))}
        covered[f"{LANGUAGE}{tag}"] = round(sum(inside.values()), 6)
        rest = {name: value for name, value in rest.items() if name not in inside}
    return {**rest, **covered}


def _bounds(section: Gates) -> dict[str, Shares | Numbers]:
    named: dict[str, Shares | Numbers | None] = {
        "removal": section.removal,
        **{f"stages.{name}": bounds for name, bounds in section.stages.items()},
        "duplicates": section.duplicates,
        **{f"{LANGUAGE}{name}": bounds for name, bounds in section.languages.items()},
        "recall": section.recall,
        "documents": section.documents,
        "tokens": section.tokens,
    }
    return {name: bounds for name, bounds in named.items() if bounds is not None}


def _worth(name: str, values: Mapping[str, float], past: Past) -> bool:
    if not name.startswith(LANGUAGE):
        return True
    earlier = [value for _, value in past.of(name)]
    return max(values[name], statistics.median(earlier) if earlier else 0.0) >= LEAST_LANGUAGE


def _judged(
    name: str, value: float | None, bounds: Shares | Numbers | None, earlier: Earlier | None, past: Past
) -> Gate:
    least, most = (bounds.min, bounds.max) if bounds else (None, None)
    if value is None:
        return Gate(name, None, least, most, why=("not judged: this run has no such value",))
    gate = Gate(name, value, least, most)
    verdicts, why = _against_bounds(gate) if bounds else ([], [])
    if earlier is None:
        return Gate(name, value, least, most, verdict=_worst(verdicts), why=tuple(why))
    known = past.of(name)[-earlier.editions :]
    median, score, verdict, told = _against_past(name, value, known, earlier, past.why_none)
    return Gate(
        name, value, least, most, tuple(known), median, score, _worst([*verdicts, verdict]), (*why, told)
    )


def _against_bounds(gate: Gate) -> tuple[list[Verdict], list[str]]:
    value, shown = gate.value or 0, number(gate.name, gate.value)
    if gate.min is not None and value < gate.min:
        return ["failed"], [f"{shown} is below its min {number(gate.name, gate.min)}"]
    if gate.max is not None and value > gate.max:
        return ["failed"], [f"{shown} is above its max {number(gate.name, gate.max)}"]
    return (["passed"], []) if gate.min is not None or gate.max is not None else ([], [])


def _against_past(
    name: str, value: float, known: Sequence[tuple[str, float]], earlier: Earlier, why_none: str | None
) -> tuple[float | None, float | None, Verdict, str]:
    if why_none is not None:
        return None, None, "not judged", f"not judged against earlier editions: {why_none}"
    if len(known) < earlier.least:
        told = f"not judged against earlier editions: {len(known)} of them, needs {earlier.least}"
        return None, None, "not judged", told
    values = [float(past) for _, past in known]
    median = statistics.median(values)
    score = round(_score(name, value, values, earlier.least_spread), 2)
    told = (
        f"{number(name, value)} has the score {score} by the median {number(name, median)} of {len(known)} earlier "
        f"editions (limit {earlier.max_score})"
    )
    return round(median, 6), score, "failed" if score > earlier.max_score else "passed", told


def _score(name: str, value: float, past: Sequence[float], least_spread: float) -> float:
    """The modified z-score, with a spread that is never under `least_spread` (of the median for counts)."""
    median = statistics.median(past)
    spread = statistics.median(abs(value - median) for value in past) / NORMAL
    least = least_spread * (abs(median) or 1.0) if name in COUNTS else least_spread
    return abs(value - median) / max(spread, least)


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return next((v for v in ("failed", "passed") if v in verdicts), "not judged")


def number(name: str, value: float | None) -> str:
    """A value as it is shown: counts in full, shares with three digits."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if name in COUNTS else f"{value:.3f}"
