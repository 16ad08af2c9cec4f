"""Charts of mixture, tokenizer and training, as Vega-Lite specifications."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.report.facts import LossPoint, MixtureRow, TokenizerFacts
from pipelines.report.vega import DROPPED, INK, KEPT, MUTED, PLAIN, Spec, bar, chart, name_axis

AXIS_EXTENT = 44
"""Pixels of the vertical axes of loss and learning rate: their steps stand above each other."""


def mixture_chart(mixture: Sequence[MixtureRow]) -> Spec:
    """Share of tokens planned (bar) and asked for (tick)."""
    rows = [{"name": row.source, "got": row.got, "asked": row.asked} for row in mixture]
    y = name_axis([row.source for row in mixture])
    label = "format(datum.value, '.0%')"
    tips = [
        {"field": "name", "title": "Source"},
        {"field": "asked", "title": "Asked", "format": ".2%"},
        {"field": "got", "title": "Got", "format": ".2%"},
    ]
    tick: Spec = {
        "transform": [{"filter": "isValid(datum.asked)"}],
        "mark": {"type": "tick", "color": INK, "thickness": 2.5, "size": 22, "opacity": 1},
        "encoding": {"y": y, "x": {"field": "asked", "type": "quantitative"}, "tooltip": tips},
    }
    got = bar(y, "got", KEPT, 13, label, tips)
    return chart(height=32 * len(rows), data={"values": rows}, layer=[got, tick])


def bytes_per_token_chart(tokenizer: TokenizerFacts) -> Spec:
    """UTF-8 bytes a token covers, by language, and over all (line)."""
    languages = [part for part in tokenizer.languages if part.tokens]
    rows = [
        {"name": p.lang, "value": p.bytes / p.tokens, "bytes": p.bytes, "tokens": p.tokens} for p in languages
    ]
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
    each = bar(name_axis([part.lang for part in languages]), "value", KEPT, 12, PLAIN, tips)
    return chart(height=24 * len(rows), data={"values": rows}, layer=[each, mean])


def loss_chart(losses: Sequence[LossPoint]) -> Spec:
    """Training loss by step (thin), its running mean (thick), evaluations (points)."""
    rows = [
        {
            "step": point.step,
            "loss": point.loss,
            "eval_loss": point.eval_loss,
            "lr": point.lr,
            "tokens": point.tokens,
        }
        for point in losses
    ]
    span = max(len(rows) // 100, 1)
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
    return chart(height=260, data={"values": rows}, layer=layers)


def rate_chart(losses: Sequence[LossPoint]) -> Spec:
    """The learning rate by step."""
    rows = [{"step": point.step, "lr": point.lr} for point in losses if point.lr is not None]
    x = {"field": "step", "type": "quantitative", "axis": {"title": "Step", "grid": False, "tickCount": 6}}
    x["scale"] = {"nice": False}
    line = _line(x, "lr", MUTED, {"strokeWidth": 1.5})
    line["encoding"]["y"] = {
        "field": "lr",
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 3, "minExtent": AXIS_EXTENT, "labelExpr": PLAIN},
    }
    return chart(height=90, data={"values": rows}, layer=[line])


def _line(x: Spec, field: str, colour: str, mark: Spec, transform: Sequence[Spec] = ()) -> Spec:
    axis = {"title": None, "tickCount": 5, "minExtent": AXIS_EXTENT}
    y = {"field": field, "type": "quantitative", "scale": {"zero": False}, "axis": axis}
    return {
        "transform": list(transform),
        "mark": {"type": "line", "color": colour, **mark},
        "encoding": {"x": x, "y": y},
    }


def _readout(x: Spec) -> Spec:
    """A vertical line at the step nearest to the pointer, with its figures."""
    nearest = {
        "type": "point",
        "nearest": True,
        "on": "pointermove",
        "clear": "pointerout",
        "fields": ["step"],
    }
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
                {"field": "lr", "title": "Learning rate", "format": ".3~g"},
                {"field": "tokens", "title": "Tokens", "format": ","},
            ],
        },
    }
