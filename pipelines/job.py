"""What every entry point in jobs/ does: one step of a recipe, as `daybreak run --only STEP` does it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from daybreak.errors import DaybreakError
from daybreak.recipe import load_recipe
from pipelines.runner import Runner


def main(step: str, arguments: Sequence[str]) -> int:
    """Run one step; the exit code (0 done, 1 failed, 2 wrong usage or recipe)."""
    if not arguments or arguments[0].startswith("-"):
        print(f"usage: run_{step}.py RECIPE [KEY=VALUE]...", file=sys.stderr)
        return 2
    try:
        for outcome in Runner(load_recipe(arguments[0], arguments[1:])).run([step]):
            print(f"{step}: {f'{outcome.seconds:.1f} s' if outcome.ran else 'already done'}", flush=True)
    except DaybreakError as error:
        print(f"{step}: {error}", file=sys.stderr)
        return error.exit_code
    return 0
