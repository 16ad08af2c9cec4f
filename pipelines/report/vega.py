"""What all charts share: Vega-Lite's configuration, the page's colours, axes and bars.

Colours are CSS variables of the page, which SVG resolves itself: light and dark need no redrawing.
Specifications follow https://vega.github.io/schema/vega-lite/v6.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Spec = dict[str, Any]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--grid)"
KEPT, DROPPED, EDITED, QUARANTINED, BEFORE = (
    f"var(--{name})" for name in ("kept", "dropped", "edited", "quarantined", "before")
)
CONFIG: Spec = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "titlePadding": 8,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
    },
    "axisY": {"domain": False, "ticks": False},
    "text": {"color": INK, "fontSize": 12},
}
PLAIN = "format(datum.value, '~g')"
COUNT = "format(datum.value, '~s')"
BYTES = "replace(format(datum.value, '~s'), regexp('([kMGT]?)$'), ' $1B')"
"""Expressions that write an axis value: as it is, as a count (20k), as a size (20 MB)."""


def bar(y: Spec, field: str, colour: str, size: int, label: str, tooltip: Sequence[Spec]) -> Spec:
    """A layer of horizontal bars, `size` pixels thick; `label` is the expression of the axis' labels."""
    return {
        "mark": {"type": "bar", "color": colour, "height": size, "cornerRadiusEnd": 1},
        "encoding": {
            "y": y,
            "x": {"field": field, "type": "quantitative", "axis": value_axis(label)},
            "tooltip": list(tooltip),
        },
    }


def name_axis(order: Sequence[str]) -> Spec:
    """The vertical encoding of rows by their field `name`, in this order."""
    axis = {"title": None, "labelLimit": 130, "labelColor": INK, "labelFontSize": 13}
    return {"field": "name", "type": "nominal", "sort": list(order), "axis": axis}


def value_axis(label: str) -> Spec:
    """A horizontal axis of amounts, labelled by an expression."""
    return {"title": None, "labelExpr": label, "tickCount": 5, "domain": False, "ticks": False}


def count_axis() -> Spec:
    """A vertical axis of counts."""
    return {"title": None, "tickCount": 4, "labelExpr": COUNT}


def colour_by(colours: dict[str, str], field: str = "outcome") -> Spec:
    """The colour encoding of a field's values. The page prints the key."""
    scale = {"domain": list(colours), "range": list(colours.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}


def chart(**parts: Any) -> Spec:
    """A specification as wide as its place on the page."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "padding": {"left": 0, "right": 0, "top": 4, "bottom": 2},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        **parts,
    }
