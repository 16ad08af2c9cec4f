"""How many bands of how many rows: the S-curve, and the cheapest one that reaches a recall at the threshold.

Two documents of Jaccard similarity s agree in one MinHash with probability s (Broder 1997, "On the resemblance and
containment of documents"), so in all rows of a band with s^rows, and in at least one band with 1 - (1 - s^rows)^bands
(Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4.2).

The cost of a banding, in units of one band: a document costs
    bands                       one row each that is shuffled and sorted,
    + 0.03 * bands * rows       hashes: about 0.05 microseconds for a document of 5 kB, where a row takes 1.5,
    + 100 * false candidates    under the threshold: a set read, shuffled and compared (20 rows' worth), times the
                                pairs there are: 5 / s^2 a unit of similarity s, at least 0.01.
The shape 1 / s^2 is that of the pairs between .05 and .5 among 4,398 real documents; there are more of them the larger
the corpus is, so 5 stands for a corpus of some hundred thousand documents. Twice as many make a row more a band.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from daybreak.errors import RecipeError

HASH_COST, CANDIDATE_COST, LEAST_SIMILARITY = 0.03, 100.0, 0.01
MOST_ROWS, MOST_HASHES = 40, 2000


class Banding(NamedTuple):
    """So many bands of so many MinHashes (rows) each."""

    bands: int
    rows: int


class CurvePoint(NamedTuple):
    """Probability that a pair of this similarity is a candidate, and whether it counts as duplicates."""

    similarity: float
    probability: float
    duplicate: bool


def candidate_probability(similarity: float, bands: int, rows: int) -> float:
    """Probability that two documents of this Jaccard similarity share a bucket: 1 - (1 - s^rows)^bands."""
    return float(1.0 - (1.0 - similarity**rows) ** bands)


def false_candidates(threshold: float, bands: int, rows: int) -> float:
    """Candidates under the threshold, relative: the S-curve times 1 / s^2, summed from 0.01 to the threshold."""
    if threshold <= LEAST_SIMILARITY:
        return 0.0
    s = np.linspace(LEAST_SIMILARITY, threshold, 512)
    return float(np.trapezoid((1.0 - (1.0 - s**rows) ** bands) / s**2, s))


def cost(threshold: float, bands: int, rows: int) -> float:
    """What a document costs, in units of one band (see the module)."""
    hashing = HASH_COST * bands * rows
    return bands + hashing + CANDIDATE_COST * false_candidates(threshold, bands, rows)


def least_bands(threshold: float, recall: float, rows: int) -> int:
    """The fewest bands of `rows` rows that find a pair at the threshold with probability `recall`."""
    each = threshold**rows
    if each >= 1.0:
        return 1
    return max(1, math.ceil(math.log1p(-recall) / math.log1p(-each) - 1e-9))


def choose(threshold: float, recall: float) -> Banding:
    """The cheapest banding that finds a pair at the threshold with probability `recall` or more.

    Raises RecipeError for a threshold not in (0, 1], a recall not in (0, 1), and where 2,000 hashes will not do.
    """
    if not 0 < threshold <= 1 or not 0 < recall < 1:
        raise RecipeError(
            f"threshold {threshold} and recall {recall}: expected a Jaccard similarity in (0, 1] and a share "
            "between 0 and 1, 1 excluded (no finite number of bands finds every pair)"
        )
    offered = [Banding(least_bands(threshold, recall, rows), rows) for rows in range(1, MOST_ROWS + 1)]
    fitting = [banding for banding in offered if banding.bands * banding.rows <= MOST_HASHES]
    if not fitting:
        raise RecipeError(
            f"recall {recall} at threshold {threshold} takes more than {MOST_HASHES} hashes: lower `recall`, "
            "raise `threshold`, or set `bands` and `rows`"
        )
    return min(fitting, key=lambda banding: cost(threshold, *banding))


def resolve(threshold: float, recall: float, bands: int | None, rows: int | None) -> Banding:
    """The banding that was asked for, or the one chosen for the recall. Raises RecipeError as `choose`."""
    if bands is not None and rows is not None:
        return Banding(bands, rows)
    return choose(threshold, recall)


def curve(threshold: float, banding: Banding, step: float = 0.05) -> list[CurvePoint]:
    """The S-curve in steps of similarity, with the threshold among them, ascending."""
    grid = {round(k * step, 6) for k in range(1, round(1 / step) + 1)} | {threshold}
    return [CurvePoint(s, candidate_probability(s, *banding), s >= threshold) for s in sorted(grid)]


def knee(banding: Banding) -> float:
    """Where the S-curve is steepest, about: (1 / bands)^(1 / rows)."""
    return float((1.0 / banding.bands) ** (1.0 / banding.rows))


def curve_facts(threshold: float, banding: Banding) -> dict[str, Any]:
    """The banding and its S-curve as plain JSON values."""
    return {
        "threshold": threshold,
        "bands": banding.bands,
        "rows": banding.rows,
        "recall_at_threshold": round(candidate_probability(threshold, *banding), 6),
        "knee": round(knee(banding), 6),
        "cost": round(cost(threshold, *banding), 3),
        "curve": [
            p._replace(probability=round(p.probability, 6))._asdict() for p in curve(threshold, banding)
        ],
    }
