"""The page in a real browser and as text: drawn, readable, safe, and in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import HOSTILE

from pipelines.report import Facts, RunFacts, render
from pipelines.report.facts import Amount, DroppedSample, QuarantinedSample, Share, StageFlow
from pipelines.report.formats import compact, duration, percent, printable, signal, size

SECTIONS = [
    *("funnel", "rules", "sources", "languages", "lengths", "scores", "duplicates"),
    *("dropped", "quarantine", "mixture", "tokenizer", "loss", "run"),
]
AMOUNT = Amount(10, 100)


class Elements(HTMLParser):
    """Start tags of a page in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "section":
            self.ids.append(dict(attrs).get("id"))


@pytest.fixture(scope="session")
def page(facts: Facts) -> str:
    return render(facts)


@pytest.fixture(scope="session")
def page_file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def test_page_has_every_section_in_order(page: str) -> None:
    assert Elements(page).ids == SECTIONS


def test_page_is_one_small_file_that_asks_for_nothing(page: str) -> None:
    assert len(page.encode()) < 2_000_000
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", markup)
    assert "@import" not in markup and "url(" not in markup


def test_same_facts_give_the_same_bytes(facts: Facts, page: str) -> None:
    assert render(facts) == page


def test_only_our_scripts_and_no_images_whatever_documents_hold(facts: Facts, page: str) -> None:
    assert any(HOSTILE[:40] in (sample.excerpt or "") for sample in facts.dropped)
    tags = Elements(page).tags
    assert tags.count("script") == 3
    assert "img" not in tags


def hostile_facts() -> Facts:
    bad = "</script><script>window.owned=1</script>\"'><img src=x onerror=window.owned=1>\u202eabc\x00\x1b"
    sample = DroppedSample(bad, bad, 1.0, None, bad, bad, "javascript:window.owned=1", bad, bad)
    return Facts(
        run=RunFacts(bad, bad, bad, bad, {bad: bad}, {bad: 1.0}),
        funnel=(StageFlow(bad, *[AMOUNT] * 5),),
        sources=(Share(bad, AMOUNT, AMOUNT),),
        dropped=(sample,),
        quarantined=(QuarantinedSample(bad, bad, 0, 1, bad),),
    )


def test_every_field_is_text_even_where_it_holds_markup() -> None:
    tags = Elements(render(hostile_facts())).tags
    assert tags.count("script") == 3
    assert "img" not in tags


def test_a_run_without_tables_still_has_a_page() -> None:
    page = render(Facts(RunFacts("empty")))
    assert Elements(page).ids == []
    assert "<h1><bdi>empty</bdi></h1>" in page


def test_a_run_without_training_has_no_loss_section(facts: Facts) -> None:
    page = render(replace(facts, losses=(), mixture=()))
    assert [name for name in SECTIONS if name not in ("loss", "mixture")] == Elements(page).ids
    assert "Final loss" not in page


