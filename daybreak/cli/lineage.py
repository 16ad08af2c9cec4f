"""`daybreak lineage`: where the tables, shards and model of a workspace came from."""

from __future__ import annotations

import json
from pathlib import Path

from daybreak.errors import WorkspaceError
from daybreak.recipe import load_recipe
from daybreak.workspace import LINEAGE, Workspace
from pipelines.lineage.draw import as_json, text
from pipelines.lineage.graph import Graph, graph_of, read_events


def show_lineage(place: Path, out: Path | None, json_wanted: bool) -> None:
    """Print the lineage of a workspace (or of a recipe's) as text or JSON, or write it as a page."""
    workspace = Workspace(load_recipe(place).workspace if place.is_file() else place)
    graph = read_graph(workspace)
    if out is not None:
        from pipelines.lineage.page import render

        out.write_text(render(graph), encoding="utf-8")
    print(json.dumps(as_json(graph), indent=1) if json_wanted else text(graph))


def read_graph(workspace: Workspace) -> Graph:
    """Raises WorkspaceError where no step has told of itself yet."""
    if not workspace.store.exists(LINEAGE):
        raise WorkspaceError(
            f"{workspace} holds no {LINEAGE}: each step adds to it when it runs (unless OPENLINEAGE_DISABLED is set). "
            "Run the recipe; steps that are done already tell nothing"
        )
    graph = graph_of(read_events(workspace.store.read(LINEAGE).decode(errors="replace")))
    if not graph.nodes:
        raise WorkspaceError(f"no step in {workspace.store.path(LINEAGE)} came to its end yet")
    return graph
