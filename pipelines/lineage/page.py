"""The lineage of a workspace as one HTML page that needs no network and no script."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.lineage.draw import svg
from pipelines.lineage.graph import Graph
from pipelines.report.page import asset, environment


def render(graph: Graph) -> str:
    """The page."""
    rows = [
        (node, [graph.node(e.begin).title for e in graph.edges if e.end == node.key]) for node in graph.nodes
    ]
    return (
        environment()
        .get_template("lineage_page.html.j2")
        .render(
            title=", ".join(graph.recipes),
            drawing=svg(graph),
            rows=rows,
            style=Markup(asset("page.css") + asset("lineage.css")),
        )
    )
