"""Locality-sensitive hashing by bands (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4).

Documents whose signatures agree in all rows of a band share a bucket (`windows` makes pairs of them).
"""

from __future__ import annotations


def candidate_probability(similarity: float, bands: int, rows: int) -> float:
    """Probability that two documents of this Jaccard similarity share a bucket: 1 - (1 - s^rows)^bands."""
    return float(1.0 - (1.0 - similarity**rows) ** bands)