def test_missing_documents_are_pointed_out(facts: Facts) -> None:
    first = facts.funnel[0]
    short = replace(first, kept=replace(first.kept, documents=first.kept.documents - 5))
    assert '<td class="n bad">5</td>' in render(replace(facts, funnel=(short, *facts.funnel[1:])))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(1000), "1.00 kB"),
        (size(999_999), "1.00 MB"),
        (size(48_768_402), "48.8 MB"),
        (size(2.5e15), "2.50 PB"),
        (compact(9999), "9,999"),
        (compact(11_870_328), "11.9M"),
        (compact(None), "–"),
        (percent(1, 0), "–"),
        (percent(1, 100_000), "<0.1%"),
        (percent(7, 7), "100%"),
        (percent(0, 7), "0.0%"),
        (signal(0.07123456), "0.07123"),
        (signal(100_000.0), "100,000"),
        (duration(4.23), "4.2 s"),
        (duration(185), "3 min 05 s"),
        (duration(7800), "2 h 10 min"),
        (printable("a\x00b\tc\n"), "a\ufffdb\tc\n"),
    ],
)
def test_numbers_read_well(text: str, shown: str) -> None:
    assert text == shown


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a file at a width and scheme; gives the page and what it complained about or asked for."""
    contexts = []

    def open_page(path: Path, width: int, scheme: str) -> tuple[Any, list[str], list[str]]:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page, complaints, requests = context.new_page(), [], []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-charts=drawn]", timeout=60_000)
        return page, complaints, requests

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_in_chromium(opened: Any, page_file: Path, width: int, scheme: str) -> None:
    page, complaints, requests = opened(page_file, width, scheme)
    assert complaints == []
    assert requests == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.querySelectorAll('section')].map(s => s.id)") == SECTIONS
    places = page.query_selector_all("[data-chart]")
    assert len(places) == page.locator("[data-chart] svg").count() >= 16
    assert all(place.query_selector_all("svg path") for place in places)
    for place in places:
        svg, box = place.query_selector("svg").bounding_box(), place.bounding_box()
        assert svg["width"] <= box["width"] + 1
    assert page.evaluate("window.owned") is None
    page.click("#unfold")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.slow
def test_charts_follow_a_change_of_scheme_without_reloading(opened: Any, page_file: Path) -> None:
    page, complaints, _ = opened(page_file, 1280, "light")
    fills = """[...document.querySelectorAll('[data-chart=funnel] svg path, [data-chart=funnel] svg text')]
               .map(n => getComputedStyle(n).fill).join()"""
    light = page.evaluate(fills)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(fills) != light
    assert complaints == []


@pytest.mark.slow
def test_search_switch_and_folds_work(opened: Any, page_file: Path) -> None:
    page, complaints, _ = opened(page_file, 1280, "light")
    page.fill("#search", "near_duplicate")
    assert page.locator("#dropped .group:visible").count() == 1
    assert page.locator("#dropped .sample:visible").count() == 3
    assert page.locator("#hits").inner_text().startswith("3 of ")
    page.fill("#search", "")
    assert page.locator("#dropped .group:visible").count() == page.locator("#dropped .group").count() > 5
    figures = page.locator("[data-chart=funnel] svg text", has_text="MB")
    assert figures.count() == 0
    page.click(".switch label:has-text('Bytes')")
    figures.first.wait_for()
    assert complaints == []


@pytest.mark.slow
def test_the_loss_at_the_pointer_is_shown(opened: Any, page_file: Path) -> None:
    page, complaints, _ = opened(page_file, 390, "dark")
    page.hover("[data-chart=loss]")
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert [line.split("\t")[0] for line in tip.inner_text().splitlines()] == [
        *("Step", "Loss", "Learning rate", "Tokens")
    ]
    assert not {"undefined", "null"} & set(tip.inner_text().split())
    assert complaints == []


@pytest.mark.slow
def test_markup_in_any_field_never_runs(opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(render(hostile_facts()), encoding="utf-8")
    page, complaints, requests = opened(path, 390, "light")
    assert page.evaluate("window.owned") is None
    assert complaints == []
    assert requests == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.slow
def test_the_policy_stops_a_script_that_slipped_in(opened: Any, page: str, tmp_path: Path) -> None:
    path = tmp_path / "injected.html"
    path.write_text(page.replace("<main>", "<main><script>window.owned=1</script>"), encoding="utf-8")
    injected, complaints, _ = opened(path, 1280, "light")
    assert injected.evaluate("window.owned") is None
    assert any("Content Security Policy" in text for text in complaints)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_a_real_run(opened: Any, finished: Path, width: int) -> None:
    path = finished / "ws/report/index.html"
    page, complaints, requests = opened(path, width, "dark")
    assert complaints == []
    assert requests == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    sections = [*SECTIONS[:-1], "lineage", SECTIONS[-1]]
    assert page.evaluate("[...document.querySelectorAll('section')].map(s => s.id)") == sections
    assert page.locator("[data-chart] svg").count() >= 12
