"""Airflow's pages in the system's Chromium, as the signed-in user sees them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.dags.airflow_service import Service

SCREENS = "DAYBREAK_SCREENS"
"""Environment variable: a folder that pictures of the pages are put into; by default the test's own."""
SLOW = 120_000
"""Milliseconds that a page may take on a loaded machine."""


class Pages:
    """Opens pages, and takes their pictures."""

    def __init__(self, service: Service, page: Any, folder: Path) -> None:
        self._root, self.page, self._folder = service.root, page, folder
        page.set_default_timeout(SLOW)
        page.goto(f"{self._root}/")
        page.fill("input[name=username]", service.user)
        page.fill("input[name=password]", service.password)
        page.click("button[type=submit]")
        page.wait_for_selector("[data-testid=nav-dags-link], nav")

    def open(self, path: str, view: str = "grid") -> Any:
        """A page of the user interface; `view` is what stands beside it: `grid` or `graph`."""
        # The interface remembers its view in the browser, as JSON.
        self.page.evaluate(f"localStorage.setItem('default_dag_view', '\"{view}\"')")
        self.page.goto(f"{self._root}/{path}")
        return self.page

    def expand(self) -> None:
        """Open all groups of tasks; the interface remembers those that are open from page to page."""
        button = self.page.get_by_test_id("expand-all-button").first
        button.wait_for()
        if button.is_enabled():
            button.click()

    def picture(self, name: str) -> None:
        """Keep what the page looks like now as NAME.png."""
        self.page.screenshot(path=self._folder / f"{name}.png")

    def complaints(self) -> list[str]:
        """Texts of errors that the page shows."""
        shown = self.page.locator("[data-testid=error-alert]:visible, [data-status=error]:visible")
        return list(shown.all_inner_texts())


@contextmanager
def opened(service: Service, browser: Any, folder: Path) -> Iterator[Pages]:
    """Pages of the browser with the user signed in."""
    kept = Path(os.environ.get(SCREENS, folder))
    kept.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    try:
        yield Pages(service, context.new_page(), kept)
    finally:
        context.close()
