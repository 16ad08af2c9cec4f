"""Dashboard and alerts ask for metrics that a run writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.observe.dashboard import dashboard

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "conf/grafana/daybreak.json"
ALERTS = ROOT / "conf/prometheus/alerts.yaml"


def panels() -> list[dict[str, Any]]:
    return json.loads(DASHBOARD.read_text())["panels"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    return [t["expr"] for p in panels() for t in p["targets"]] + [rule["expr"] for rule in rules()]


def test_the_dashboard_is_what_its_module_makes() -> None:
    assert json.loads(DASHBOARD.read_text()) == dashboard()


def test_every_panel_has_title_unit_and_the_data_source_of_the_variable() -> None:
    variables = {v["name"]: v for v in dashboard()["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    for panel in panels():
        assert panel["title"] and panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        assert all("$recipe" in target["expr"] for target in panel["targets"])
    assert len({panel["title"] for panel in panels()}) == len(panels())


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels()):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not cells & taken
        taken |= cells


def test_every_alert_says_what_it_means_and_how_urgent_it_is() -> None:
    assert len(rules()) == len({rule["alert"] for rule in rules()}) >= 5
    for rule in rules():
        assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.parametrize("expression", expressions())
def test_brackets_of_expressions_are_paired(expression: str) -> None:
    stack: list[str] = []
    for letter in re.sub(r'"[^"]*"', "", expression):
        if letter in "([{":
            stack.append(letter)
        elif letter in ")]}":
            assert stack and stack.pop() + letter in ("()", "[]", "{}"), expression
    assert not stack
