"""What every entry point in jobs/ does: one step of a recipe, as `daybreak run --only STEP` does it.

`--source NAME` (of ingest alone, may be repeated) reads that source's units, and leaves the commit to the whole step.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from daybreak.errors import DaybreakError
from daybreak.recipe import load_recipe
from pipelines.ingest_sources import read_sources
from pipelines.runner import Runner


def main(step: str, arguments: Sequence[str]) -> int:
    """Run one step; the exit code (0 done, 1 failed, 2 wrong usage or recipe)."""
    sources, given = _sources(step, arguments)
    if not given or given[0].startswith("-"):
        more = "[--source NAME]... " if step == "ingest" else ""
        print(f"usage: run_{step}.py RECIPE {more}[KEY=VALUE]...", file=sys.stderr)
        return 2
    try:
        runner = Runner(load_recipe(given[0], given[1:]))
        if sources:
            print(read_sources(runner, sources), flush=True)
            return 0
        for outcome in runner.run([step]):
            print(f"{step}: {f'{outcome.seconds:.1f} s' if outcome.ran else 'already done'}", flush=True)
    except DaybreakError as error:
        print(f"{step}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _sources(step: str, arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The values of `--source`, where the step has it, and all other arguments."""
    sources, others, left = [], [], iter(arguments)
    for argument in left:
        option, equals, value = argument.partition("=")
        if step == "ingest" and option == "--source":
            sources.append(value if equals else next(left, ""))
        else:
            others.append(argument)
    return sources, others
