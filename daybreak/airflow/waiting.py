"""Tasks that wait: for a day's input, and for earlier days."""

from __future__ import annotations

import time
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daybreak.airflow.home import read
from daybreak.airflow.look import look_for
from daybreak.airflow.request import Asked
from daybreak.airflow.trigger import InputTrigger
from daybreak.errors import RecipeError
from daybreak.recipe import Recipe


class WaitForInput(BaseOperator):
    """Waits, without a worker, until all input of the run is there; gives the names of the recipe's sources.

    It checks the recipe as well: a wrong one, or one with steps that the DAG lacks, fails here, before any work.
    """

    ui_color = "#e6eef8"

    def __init__(self, *, asked: Asked, steps: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked, self.steps = asked, steps

    def execute(self, context: Any) -> list[str]:
        """Look once; wait in the triggerer where something is missing and the recipe says to wait."""
        request, recipe = self._recipe(context)
        look = look_for(recipe, request.recipe, request.changes)
        missing = look.missing()
        wait = recipe.schedule.wait if recipe.schedule else None
        if missing and wait and wait.minutes:
            self.log.info("waiting up to %g minutes for %s", wait.minutes, "; ".join(missing))
            until = time.time() + 60 * wait.minutes
            self.defer(trigger=InputTrigger(look.plain(), wait.every_seconds, until), method_name="resume")
        return self._end(recipe, missing)

    def resume(self, context: Any, event: dict[str, Any]) -> list[str]:
        """Go on after the trigger fired."""
        _, recipe = self._recipe(context)
        return self._end(recipe, event["missing"])

    def _recipe(self, context: Any) -> tuple[Any, Recipe]:
        request = self.asked(context)
        try:
            recipe = read(request.recipe, request.changes)
        except RecipeError as error:
            raise AirflowFailException(str(error)) from error
        if lacking := [step for step in wanted(recipe) if step not in self.steps]:
            raise AirflowFailException(
                f"{request.recipe} has the steps {', '.join(lacking)}, which this DAG lacks: it was "
                "made from another recipe"
            )
        return request, recipe

    def _end(self, recipe: Recipe, missing: list[str]) -> list[str]:
        if not missing:
            return sorted(recipe.sources)
        wait = recipe.schedule.wait if recipe.schedule else None
        told = f"input of {recipe.name} is missing" + (f" after {wait.minutes:g} minutes" if wait else "")
        message = told + ":\n  " + "\n  ".join(missing)
        raise (AirflowSkipException if wait and wait.soft_fail else AirflowFailException)(message)


class EarlierDays(BaseSensorOperator):
    """Waits while an earlier date of this DAG is running, so that days join the history in their order.

    A day that failed, or is only queued, is not waited for: one bad day must not stop all later ones.
    """

    ui_color = "#e6eef8"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(mode="reschedule", **kwargs)

    def poke(self, context: Any) -> bool:
        """Whether no earlier run is running."""
        earlier = context["ti"].get_previous_dagrun(state="running")
        if earlier is not None:
            self.log.info("waiting for %s", earlier.run_id)
        return earlier is None


def wanted(recipe: Recipe) -> list[str]:
    """The steps of a corpus that a recipe has, in order; training is a DAG of its own."""
    corpus = ["encode", "mixture", "shards"] if recipe.tokenizer else []
    optional = {name: getattr(recipe, name, None) for name in OPTIONAL}
    steps = [
        "ingest",
        "filter",
        "dedup",
        "passages",
        "decontaminate",
        "tokenizer",
        *corpus,
        "gates",
        "publish",
        "report",
    ]
    return [step for step in steps if optional.get(step, True)]


OPTIONAL = ("passages", "decontaminate", "tokenizer", "gates", "publish", "report")
"""Steps that a recipe has where it has a section of that name."""
