"""The page of the lineage in a real browser, light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_graph import LINE

from pipelines.lineage.graph import graph_of
from pipelines.lineage.page import render

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_stays_in_its_window_and_asks_for_nothing(
    browser: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    file = tmp_path / "lineage.html"
    file.write_text(render(graph_of(LINE)))
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    assert complaints == [] and requests == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("svg.lineage g.node").count() == 4
    for text in page.query_selector_all("svg.lineage g.node"):
        box = text.query_selector("rect").bounding_box()
        for part in text.query_selector_all("text"):
            inner = part.bounding_box()
            assert inner["x"] >= box["x"] and inner["x"] + inner["width"] <= box["x"] + box["width"] + 1
    lightness = "getComputedStyle(document.querySelector('svg.lineage rect')).fill"
    red = int(page.evaluate(lightness).removeprefix("rgb(").split(",")[0])
    assert red > 200 if scheme == "light" else red < 80
    page.close()
