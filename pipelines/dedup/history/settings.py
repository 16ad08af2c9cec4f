"""What a recipe says of histories, checked, and what identifies one as an input of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe
from daybreak.workspace import Workspace
from pipelines.dedup.history.history import History
from pipelines.dedup.normal import VERSION
from pipelines.dedup.order import DeclaredOrder
from pipelines.dedup.settings import DedupSettings

RESOURCES = ("max_driver_documents", "max_driver_edges", "all_pairs")
"""Settings that decide how a result is found, not which."""


def comparable(settings: DedupSettings, order: DeclaredOrder) -> dict[str, Any]:
    """All that two runs must have in common for hashes of one to mean the same in the other: plain JSON values."""
    found = {key: value for key, value in asdict(settings).items() if key not in RESOURCES}
    ordered = {
        key: list(value) if isinstance(value, tuple) else value for key, value in asdict(order).items()
    }
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}
    return {**plain, "normal": VERSION, "order": ordered}


def pending(recipe: Recipe) -> bool:
    """Whether this run's batch waits for the run's end: a run that is never published is nothing to compare with."""
    return recipe.gates is not None or recipe.publish is not None


def history_digest(recipe: Recipe) -> dict[str, str]:
    """What stands before this run's batch: it stays the same when this run appends, or later ones do."""
    if (history := recipe.dedup.history) is None:
        return {}
    state = History(history.path).state()
    return {"dedup.history": state.before(state.number(history.batch)).digest}


def check_history(recipe: Recipe, settings: DedupSettings, order: DeclaredOrder) -> None:
    """The recipe's history can be used by this run. Raises RecipeError that says why not."""
    if (wanted := recipe.dedup.history) is None:
        return
    if settings.cluster == "components":
        raise RecipeError(
            "near.cluster: components cannot go with a history: a later document may join two clusters of which "
            "both first documents are published. Use cluster: representative"
        )
    if wanted.buckets & (wanted.buckets - 1):
        raise RecipeError(f"history.buckets is a power of two, not {wanted.buckets}")
    history = History(wanted.path)
    state = history.state()
    made = [batch.name for batch in state.batches]
    done = Workspace(recipe.workspace).manifest("dedup")
    if done is None or done.settings.get("history") != wanted.model_dump(include={"batch"}):
        history.check(wanted.batch, comparable(settings, order))
    elif wanted.batch not in made:
        raise RecipeError(
            f"this workspace holds the dedup of batch {wanted.batch!r}, but the history {history} has no such "
            f"batch: was another history meant? Remove {Workspace(recipe.workspace)}/dedup to run it again"
        )
