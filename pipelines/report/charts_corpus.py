"""Charts of the corpus: funnel, shares, distributions and clusters, as Vega-Lite specifications."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.report.facts import ClusterSizes, Histogram, Share, StageFlow
from pipelines.report.formats import percent, size, whole
from pipelines.report.vega import (
    BEFORE,
    BYTES,
    COUNT,
    DROPPED,
    EDITED,
    KEPT,
    MUTED,
    PLAIN,
    QUARANTINED,
    Spec,
    bar,
    chart,
    colour_by,
    count_axis,
    name_axis,
    value_axis,
)

OUTCOMES = {"kept": KEPT, "edited": EDITED, "dropped": DROPPED, "quarantined": QUARANTINED}
MEASURED = [{"calculate": "datum[measure]", "as": "value"}]


def funnel_chart(funnel: Sequence[StageFlow]) -> Spec:
    """One stacked bar a stage; the page sets the parameter `measure` to 'documents' or 'bytes'."""
    stages = [flow.stage for flow in funnel]
    y = {
        "field": "stage",
        "type": "nominal",
        "sort": stages,
        "axis": None,
        "scale": {"paddingInner": 0.62},
    }
    layers = [_funnel_bars(funnel, y), *_funnel_labels(funnel, y)]
    params = [{"name": "measure", "value": "documents"}]
    return chart(height=54 * len(stages), params=params, layer=layers)


def _funnel_bars(funnel: Sequence[StageFlow], y: Spec) -> Spec:
    rows = [
        {"stage": flow.stage, "outcome": outcome, "order": order, **_taken(flow, outcome)}
        for flow in funnel
        for order, outcome in enumerate(OUTCOMES)
    ]
    axis = {**value_axis(f"measure == 'bytes' ? {BYTES} : {COUNT}"), "grid": False}
    return {
        "data": {"values": rows},
        "transform": MEASURED,
        "mark": {"type": "bar", "cornerRadius": 1},
        "encoding": {
            "y": y,
            "x": {"field": "value", "type": "quantitative", "axis": axis},
            "order": {"field": "order"},
            "color": colour_by(OUTCOMES),
            "tooltip": [
                {"field": "stage", "title": "Stage"},
                {"field": "outcome", "title": "Outcome"},
                {"field": "documents", "title": "Documents", "format": ","},
                {"field": "bytes", "title": "Bytes", "format": ","},
            ],
        },
    }


def _taken(flow: StageFlow, outcome: str) -> dict[str, int]:
    amount = getattr(flow, outcome)
    # Editing shortens documents that stay: it takes bytes, and no documents.
    return {"documents": 0 if outcome == "edited" else amount.documents, "bytes": amount.bytes}


def _funnel_labels(funnel: Sequence[StageFlow], y: Spec) -> tuple[Spec, Spec]:
    """The stage's name above its bar at the left, what went in and stayed at the right."""
    rows = [
        {
            "stage": flow.stage,
            "documents": f"{whole(flow.entered.documents)} → {whole(flow.kept.documents)}"
            f" ({percent(flow.kept.documents, flow.entered.documents)})",
            "bytes": f"{size(flow.entered.bytes)} → {size(flow.kept.bytes)}"
            f" ({percent(flow.kept.bytes, flow.entered.bytes)})",
        }
        for flow in funnel
    ]
    text = {"type": "text", "baseline": "bottom", "dy": -13, "fontSize": 13}
    name = {**text, "align": "left", "x": 0, "fontWeight": 600, "limit": 150}
    figures = {**text, "align": "right", "x": "width", "color": MUTED}
    data: Spec = {"data": {"values": rows}, "transform": MEASURED}
    return (
        {**data, "mark": name, "encoding": {"y": y, "text": {"field": "stage"}}},
        {**data, "mark": figures, "encoding": {"y": y, "text": {"field": "value"}}},
    )


def shares_chart(shares: Sequence[Share]) -> Spec:
    """Bytes of text as read (grey) and, inside it, as kept."""
    names = [share.name for share in shares]
    rows = [{"name": s.name, "before": s.before.bytes, "after": s.after.bytes} for s in shares]
    y = name_axis(names)
    tips = [
        {"field": "name", "title": "Name"},
        {"field": "before", "title": "Bytes read", "format": ","},
        {"field": "after", "title": "Bytes kept", "format": ","},
    ]
    layers = [
        bar(y, "before", BEFORE, 16, BYTES, tips),
        bar(y, "after", KEPT, 8, BYTES, tips),
    ]
    return chart(height=28 * len(rows), data={"values": rows}, layer=layers)


