"""The charts, as Vega-Lite specifications (https://vega.github.io/schema/vega-lite/v6.json).

Colours are CSS variables of the page, which SVG resolves itself: a switch between light and dark needs no redrawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.report.facts import (
    ClusterSizes,
    Histogram,
    LossPoint,
    MixtureRow,
    Share,
    StageFlow,
    TokenizerFacts,
)
from pipelines.report.formats import size

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
        "labelOverlap": True,
    },
    "axisY": {"domain": False, "ticks": False},
    "text": {"color": INK, "fontSize": 12},
}
COUNT = "format(datum.value, '~s')"
BYTES = "format(datum.value, '~s') + 'B'"


def funnel_chart(funnel: Sequence[StageFlow]) -> Spec:
    """One stacked bar a stage; the page sets the parameter `measure` to 'documents' or 'bytes'."""
    outcomes = {"kept": KEPT, "edited": EDITED, "dropped": DROPPED, "quarantined": QUARANTINED}
    bars = [
        {
            "stage": flow.stage,
            "outcome": outcome,
            "order": order,
            # Editing shortens documents that stay: it takes bytes, and no documents.
            "documents": 0 if outcome == "edited" else getattr(flow, outcome).documents,
            "bytes": getattr(flow, outcome).bytes,
        }
        for flow in funnel
        for order, outcome in enumerate(outcomes)
    ]
    labels = [
        {
            "stage": flow.stage,
            "documents": _kept_label(f"{flow.entered.documents:,}", f"{flow.kept.documents:,}", *_documents(flow)),
            "bytes": _kept_label(size(flow.entered.bytes), size(flow.kept.bytes), *_bytes(flow)),
        }
        for flow in funnel
    ]
    stages = [flow.stage for flow in funnel]
    y = {"field": "stage", "type": "nominal", "sort": stages, "axis": None, "scale": {"paddingInner": 0.62}}
    value = [{"calculate": "datum[measure]", "as": "value"}]
    amount = f"measure == 'bytes' ? {BYTES} : {COUNT}"
    bar: Spec = {
        "data": {"values": bars},
        "transform": value,
        "mark": {"type": "bar", "cornerRadius": 1},
        "encoding": {
            "y": y,
            "x": {"field": "value", "type": "quantitative", "axis": _value_axis(amount)},
            "order": {"field": "order"},
            "color": _colours(outcomes),
            "tooltip": [
                {"field": "stage", "title": "Stage"},
                {"field": "outcome", "title": "Outcome"},
                {"field": "documents", "title": "Documents", "format": ","},
                {"field": "bytes", "title": "Bytes", "format": ","},
            ],
        },
    }
    name: Spec = {
        "data": {"values": labels},
        "transform": value,
        "mark": {"type": "text", "align": "left", "baseline": "bottom", "dy": -13, "x": 0, "fontSize": 13},
        "encoding": {"y": y, "text": {"field": "value"}},
    }
    stage = {**name, "mark": {**name["mark"], "fontWeight": 600}, "encoding": {"y": y, "text": {"field": "stage"}}}
    figures = {**name, "mark": {**name["mark"], "x": "width", "align": "right", "color": MUTED}}
    params = [{"name": "measure", "value": "documents"}]
    return _chart(height={"step": 54}, params=params, layer=[bar, stage, figures])


def _documents(flow: StageFlow) -> tuple[int, int]:
    return flow.kept.documents, flow.entered.documents


def _bytes(flow: StageFlow) -> tuple[int, int]:
    return flow.kept.bytes, flow.entered.bytes


def _kept_label(entered: str, kept: str, part: int, whole: int) -> str:
    return f"{entered} → {kept}  ({part / whole:.1%})" if whole else f"{entered} → {kept}"


def shares_chart(shares: Sequence[Share]) -> Spec:
    """Bytes of text as read (grey) and, inside it, as kept."""
    names = [share.name for share in shares]
    rows = [{"name": s.name, "before": s.before.bytes, "after": s.after.bytes} for s in shares]
    y = _names(names)
    tips = [
        {"field": "name", "title": "Name"},
        {"field": "before", "title": "Bytes read", "format": ","},
        {"field": "after", "title": "Bytes kept", "format": ","},
    ]
    layers = [
        _bar(y, "before", BEFORE, 16, BYTES, tips),
        _bar(y, "after", KEPT, 8, BYTES, tips),
    ]
    return _chart(height={"step": 28}, data={"values": rows}, layer=layers)


def histogram_chart(histogram: Histogram, height: int = 220, in_bytes: bool = False) -> Spec:
    """Documents as read (grey) and as kept, with the thresholds that dropped some."""
    edges = histogram.edges
    rows = [
        {"low": low, "high": high, "before": before, "after": after}
        for low, high, before, after in zip(
            edges[:-1], edges[1:], histogram.before, histogram.after, strict=True
        )
    ]
    scale: Spec = {"type": "log" if histogram.log else "linear", "domain": [edges[0], edges[-1]], "nice": False}
    axis: Spec = {"title": None, "grid": False, "tickCount": 5, "labelExpr": BYTES if in_bytes else _plain(histogram)}
    if histogram.log:
        axis["values"] = [10.0**power for power in range(-3, 13) if edges[0] <= 10.0**power <= edges[-1]]
    x = {"field": "low", "type": "quantitative", "scale": scale, "axis": axis}
    layers = [_bins(x, field, colour) for field, colour in (("before", BEFORE), ("after", KEPT))]
    if histogram.thresholds:
        layers.append(_limits(histogram))
    return _chart(height=height, data={"values": rows}, layer=layers)


def _plain(histogram: Histogram) -> str:
    return COUNT if histogram.log else "format(datum.value, '~g')"


def _bins(x: Spec, field: str, colour: str) -> Spec:
    number = {"type": "quantitative", "format": ".4~g"}
    return {
        "mark": {"type": "rect", "color": colour, "stroke": "var(--surface)", "strokeWidth": 0.6},
        "encoding": {
            "x": x,
            "x2": {"field": "high"},
            "y": {"field": field, "type": "quantitative", "axis": _count_axis()},
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


def mixture_chart(mixture: Sequence[MixtureRow]) -> Spec:
    """Share of tokens planned (bar) and asked for (tick)."""
    rows = [{"name": row.source, "got": row.got, "asked": row.asked} for row in mixture]
    y = _names([row.source for row in mixture])
    percent = "format(datum.value, '.0%')"
    tips = [
        {"field": "name", "title": "Source"},
        {"field": "asked", "title": "Asked", "format": ".2%"},
        {"field": "got", "title": "Got", "format": ".2%"},
    ]
    tick: Spec = {
        "transform": [{"filter": "isValid(datum.asked)"}],
        "mark": {"type": "tick", "color": INK, "thickness": 2.5, "size": 22},
        "encoding": {"y": y, "x": {"field": "asked", "type": "quantitative"}, "tooltip": tips},
    }
    bar = _bar(y, "got", KEPT, 13, percent, tips)
    return _chart(height={"step": 32}, data={"values": rows}, layer=[bar, tick])


def clusters_chart(clusters: Sequence[ClusterSizes]) -> Spec:
    """Clusters by size, a bar a level."""
    rows = [
        {"size": f"{low}" if low == high else f"{low}–{high}", "order": low, "level": part.level, "clusters": n}
        for part in clusters
        for low, high, n in part.bins
    ]
    shared: Spec = {
        "x": {
            "field": "size",
            "type": "ordinal",
            "sort": {"field": "order"},
            "axis": {"title": "Documents in the cluster", "labelAngle": 0},
            "scale": {"paddingInner": 0.3},
        },
        "xOffset": {"field": "level", "sort": ["exact", "near"]},
        "y": {"field": "clusters", "type": "quantitative", "axis": _count_axis()},
    }
    bar: Spec = {
        "mark": {"type": "bar", "cornerRadiusEnd": 1},
        "encoding": {
            **shared,
            "color": _colours({"exact": "var(--exact)", "near": "var(--near)"}, "level"),
            "tooltip": [{"field": name, "title": name.capitalize()} for name in ("level", "size", "clusters")],
        },
    }
    text: Spec = {
        "mark": {"type": "text", "dy": -7, "color": MUTED, "fontSize": 11},
        "transform": [{"filter": "datum.clusters > 0"}],
        "encoding": {**shared, "text": {"field": "clusters", "format": ",.3~s"}},
    }
    return _chart(height=220, data={"values": rows}, layer=[bar, text])


def bytes_per_token_chart(tokenizer: TokenizerFacts) -> Spec:
    """UTF-8 bytes a token covers, by language, and over all (line)."""
    languages = [part for part in tokenizer.languages if part.tokens]
    rows = [{"name": p.lang, "value": p.bytes / p.tokens, "bytes": p.bytes, "tokens": p.tokens} for p in languages]
    tips = [
        {"field": "name", "title": "Language"},
        {"field": "value", "title": "Bytes per token", "format": ".3f"},
        {"field": "bytes", "title": "Bytes", "format": ","},
        {"field": "tokens", "title": "Tokens", "format": ","},
    ]
    mean: Spec = {
        "data": {"values": [{"all": tokenizer.bytes / max(tokenizer.tokens, 1)}]},
        "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "strokeWidth": 1.5},
        "encoding": {"x": {"field": "all", "type": "quantitative"}},
    }
    bar = _bar(_names([part.lang for part in languages]), "value", KEPT, 12, "format(datum.value, '~g')", tips)
    return _chart(height={"step": 24}, data={"values": rows}, layer=[bar, mean])


def loss_chart(losses: Sequence[LossPoint]) -> Spec:
    """Training loss by step (thin), its running mean (thick), evaluations (points)."""
    rows = [
        {"step": p.step, "loss": p.loss, "eval_loss": p.eval_loss, "lr": p.lr, "tokens": p.tokens} for p in losses
    ]
    span = max(len(rows) // 60, 1)
    x = {"field": "step", "type": "quantitative", "axis": {"title": "Step", "grid": False, "tickCount": 6}}
    x["scale"] = {"nice": False}
    smooth = {
        "window": [{"op": "mean", "field": "loss", "as": "mean"}],
        "frame": [-span, span],
        "sort": [{"field": "step"}],
    }
    layers: list[Spec] = [
        _line(x, "loss", KEPT, {"strokeWidth": 1, "opacity": 0.35}),
        _line(x, "mean", KEPT, {"strokeWidth": 2}, [{"filter": "isValid(datum.loss)"}, smooth]),
    ]
    if any(point.eval_loss is not None for point in losses):
        shown = [{"filter": "isValid(datum.eval_loss)"}]
        layers.append(_line(x, "eval_loss", DROPPED, {"strokeWidth": 1.5, "strokeDash": [4, 3]}, shown))
        layers.append({**_line(x, "eval_loss", DROPPED, {}, shown), "mark": {"type": "point", "filled": True,
                       "size": 45, "opacity": 1, "color": DROPPED}})  # fmt: skip
    layers.append(_readout(x))
    return _chart(height=260, data={"values": rows}, layer=layers)


def rate_chart(losses: Sequence[LossPoint]) -> Spec:
    """The learning rate by step."""
    rows = [{"step": point.step, "lr": point.lr} for point in losses if point.lr is not None]
    x = {"field": "step", "type": "quantitative", "axis": {"title": "Step", "grid": False, "tickCount": 6}}
    x["scale"] = {"nice": False}
    line = _line(x, "lr", MUTED, {"strokeWidth": 1.5})
    line["encoding"]["y"] = {
        "field": "lr",
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 3, "labelExpr": "format(datum.value, '~g')"},
    }
    return _chart(height=90, data={"values": rows}, layer=[line])


def _line(x: Spec, field: str, colour: str, mark: Spec, transform: Sequence[Spec] = ()) -> Spec:
    axis = {"title": None, "tickCount": 5}
    y = {"field": field, "type": "quantitative", "scale": {"zero": False}, "axis": axis}
    return {
        "transform": list(transform),
        "mark": {"type": "line", "color": colour, **mark},
        "encoding": {"x": x, "y": y},
    }


def _readout(x: Spec) -> Spec:
    """A vertical line at the step nearest to the pointer, with its figures."""
    nearest = {"type": "point", "nearest": True, "on": "pointermove", "clear": "pointerout", "fields": ["step"]}
    visible = {"condition": {"param": "at", "empty": False, "value": 0.6}, "value": 0}
    return {
        "params": [{"name": "at", "select": nearest}],
        "mark": {"type": "rule", "color": MUTED},
        "encoding": {
            "x": x,
            "opacity": visible,
            "tooltip": [
                {"field": "step", "title": "Step", "format": ","},
                {"field": "loss", "title": "Loss", "format": ".4f"},
                {"field": "eval_loss", "title": "Evaluation", "format": ".4f"},
                {"field": "lr", "title": "Learning rate", "format": ".3~g"},
                {"field": "tokens", "title": "Tokens", "format": ","},
            ],
        },
    }


def _bar(y: Spec, field: str, colour: str, size: int, label: str, tooltip: Sequence[Spec]) -> Spec:
    return {
        "mark": {"type": "bar", "color": colour, "height": size, "cornerRadiusEnd": 1},
        "encoding": {
            "y": y,
            "x": {"field": field, "type": "quantitative", "axis": _value_axis(label)},
            "tooltip": list(tooltip),
        },
    }


def _names(order: Sequence[str]) -> Spec:
    axis = {"title": None, "labelLimit": 130, "labelColor": INK, "labelFontSize": 13}
    return {"field": "name", "type": "nominal", "sort": list(order), "axis": axis}


def _value_axis(label: str) -> Spec:
    return {"title": None, "labelExpr": label, "tickCount": 5, "domain": False, "ticks": False}


def _count_axis() -> Spec:
    return {"title": None, "tickCount": 4, "labelExpr": COUNT}


def _colours(colours: dict[str, str], field: str = "outcome") -> Spec:
    scale = {"domain": list(colours), "range": list(colours.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}


def _chart(**parts: Any) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        **parts,
    }
