"""Text of documents on the page: no attribute that runs, no address that runs, no direction that leaks out."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from test_report_page import hostile_facts, opened  # noqa: F401 - fixtures

from pipelines.report.facts import DroppedSample, Facts, RunFacts
from pipelines.report.page import render

PAYLOADS = [
    "javascript:window.owned=1",
    "JaVaScRiPt:window.owned=1",
    "data:text/html,<script>window.owned=1</script>",
    "\" onmouseover=\"window.owned=1\" x=\"",
    "' onfocus='window.owned=1' autofocus='",
    "</style><svg/onload=window.owned=1>",
    "{{ 7*7 }}${7*7}<%= 7*7 %>",
    "&lt;script&gt;window.owned=1&lt;/script&gt;",
    "\u202egnp.exe\u2066\u2067",
]  # fmt: skip


class Attributes(HTMLParser):
    """Every attribute of a page, and the text that no element keeps apart from the text around it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.loose = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag == "bdi" or "dir" in dict(attributes):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.loose += data


def page_of(payload: str) -> str:
    sample = DroppedSample(*(payload, payload, 1.0, None, payload, payload, payload, payload, payload))
    facts: Facts = hostile_facts()
    return render(replace(facts, dropped=(sample, *facts.dropped)))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_attribute_runs_anything(payload: str) -> None:
    attributes = Attributes(page_of(payload)).attributes
    assert [name for name, _ in attributes if name.startswith("on")] == []
    addresses = [
        value for name, value in attributes if name in ("href", "src", "action", "formaction", "xlink:href")
    ]
    assert [
        a for a in addresses if re.match(r"\s*(javascript|vbscript|data:.)", a, re.I) and a != "data:,"
    ] == []


def test_templates_in_documents_stay_text() -> None:
    assert "{{ 7*7 }}${7*7}" in page_of("{{ 7*7 }}${7*7}")


def test_marks_of_direction_stay_inside_of_their_field() -> None:
    turned = PAYLOADS[-1]
    sample = DroppedSample("rule", "stage", 1.0, None, "id", "source", turned, turned, turned)
    page = render(Facts(RunFacts("turned"), dropped=(sample,)))
    assert page.count(turned) >= 3
    assert turned not in Attributes(page).loose


@pytest.mark.slow
def test_nothing_runs_in_a_browser_even_when_clicked(
    opened: Any,  # noqa: F811
    tmp_path: Any,
) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page_of(" ".join(PAYLOADS)), encoding="utf-8")
    page, complaints, requests = opened(path, 1280, "light")
    page.evaluate("document.querySelectorAll('a, summary, button').forEach(e => e.click())")
    page.mouse.move(300, 300)
    assert page.evaluate("window.owned") is None
    assert complaints == []
    assert [r for r in requests if not r.startswith(path.as_uri())] == []
