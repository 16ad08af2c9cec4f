"""Which steps a corpus DAG has for a recipe, in their order. (The registry of steps would import all that they are.)"""

from __future__ import annotations

from daybreak.recipe import Recipe

ORDER = (
    "ingest", "filter", "dedup", "passages", "decontaminate", "tokenizer", "encode", "mixture", "shards", "gates",
    "publish", "report",
)  # fmt: skip
"""All of them; training is a DAG of its own."""
OPTIONAL = ("passages", "decontaminate", "tokenizer", "gates", "publish", "report")
"""Steps that a recipe has where it has a section of that name."""
NEEDS_TOKENIZER = ("encode", "mixture", "shards")


def steps_of(recipe: Recipe, until: str | None = None) -> list[str]:
    """The steps of a recipe, up to one of them where `until` names it."""
    absent = {name for name in OPTIONAL if getattr(recipe, name) is None}
    if "tokenizer" in absent:
        absent |= set(NEEDS_TOKENIZER)
    steps = [step for step in ORDER if step not in absent]
    return steps[: steps.index(until) + 1] if until else steps
