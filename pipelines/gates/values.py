"""The values that gates look at, from what manifests tell: no table is read.

A value has the name of its key in the recipe's section `gates`: `removal`, `stages.quality`, `duplicates`,
`languages.en`, `recall`, `documents`, `tokens`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from daybreak.manifest import Manifest
from daybreak.recipe.publication import CLEANING

COPIES = ("url dedup", "exact dedup", "near dedup")
LANGUAGE = "languages."
COUNTS = ("documents", "tokens")
"""Values that are numbers; all others are shares."""

Stages = Mapping[str, Mapping[str, int]]
"""Documents by stage and outcome, over all sources."""


def measured(manifests: Mapping[str, Manifest]) -> dict[str, float]:
    """Every value that these manifests (by step) tell of; shares with six digits."""
    stages = _stages(manifests)
    found = {**_removals(stages), **_duplicates(stages), **_languages(manifests)}
    if (certificate := _facts(manifests, "dedup").get("certificate")) is not None:
        found["recall"] = certificate["overall"]["recall"]
    shares = {name: round(value, 6) for name, value in found.items()}
    return {**shares, **_sizes(manifests)}


def _stages(manifests: Mapping[str, Manifest]) -> Stages:
    stages: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for manifest in manifests.values():
        for count in manifest.accounting:
            stages[count.stage][count.outcome] += count.documents
    return stages


def _removals(stages: Stages) -> dict[str, float]:
    """`removal`, of the documents that reading found, and what each stage took of those it got.

    Records that are no documents (requests of a crawl) are dropped by reading and count for nothing; what could
    not be read is the removal of the stage `ingest`.
    """
    present = [name for name in CLEANING if name in stages]
    found = {}
    for name in present:
        by = stages[name]
        gone = by["quarantined"] + (by["dropped"] if name != "ingest" else 0)
        if came := gone + by["kept"]:
            found[f"stages.{name}"] = gone / came
    if len(present) > 1 and (came := stages[present[0]]["kept"]):
        found["removal"] = 1 - stages[present[-1]]["kept"] / came
    return found


def _duplicates(stages: Stages) -> dict[str, float]:
    present = [name for name in COPIES if name in stages]
    came = stages[present[0]]["in"] if present else 0
    return {"duplicates": sum(stages[name]["dropped"] for name in present) / came} if came else {}


def _languages(manifests: Mapping[str, Manifest]) -> dict[str, float]:
    sizes = _facts(manifests, "encode").get("languages", {})
    total = sum(size["tokens"] for size in sizes.values())
    return {f"{LANGUAGE}{name}": size["tokens"] / total for name, size in sizes.items()} if total else {}


def _sizes(manifests: Mapping[str, Manifest]) -> dict[str, float]:
    if (shards := manifests.get("shards")) is None:
        return {}
    kept = [count for count in shards.accounting if count.outcome == "kept"]
    return {
        "documents": sum(count.documents for count in kept),
        "tokens": sum(count.tokens or 0 for count in kept),
    }


def _facts(manifests: Mapping[str, Manifest], step: str) -> Mapping[str, dict[str, dict[str, float]]]:
    return manifests[step].facts if step in manifests else {}
