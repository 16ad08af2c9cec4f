"""What if a threshold were another: settings of the filter step with changes from the command line."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from daybreak.errors import RecipeError
from daybreak.recipe.judging import Quality
from pipelines.quality.book import rulebook
from pipelines.quality.rules import Rulebook, choose

OFF = "off"


def book_of(settings: Mapping[str, Any]) -> Rulebook:
    """The rulebook that a filter step went by, from its settings."""
    return rulebook(Quality(**settings["quality"]))


def changed(
    settings: Mapping[str, Any], changes: Sequence[str], rules: Sequence[str] | None
) -> dict[str, Any]:
    """`settings` of a filter step with other rule sets for every source, and other thresholds.

    A change is `SET.RULE=VALUE`, `RULE=VALUE` (in every set in use that has the rule) or
    `language.min_score=VALUE`; the value `off` switches a rule off. RecipeError for anything else.
    """
    new = copy.deepcopy(dict(settings))
    if rules is not None:
        new["rules"] = {source: list(rules) for source in new["rules"]}
        keep = new["quality"]["thresholds"]
        new["quality"]["thresholds"] = {name: values for name, values in keep.items() if name in rules}
    for change in changes:
        _apply(new, change)
    return new


def _apply(settings: dict[str, Any], change: str) -> None:
    name, sign, text = change.partition("=")
    if not sign:
        raise RecipeError(f"{change!r}: write RULE=VALUE, for example gopher@paper.min_words=100")
    value = _value(name, text)
    if name == "language.min_score":
        settings["language"]["min_score"] = 0.0 if value is None else value
        return
    book = book_of(settings)
    used = list(dict.fromkeys(each for sets in settings["rules"].values() for each in sets))
    set_name, dot, rule = name.rpartition(".")
    if dot:
        choose("rule set (in use)", set_name, used)
    known = {each: [r.name for r in book.rule_set(each)] for each in ([set_name] if dot else used)}
    choose("rule", rule, dict.fromkeys(r for names in known.values() for r in names))
    for each, names in known.items():
        if rule in names:
            settings["quality"]["thresholds"].setdefault(each, {})[rule] = value


def _value(name: str, text: str) -> float | None:
    if text == OFF:
        return None
    try:
        return float(text)
    except ValueError:
        raise RecipeError(f"{name}={text}: a number is wanted, or {OFF!r} to switch the rule off") from None
