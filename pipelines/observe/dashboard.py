"""The Grafana dashboard of a corpus: `python -m pipelines.observe.dashboard > conf/grafana/daybreak.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HERE = 'recipe=~"$recipe"'
DROPPED_OF_IN = (
    f'sum by (stage) (daybreak_stage_documents{{{HERE},outcome="dropped"}})'
    f' / sum by (stage) (daybreak_stage_documents{{{HERE},outcome="in"}})'
)


@dataclass(frozen=True)
class Panel:
    """One panel; `queries` by legend. width: of 24."""

    title: str
    kind: str
    unit: str
    queries: dict[str, str]
    width: int = 12
    height: int = 8
    instant: bool = False
    what: str = ""


PANELS = (
    Panel(
        "Hours since a step last succeeded", "stat", "h",
        {"": f'(time() - max(daybreak_step_last_end_timestamp_seconds{{{HERE},outcome="success"}})) / 3600'},
        4, 4, True,
        "Of the newest success of any step.",
    ),
    Panel(
        "Failed attempts, 24 h", "stat", "short",
        {"": f'sum(increase(daybreak_step_runs_total{{{HERE},outcome="failure"}}[24h]))'}, 4, 4, True,
    ),
    Panel("Unreadable input files", "stat", "short", {"": f"sum(daybreak_bad_inputs{{{HERE}}})"}, 4, 4, True),
    Panel(
        "Documents in the shards", "stat", "short",
        {"": f'sum(daybreak_stage_documents{{{HERE},stage="shards",outcome="kept"}})'}, 4, 4, True,
    ),
    Panel(
        "Tokens in the shards", "stat", "short",
        {"": f'sum(daybreak_stage_tokens{{{HERE},stage="shards",outcome="kept"}})'}, 4, 4, True,
    ),
    Panel("Training loss", "stat", "none", {"": f"daybreak_training_loss{{{HERE}}}"}, 4, 4, True),
    Panel(
        "Funnel: documents kept by stage", "bargauge", "short",
        {"{{stage}}": f'sum by (stage) (daybreak_stage_documents{{{HERE},outcome="kept"}})'}, instant=True,
    ),
    Panel("Share of documents dropped by stage", "timeseries", "percentunit", {"{{stage}}": DROPPED_OF_IN}),
    Panel(
        "Documents removed by rule", "bargauge", "short",
        {"{{rule}}": f'topk(20, sum by (rule) (daybreak_stage_documents{{{HERE},rule!=""}}))'}, height=10, instant=True,
        what="The twenty rules that removed most, quarantine included.",
    ),
    Panel(
        "Bytes kept by stage", "timeseries", "bytes",
        {"{{stage}}": f'sum by (stage) (daybreak_stage_bytes{{{HERE},outcome="kept"}})'}, height=10,
    ),
    Panel(
        "Tokens in the shards by source", "timeseries", "short",
        {"{{source}}": f'sum by (source) (daybreak_stage_tokens{{{HERE},stage="shards",outcome="kept"}})'},
    ),
    Panel(
        "How long steps take", "timeseries", "s", {"{{step}}": f"daybreak_step_duration_seconds{{{HERE}}}"},
    ),
    Panel(
        "Stored bytes by step", "timeseries", "bytes",
        {"{{step}}": f"sum by (step) (daybreak_table_bytes{{{HERE}}})"},
    ),
    Panel("Input files by source", "timeseries", "short", {"{{source}}": f"daybreak_input_files{{{HERE}}}"}),
    Panel(
        "Loss", "timeseries", "none",
        {"loss": f"daybreak_training_loss{{{HERE}}}", "held out": f"daybreak_training_eval_loss{{{HERE}}}"},
    ),
    Panel("Tokens trained on", "timeseries", "short", {"tokens": f"daybreak_training_tokens{{{HERE}}}"}),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it (schema version 39, Grafana 10 and later)."""
    return {
        "title": "Daybreak corpus",
        "uid": "daybreak-corpus",
        "tags": ["daybreak"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [_datasource(), _recipe()]},
        "panels": [_panel(number, panel, place) for number, (panel, place) in enumerate(_placed(), 1)],
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _recipe() -> dict[str, Any]:
    query = "label_values(daybreak_build_info, recipe)"
    return {
        "name": "recipe", "label": "Recipe", "type": "query", "datasource": SOURCE, "refresh": 2,
        "query": {"query": query, "refId": "recipe"}, "definition": query, "multi": True, "includeAll": True,
        "current": {"text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def _placed() -> list[tuple[Panel, dict[str, int]]]:
    """Panels from left to right, a new row where one does not fit."""
    placed, x, y, tall = [], 0, 0, 0
    for panel in PANELS:
        if x + panel.width > 24:
            x, y, tall = 0, y + tall, 0
        placed.append((panel, {"x": x, "y": y, "w": panel.width, "h": panel.height}))
        x, tall = x + panel.width, max(tall, panel.height)
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "title": panel.title,
        "description": panel.what,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {"displayMode": "gradient", "orientation": "horizontal"} if panel.kind == "bargauge" else {},
        "targets": [
            {
                "refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expression, "instant": panel.instant,
                "legendFormat": legend or "__auto",
            }
            for n, (legend, expression) in enumerate(panel.queries.items())
        ],
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
