"""Charts of duplicates: similarities of what was removed, and the certificate."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.report.facts_duplicates import CertificateBin
from pipelines.report.vega import DROPPED, KEPT, MUTED, Spec, chart, count_axis

SHARE = {"title": None, "tickCount": 5, "format": ".0%"}


def similarities_chart(bins: Sequence[tuple[float, float, int]], threshold: float | None) -> Spec:
    """Removed near duplicates by exact Jaccard similarity, with the threshold."""
    rows = [{"low": low, "high": high, "documents": count} for low, high, count in bins]
    scale = {"domain": [min(bins[0][0], threshold or 1), 1], "nice": False}
    axis = {"title": "Jaccard similarity to the document it matched", "grid": False, "tickCount": 6}
    bars: Spec = {
        "data": {"values": rows},
        "mark": {"type": "rect", "color": "var(--near)", "stroke": "var(--surface)", "strokeWidth": 0.6},
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "scale": scale, "axis": axis},
            "x2": {"field": "high"},
            "y": {"field": "documents", "type": "quantitative", "axis": count_axis()},
            "y2": {"datum": 0},
            "tooltip": [
                {"field": "low", "title": "From", "format": ".2f"},
                {"field": "high", "title": "To", "format": ".2f"},
                {"field": "documents", "title": "Documents", "format": ","},
            ],
        },
    }
    limit: list[Spec] = [_limit(threshold)] if threshold else []
    return chart(height=180, layer=[bars, *limit])


def certificate_chart(
    bins: Sequence[CertificateBin], curve: Sequence[tuple[float, float]], threshold: float | None
) -> Spec:
    """Recall of planted pairs by similarity, with its interval, over the S-curve."""
    scale = {"domain": [min(part.similarity for part in bins) - 0.02, 1.01], "nice": False}
    axis = {"title": "Jaccard similarity of the planted pairs", "grid": False, "tickCount": 6}
    x: Spec = {"field": "similarity", "type": "quantitative", "scale": scale, "axis": axis}
    y: Spec = {"field": "recall", "type": "quantitative", "scale": {"domain": [0, 1]}, "axis": SHARE}
    rows = [vars(part) for part in bins]
    points: Spec = {
        "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1, "color": KEPT},
        "encoding": {"x": x, "y": y, "tooltip": _tips()},
    }
    intervals: Spec = {
        "mark": {"type": "rule", "color": KEPT, "strokeWidth": 1.5},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    measured: Spec = {"data": {"values": rows}, "layer": [intervals, points]}
    limit: list[Spec] = [_limit(threshold)] if threshold else []
    return chart(height=240, layer=[*_predicted(curve, x, y), measured, *limit])


def _predicted(curve: Sequence[tuple[float, float]], x: Spec, y: Spec) -> list[Spec]:
    if not curve:
        return []
    rows = [{"similarity": s, "recall": p} for s, p in curve if s >= x["scale"]["domain"][0]]
    mark = {"type": "line", "color": MUTED, "strokeWidth": 1.5, "strokeDash": [4, 3], "clip": True}
    return [{"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": y}}]


def _tips() -> list[Spec]:
    names = {"similarity": ".2f", "pairs": ",", "found": ",", "recall": ".1%", "low": ".1%", "high": ".1%"}
    return [{"field": name, "title": name.capitalize(), "format": form} for name, form in names.items()]


def _limit(threshold: float) -> Spec:
    return {
        "data": {"values": [{"at": threshold}]},
        "mark": {"type": "rule", "color": DROPPED, "strokeWidth": 2, "strokeDash": [4, 3]},
        "encoding": {"x": {"field": "at", "type": "quantitative"},
                     "tooltip": [{"field": "at", "title": "Threshold"}]},
    }  # fmt: skip
