"""`daybreak verify`."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from daybreak.recipe import load_recipe
from daybreak.workspace import Workspace
from pipelines.verify import verify


def show_verification(place: Path, as_json: bool) -> int:
    """Verify a workspace (or that of a recipe) and print the result; the exit code."""
    location = load_recipe(place).workspace if place.is_file() else place
    found = verify(Workspace(location))
    if as_json:
        print(json.dumps(vars(found), indent=1))
    else:
        console = Console()
        for difference in found.differences:
            console.print(difference, highlight=False, soft_wrap=True)
        verdict = "no difference" if not found.differences else f"{len(found.differences)} differences"
        console.print(
            f"{found.steps} steps, {found.files} files, {found.bytes:,} bytes: {verdict}", highlight=False
        )
    return 1 if found.differences else 0
