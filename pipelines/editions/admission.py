"""When a run's documents count for later ones: not before it is published."""

from __future__ import annotations

from daybreak.recipe import Recipe
from pipelines.dedup.history.history import History
from pipelines.passages.history import place


def admit(recipe: Recipe) -> None:
    """Later batches of the recipe's histories are compared with this run's from now on. A second time does nothing.

    Raises DaybreakError where a history changed since this run was compared with it.
    """
    wanted = recipe.dedup.history
    for history in _histories(recipe):
        assert wanted is not None
        with history.held(wanted.wait):
            history.admit(wanted.batch)


def admitted(recipe: Recipe) -> bool:
    """Whether none of the recipe's histories holds this run's batch back."""
    wanted = recipe.dedup.history
    found = [history.state().batch(wanted.batch) for history in _histories(recipe) if wanted is not None]
    return not any(batch is not None and batch.pending for batch in found)


def _histories(recipe: Recipe) -> list[History]:
    if recipe.dedup.history is None:
        return []
    passages = place(recipe) if recipe.passages is not None else None
    return [History(path) for path in (recipe.dedup.history.path, passages) if path is not None]
