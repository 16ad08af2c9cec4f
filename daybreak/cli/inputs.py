"""`daybreak inputs`: the files that a recipe would read, wherever they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from daybreak.errors import InputError
from daybreak.recipe import load_recipe
from daybreak.secrets import without_secrets
from pipelines.ingest.places import use
from pipelines.steps.ingest import inputs


def show_inputs(path: Path, overrides: Sequence[str], as_json: bool) -> None:
    """Print the number of files and bytes of each source; raises InputError that names what is not there."""
    recipe = load_recipe(path, overrides)
    use(recipe.remote)
    found = inputs(recipe)
    if missing := [without_secrets(item.missing) for item in found if item.missing]:
        raise InputError("not there:\n" + "\n".join(missing))
    files, size = Counter[str](), Counter[str]()
    for item in found:
        files[item.source] += 1
        size[item.source] += item.size
    if as_json:
        print(json.dumps({name: {"files": files[name], "bytes": size[name]} for name in recipe.sources}))
        return
    for name in recipe.sources:
        print(f"{name}: {files[name]:,} files, {size[name]:,} bytes")