def histogram_chart(histogram: Histogram, height: int = 220, in_bytes: bool = False) -> Spec:
    """Documents as read (grey) and as kept, with the thresholds that dropped some."""
    edges = histogram.edges
    rows = [
        {"low": low, "high": high, "before": before, "after": after}
        for low, high, before, after in zip(
            edges[:-1], edges[1:], histogram.before, histogram.after, strict=True
        )
    ]
    scale: Spec = {
        "type": "log" if histogram.log else "linear",
        "domain": [edges[0], edges[-1]],
        "nice": False,
    }
    label = BYTES if in_bytes else COUNT if histogram.log else PLAIN
    axis: Spec = {"title": None, "grid": False, "tickCount": 5, "labelExpr": label}
    if histogram.log:
        axis["values"] = [10.0**power for power in range(-3, 13) if edges[0] <= 10.0**power <= edges[-1]]
    elif edges[0] % 1 == 0.5:  # bins centred on integers
        axis["values"] = [value + 0.5 for value in edges[:-1]]
    x = {"field": "low", "type": "quantitative", "scale": scale, "axis": axis}
    layers = [_bins(x, field, colour) for field, colour in (("before", BEFORE), ("after", KEPT))]
    if histogram.thresholds:
        layers.append(_limits(histogram))
    return chart(height=height, data={"values": rows}, layer=layers)


def _bins(x: Spec, field: str, colour: str) -> Spec:
    number = {"type": "quantitative", "format": ",.4~r"}
    return {
        "mark": {"type": "rect", "color": colour, "stroke": "var(--surface)", "strokeWidth": 0.6},
        "encoding": {
            "x": x,
            "x2": {"field": "high"},
            "y": {"field": field, "type": "quantitative", "axis": {**count_axis(), "tickCount": 3}},
            "y2": {"datum": 0},
            "tooltip": [
                {"field": "low", "title": "From", **number},
                {"field": "high", "title": "To", **number},
                {"field": "before", "title": "Read", "format": ","},
                {"field": "after", "title": "Kept", "format": ","},
            ],
        },
    }


def _limits(histogram: Histogram) -> Spec:
    rows = [{"at": t.at, "rule": t.rule, "documents": t.documents} for t in histogram.thresholds]
    return {
        "data": {"values": rows},
        "mark": {"type": "rule", "color": DROPPED, "strokeWidth": 2, "strokeDash": [4, 3]},
        "encoding": {
            "x": {"field": "at", "type": "quantitative"},
            "tooltip": [
                {"field": "rule", "title": "Rule"},
                {"field": "at", "title": "Threshold"},
                {"field": "documents", "title": "Dropped", "format": ","},
            ],
        },
    }


def clusters_chart(clusters: Sequence[ClusterSizes]) -> Spec:
    """Clusters by size, a bar a level."""
    rows = [
        {"size": _span(low, high), "level": part.level, "clusters": count}
        for part in clusters
        for low, high, count in part.bins
    ]
    sizes = [_span(low, high) for low, high in sorted({bin_[:2] for part in clusters for bin_ in part.bins})]
    shared: Spec = {
        "x": {
            "field": "size",
            "type": "ordinal",
            "sort": sizes,
            "axis": {"title": "Documents in the cluster", "labelAngle": 0},
            "scale": {"paddingInner": 0.3},
        },
        "xOffset": {"field": "level", "sort": ["exact", "near"]},
        "y": {"field": "clusters", "type": "quantitative", "axis": count_axis()},
    }
    bars: Spec = {
        "mark": {"type": "bar", "cornerRadiusEnd": 1},
        "encoding": {
            **shared,
            "color": colour_by({"exact": "var(--exact)", "near": "var(--near)"}, "level"),
            "tooltip": [
                {"field": name, "title": name.capitalize()} for name in ("level", "size", "clusters")
            ],
        },
    }
    text: Spec = {
        "mark": {"type": "text", "dy": -7, "color": MUTED, "fontSize": 11},
        "transform": [{"filter": "datum.clusters > 0"}],
        "encoding": {**shared, "text": {"field": "clusters", "format": ",.3~s"}},
    }
    return chart(height=220, data={"values": rows}, layer=[bars, text])


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}–{high}"
