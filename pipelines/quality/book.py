"""From the recipe's `quality` section to a `Rulebook`."""

from __future__ import annotations

from daybreak.recipe.judging import Quality, UserRule, UserSet
from pipelines.quality.rule import Rule
from pipelines.quality.rules import Rulebook, choose


def rulebook(quality: Quality) -> Rulebook:
    """The recipe's own sets and thresholds over the published ones; RecipeError for unknown names."""
    published = Rulebook()
    own: dict[str, tuple[Rule, ...]] = {}
    for name, wanted in quality.sets.items():
        for base in wanted.base:
            choose(f"rule set in quality.sets.{name}.base", base, [*published.names, *own])
        own[name] = _rules(wanted, Rulebook(own))
    return Rulebook(own, quality.thresholds, quality.languages)


def _rules(wanted: UserSet, known: Rulebook) -> tuple[Rule, ...]:
    """The rules of the bases, then the set's own; a rule of a name that is there already replaces it."""
    rules = {rule.name: rule for base in wanted.base for rule in known.rule_set(base)}
    rules |= {rule.name: _rule(rule) for rule in wanted.rules}
    return tuple(rules.values())


def _rule(rule: UserRule) -> Rule:
    languages = None if rule.languages is None else tuple(rule.languages)
    return Rule(
        rule.name, rule.signal, rule.comparison, rule.threshold, rule.scope, rule.source, languages=languages
    )
