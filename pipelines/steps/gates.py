"""Gates: whether this run may be published. Values of the run against bounds, and against earlier editions."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from daybreak.errors import RecipeError
from daybreak.manifest import FileEntry, Manifest, canonical
from daybreak.recipe import Recipe
from daybreak.workspace import Workspace
from pipelines.editions.admission import admit, admitted
from pipelines.editions.edition import before
from pipelines.gates.judge import Past, judged
from pipelines.gates.values import measured
from pipelines.gates.verdict import FILE, check, verdict_json
from pipelines.language.codes import wanted
from pipelines.step import Context, Result, Step

TABLE = "verdict"
MEASURED = ("ingest", "filter", "dedup", "passages", "decontaminate", "encode", "shards")
"""Steps whose manifests hold the values."""


class Gates(Step):
    """The step. The verdict stands in WORKSPACE/gates.json even where it stops the run."""

    name = "gates"
    needs = ("ingest", "filter", "dedup", "passages", "decontaminate", "encode", "mixture", "shards")
    code = (
        "daybreak.recipe.publication",
        "pipelines.editions.admission",
        "pipelines.editions.edition",
        "pipelines.gates",
        "pipelines.language.codes",
        "pipelines.steps.gates",
    )

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a section gates."""
        return recipe.gates is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """The section, and which edition it is for."""
        assert recipe.gates is not None
        return {**recipe.gates.model_dump(), "name": recipe.name, "day": recipe.day}

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """The values themselves, which tables do not decide alone, and those of earlier editions."""
        found = {
            name: m for name in MEASURED if (m := Workspace(recipe.workspace).manifest(name)) is not None
        }
        past = past_of(recipe)
        return {"gates.values": _hash(measured(found)), "gates.earlier": _hash([*past.editions])}

    def stands(self, recipe: Recipe, manifest: Manifest) -> bool:
        """Whether gates.json still tells of this verdict, and what follows from it was done."""
        store = Workspace(recipe.workspace).store
        told = store.exists(FILE) and store.sha256(FILE) == manifest.tables[TABLE][0].sha256
        return told and (recipe.publish is not None or admitted(recipe))

    def run(self, context: Context) -> Result:
        """Judge, write the verdict. Raises DaybreakError where a gate failed."""
        recipe = context.recipe
        assert recipe.gates is not None
        gates = judged(measured(context.inputs), recipe.gates, past_of(recipe))
        data = verdict_json(recipe.name, recipe.day or "", gates)
        context.workspace.store.write(FILE, data)
        check(gates, context.workspace.store.path(FILE), _held_back(recipe))
        if recipe.publish is None:
            admit(recipe)
        context.out.make(TABLE)
        path = f"{TABLE}/{FILE}"
        context.out.write(path, data)
        return Result({TABLE: [FileEntry(path, len(gates), len(data), context.out.sha256(path))]})


def _held_back(recipe: Recipe) -> str:
    if (history := recipe.dedup.history) is None:
        return ""
    return (
        f" Its batch {history.batch!r} of the history {history.path} waits: no other run is compared with it."
    )


def past_of(recipe: Recipe) -> Past:
    """Values of the last editions of earlier days, whenever those were published."""
    if recipe.gates is None or recipe.gates.earlier is None:
        return Past()
    if recipe.publish is None:
        return Past(why_none="the recipe publishes nothing (publish.path)")
    if recipe.day is None:
        return Past(why_none="the recipe is for no day, so no edition is earlier")
    found = before(Path(recipe.publish.path), recipe.name, recipe.day)
    return Past([(edition.name, dict(edition.values)) for edition in found[-recipe.gates.earlier.editions :]])


def check_gates(recipe: Recipe) -> None:
    """Raises RecipeError for a bound on what this recipe can never tell."""
    gates = recipe.gates
    if gates is None:
        return
    for tag in gates.languages:
        wanted(tag)
    tokens = [*(f"languages.{name}" for name in gates.languages)]
    tokens += [name for name in ("documents", "tokens") if getattr(gates, name)]
    if tokens and recipe.tokenizer is None:
        raise RecipeError(
            f"{tokens[0]} is counted in token shards: add a `tokenizer` section, or leave it out"
        )
    if gates.recall and not (recipe.dedup.near and recipe.dedup.certificate):
        raise RecipeError("recall is measured by dedup.certificate on near duplicates, which is off")


def _hash(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
