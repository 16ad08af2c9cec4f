"""One cluster of duplicates as a page of its own: no script, no network."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.duplicates.view import View
from pipelines.report.page import asset, environment

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"


def render_duplicates(view: View) -> str:
    """The page of `daybreak dup show --html`; the same view gives the same bytes."""
    template = environment().get_template("duplicate_page.html.j2")
    return template.render(
        view=view, reasons=view.reasons or {}, style=Markup(asset("page.css")), policy=POLICY
    )
