"""Publish: the shards of this run as an edition, in a place of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from daybreak.errors import RecipeError
from daybreak.manifest import FileEntry, Manifest, canonical
from daybreak.recipe import Recipe
from daybreak.workspace import MANIFEST
from pipelines.editions.admission import admit, admitted
from pipelines.editions.documents import TABLE, write_documents
from pipelines.editions.edition import Edition, read_edition
from pipelines.editions.moving import publish
from pipelines.gates.values import measured
from pipelines.step import Context, Result, Step

NAME_DIGITS = 16


class Publish(Step):
    """The step. An edition is named by the recipe's day, else by the beginning of the shards' digest."""

    name = "publish"
    needs = (
        "ingest", "filter", "dedup", "passages", "decontaminate", "tokenizer", "encode", "mixture", "shards", "gates"
    )  # fmt: skip
    code = ("pipelines.parts", "pipelines.editions", "pipelines.gates.values", "pipelines.steps.publish")
    libraries = ("pyarrow",)

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a section publish."""
        return recipe.publish is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """What names the edition."""
        return {"name": recipe.name, "day": recipe.day}

    def stands(self, recipe: Recipe, manifest: Manifest) -> bool:
        """Whether the edition that this run published is the one there."""
        assert recipe.publish is not None
        found = read_edition(Path(recipe.publish.path) / manifest.facts["edition"])
        return found is not None and found.digest == manifest.facts["digest"] and admitted(recipe)

    def run(self, context: Context) -> Result:
        """Tell the histories, list the documents, then move the edition to its place."""
        recipe = context.recipe
        assert recipe.publish is not None
        admit(recipe)
        listed = write_documents(context)
        edition = _edition(context, listed)
        sources = {entry.path: Path(context.out.path(entry.path)) for entry in listed}
        for step, table in (("shards", "shards"), ("tokenizer", "model")):
            for entry in context.inputs[step].tables[table]:
                sources[entry.path] = Path(context.data(step).path(entry.path))
        moved = publish(Path(recipe.publish.path), edition, sources)
        context.progress.tell(f"edition {edition.name} {moved}: {recipe.publish.path}/{edition.name}")
        context.out.make("edition")
        path = f"edition/{MANIFEST}"
        context.out.write(path, edition.to_json())
        entry = FileEntry(path, 1, context.out.size(path), context.out.sha256(path))
        facts = {"edition": edition.name, "digest": edition.digest}
        return Result({TABLE: listed, "edition": [entry]}, facts=facts)


def _edition(context: Context, listed: list[FileEntry]) -> Edition:
    recipe, inputs = context.recipe, context.inputs
    shards, tokenizer = inputs["shards"], inputs["tokenizer"]
    values = measured(inputs)
    return Edition(
        name=recipe.day or shards.digest[:NAME_DIGITS],
        recipe=recipe.name,
        day=recipe.day,
        recipe_settings=_settings(context),
        tokenizer=tokenizer.facts["fingerprint"],
        dtype=shards.facts["dtype"],
        documents=int(values["documents"]),
        tokens=int(values["tokens"]),
        steps={name: manifest.digest for name, manifest in sorted(inputs.items()) if name != "gates"},
        values=values,
        files=(*shards.tables["shards"], *tokenizer.tables["model"], *listed),
    )


def _settings(context: Context) -> str:
    """SHA-256 over all settings that decided the edition; the day is left open, so days of one recipe have one."""
    settings = {name: m.settings for name, m in sorted(context.inputs.items()) if name != "gates"}
    text = canonical(settings)
    if context.recipe.day:
        text = text.replace(context.recipe.day.encode(), b"${day}")
    return hashlib.sha256(text).hexdigest()


def check_publish(recipe: Recipe) -> None:
    """Raises RecipeError where the editions' place is no folder of a disk, or inside the workspace."""
    if recipe.publish is None:
        return
    path, workspace = recipe.publish.path, recipe.workspace
    if "://" in path:
        raise RecipeError(f"publish.path {path}: editions go to a folder on a local or shared disk")
    if f"{path.rstrip('/')}/".startswith(f"{workspace.rstrip('/')}/"):
        raise RecipeError(
            f"publish.path {path} stands inside the workspace, which goes when the day is run anew"
        )
