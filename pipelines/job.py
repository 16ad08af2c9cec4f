"""What every entry point in jobs/ does: one step of a recipe, as `daybreak run --only STEP` does it.

`--source NAME` (of ingest alone, may be repeated) reads that source's units, and leaves the commit to the whole step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from daybreak.errors import DaybreakError
from daybreak.recipe import load_recipe
from pipelines.ingest_sources import read_sources
from pipelines.runner import Runner


def main(step: str, arguments: Sequence[str]) -> int:
    """Run one step; the exit code (0 done, 1 failed, 2 wrong usage or recipe)."""
    try:
        asked = _arguments(step).parse_intermixed_args(arguments)
    except SystemExit as wrong:
        return int(wrong.code or 0)
    sources = getattr(asked, "source", None)
    try:
        runner = Runner(load_recipe(asked.recipe, asked.changes))
        if sources:
            print(read_sources(runner, sources), flush=True)
            return 0
        for outcome in runner.run([step]):
            print(f"{step}: {f'{outcome.seconds:.1f} s' if outcome.ran else 'already done'}", flush=True)
    except DaybreakError as error:
        print(f"{step}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _arguments(step: str) -> argparse.ArgumentParser:
    """RECIPE, changes, and of ingest the sources."""
    parser = argparse.ArgumentParser(prog=f"run_{step}.py", allow_abbrev=False)
    parser.add_argument("recipe", metavar="RECIPE")
    parser.add_argument("changes", metavar="KEY=VALUE", nargs="*")
    if step == "ingest":
        parser.add_argument(
            "--source", action="append", metavar="NAME", help="read this source alone (repeatable)"
        )
    return parser
