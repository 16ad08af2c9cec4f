"""What one run is asked for: the recipe and its changes, from the form, the date, or an asset's event.

Nothing here is ever given to a shell or rendered as a template: it becomes an argv.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

from daybreak.airflow.home import known_recipes, read
from daybreak.errors import RecipeError

DAY = r"^\d{4}-\d{2}-\d{2}$"
KEPT = ("workspace", "publish", "spark", "remote", "schedule", "dedup.history")
"""Where a run writes and what it starts with: the recipe's alone."""
CHANGE = rf"^(?!(day|{'|'.join(KEPT)})[.=])[A-Za-z_][A-Za-z0-9_.-]*=[^\n\r$]*$"
"""KEY=VALUE without `$`, so that no environment variable can be drawn into a run, for any other key."""


@dataclass(frozen=True)
class Request:
    """A recipe with its changes. `publish` false stops a run before its publication."""

    recipe: str
    changes: tuple[str, ...] = ()
    publish: bool = True

    @property
    def day(self) -> str | None:
        """The day among the changes."""
        return next((c.removeprefix("day=") for c in self.changes if c.startswith("day=")), None)


Asked = Callable[[Mapping[str, Any]], Request]
"""Gives the request of a run from a task's context."""


def form(recipe: str | os.PathLike[str], *, day: bool = False, publish: bool = True) -> dict[str, Param]:
    """The params of a DAG, as the form shows and Airflow validates them."""
    params = {"recipe": _recipe(str(recipe))}
    if day:
        params["day"] = Param(
            None, type=["null", "string"], format="date", pattern=DAY, title="Day",
            description="By default the day of the logical date, where the DAG is one of days.",
        )  # fmt: skip
    params["changes"] = Param(
        [], type=["null", "array"], items={"type": "string", "pattern": CHANGE}, title="Changes to the recipe",
        description="KEY=VALUE, one a line, as on the command line, e.g. language.min_score=0.7. Keys of spark, "
        "remote and schedule, and places that are written to, can be changed in the recipe only.",
    )  # fmt: skip
    if publish:
        params["publish"] = Param(
            True, type="boolean", title="Publish", description="No: stop before publication (and training)."
        )
    return params


def _recipe(default: str) -> Param:
    return Param(
        default, type="string", enum=list(dict.fromkeys([default, *known_recipes()])), title="Recipe",
        description="Recipes of the DAGs and of conf/recipes. It may lack steps of the DAG, not have more.",
    )  # fmt: skip


def by_form(context: Mapping[str, Any]) -> Request:
    """The request of a run without a day of its own."""
    return _asked(context["params"], None)


def by_date(context: Mapping[str, Any]) -> Request:
    """The request of a daily run: its day is the param `day`, else the UTC date of the logical date."""
    params, date = context["params"], context.get("logical_date")
    if date is None and not params.get("day"):
        raise AirflowFailException("this run has no logical date: start it with one, or give the param `day`")
    return _asked(params, date.astimezone(UTC).strftime("%Y-%m-%d") if date else None)


def by_event(context: Mapping[str, Any]) -> Request:
    """The request of a run that an asset's event started: the event's own; of several events, the newest.

    Events can be posted by anybody who may: they are checked like a form.
    """
    events = [e for found in (context.get("triggering_asset_events") or {}).values() for e in found]
    if not events:
        return by_form(context)
    extra = max(events, key=lambda event: event.timestamp).extra
    days = [c.removeprefix("day=") for c in extra["changes"] if c.startswith("day=")]
    changes = [c for c in extra["changes"] if not c.startswith("day=")]
    return _asked({"recipe": extra["recipe"], "changes": changes}, days[-1] if days else None)


def _asked(params: Mapping[str, Any], day: str | None) -> Request:
    recipe, changes = _known(params["recipe"]), _checked(params.get("changes") or [])
    day = params.get("day") or day
    days = [f"day={_checked_day(day)}"] if day else []
    _confine(recipe, days, changes)
    return Request(recipe, (*days, *changes), bool(params.get("publish", True)))


def _confine(recipe: str, days: Sequence[str], changes: Sequence[str]) -> None:
    """Refuse changes that move what a run writes, however they are spelled (`dedup={history: ...}`)."""
    try:
        before, after = read(recipe, days), read(recipe, [*days, *changes])
    except RecipeError as error:
        raise AirflowFailException(str(error)) from error
    for key in KEPT:
        if _at(before, key) != _at(after, key):
            raise AirflowFailException(f"{key} is the recipe's alone: it cannot be changed by a run")


def _at(recipe: Any, key: str) -> Any:
    for part in key.split("."):
        recipe = getattr(recipe, part, None)
    return recipe


def _known(recipe: str) -> str:
    if recipe not in known_recipes():
        raise AirflowFailException(
            f"recipe {recipe} is none of this instance's: {', '.join(known_recipes())}"
        )
    return recipe


def _checked_day(day: str) -> str:
    if not re.fullmatch(DAY[1:-1], day):
        raise AirflowFailException(f"day {day!r}: write it as 2026-01-02")
    return day


def _checked(changes: Sequence[str]) -> list[str]:
    for change in changes:
        if not re.fullmatch(CHANGE[1:-1], change):
            raise AirflowFailException(
                f"change {change!r} is refused: write KEY=VALUE on one line without $; day and {', '.join(KEPT)} "
                "cannot be changed so"
            )
    return list(changes)
