"""The assets that join the DAGs: a corpus that was built, a tokenizer that was trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.sdk import Asset, AssetAny

from daybreak.airflow.home import read
from daybreak.airflow.request import Request


def corpus(name: str) -> Asset:
    """The corpus of a recipe."""
    return Asset(name=f"corpus_{name}", uri=f"daybreak://corpus/{name}", group="daybreak")


def tokenizer(name: str) -> Asset:
    """The tokenizer of a recipe."""
    return Asset(name=f"tokenizer_{name}", uri=f"daybreak://tokenizer/{name}", group="daybreak")


def any_of(assets: Iterable[Asset]) -> AssetAny:
    """A schedule: a run for an update of any of them."""
    return AssetAny(*{asset.name: asset for asset in assets}.values())


def announce(asset: Asset, request: Request, context: Any) -> None:
    """Tell with the event of `asset` what was built: recipe, changes, workspace, documents and tokens."""
    from daybreak.workspace import Workspace

    workspace = Workspace(read(request.recipe, request.changes).workspace)
    manifest = workspace.manifest("shards") or workspace.manifest("tokenizer")
    kept = [c for c in (manifest.accounting if manifest else []) if c.outcome == "kept"]
    context["outlet_events"][asset].extra = {
        "recipe": request.recipe,
        "changes": list(request.changes),
        "workspace": str(workspace),
        "documents": sum(c.documents for c in kept),
        "tokens": sum(c.tokens or 0 for c in kept),
    }
