"""`daybreak plan` and `daybreak run`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from daybreak.accounting import Count
from daybreak.errors import RecipeError
from daybreak.manifest import Manifest
from daybreak.progress import Progress
from daybreak.recipe import load_recipe
from pipelines.funnel import funnel_table
from pipelines.registry import STEPS
from pipelines.runner import Outcome, Runner

SAYS = {"done": "done", "run": "would run", "perhaps": "runs if its input changes"}


def show_plan(path: Path, overrides: Sequence[str], as_json: bool) -> None:
    """Print the plan of a recipe."""
    runner = Runner(load_recipe(path, overrides))
    planned = runner.plan()
    if as_json:
        print(json.dumps([vars(p) for p in planned], indent=1))
        return
    recipe = runner.recipe
    table = Table(
        "step", "reads", "state", "why", title=f"Plan of {recipe.name}", title_justify="left", pad_edge=False
    )
    for p in planned:
        table.add_row(p.step, ", ".join(p.needs) or ", ".join(recipe.sources), SAYS[p.state], p.why)
    console = Console()
    console.print(table)
    console.print(f"workspace {runner.workspace}", highlight=False, soft_wrap=True)


def run_recipe(
    path: Path,
    overrides: Sequence[str],
    only: Sequence[str] | None,
    as_json: bool,
    until: str | None = None,
) -> None:
    """Run a recipe (or `only` some steps, or those up to `until`) and print what happened."""
    only = _chosen(only, until)
    console = Console(stderr=as_json)
    began = time.monotonic()
    runner = Runner(load_recipe(path, overrides), Progress())
    outcomes = []
    for outcome in runner.run(only):
        outcomes.append(outcome)
        console.print(_line(outcome), highlight=False, soft_wrap=True)
    seconds = time.monotonic() - began
    manifests = runner.manifests()
    if as_json:
        print(json.dumps(_summary(runner, outcomes, manifests, seconds), indent=1))
    else:
        _finish(console, runner, outcomes, manifests, seconds)


def ingest_sources(
    path: Path, overrides: Sequence[str], only: Sequence[str] | None, sources: Sequence[str], as_json: bool
) -> None:
    """Read some sources of a recipe and print what happened; raises RecipeError unless `only` is ingest."""
    from pipelines.ingest_sources import read_sources

    if list(only or ()) != ["ingest"]:
        raise RecipeError("--source is for one step: add `--only ingest`")
    read = read_sources(Runner(load_recipe(path, overrides), Progress()), sources)
    if as_json:
        print(json.dumps(vars(read), indent=1))
        return
    console = Console()
    console.print(str(read), highlight=False, soft_wrap=True, markup=False)
    for reason in read.bad:
        console.print(f"not readable: {reason}", highlight=False, soft_wrap=True, markup=False)


def _chosen(only: Sequence[str] | None, until: str | None) -> Sequence[str] | None:
    """The steps to run; None for all. Raises RecipeError for names that are no step's."""
    known = [s.name for s in STEPS]
    named = [*(only or ()), *([until] if until else ())]
    if unknown := [name for name in named if name not in known]:
        raise RecipeError(f"no step {', '.join(unknown)}; the steps are {', '.join(known)}")
    if until is None:
        return only
    if only:
        raise RecipeError("--only and --until exclude each other")
    return known[: known.index(until) + 1]


def _line(outcome: Outcome) -> str:
    manifest = outcome.manifest
    rows = ", ".join(f"{manifest.rows(t):,} {t}" for t in manifest.tables)
    state = f"{outcome.seconds:6.1f} s" if outcome.ran else "   done "
    return f"{outcome.step:<13}{state}  {rows}"


def _finish(
    console: Console, runner: Runner, outcomes: list[Outcome], manifests: dict[str, Manifest], seconds: float
) -> None:
    console.print()
    console.print(funnel_table(all_counts(manifests), bytes_per_token(manifests)))
    bad = manifests["ingest"].facts["bad_inputs"] if "ingest" in manifests else {}
    for reason in bad.values():
        console.print(f"not readable: {reason}", highlight=False, soft_wrap=True)
    if "train" in manifests:
        facts = manifests["train"].facts
        console.print(
            f"loss {facts['first_loss']:.3f} -> {facts['last_loss']:.3f} in {facts['steps']} steps",
            highlight=False,
        )
    ran = sum(o.ran for o in outcomes)
    done = "nothing to do, everything is done" if ran == 0 else f"{ran} of {len(outcomes)} steps ran"
    console.print(f"{done}, {seconds:.1f} s; workspace {runner.workspace}", highlight=False, soft_wrap=True)
    if "report" in manifests:
        page = runner.workspace.store.path("report", "index.html")
        console.print(f"report {page}", highlight=False, soft_wrap=True)


def _summary(
    runner: Runner, outcomes: list[Outcome], manifests: dict[str, Manifest], seconds: float
) -> dict[str, Any]:
    return {
        "workspace": str(runner.workspace),
        "seconds": round(seconds, 1),
        "steps": [
            {"step": o.step, "ran": o.ran, "seconds": round(o.seconds, 1), "digest": o.manifest.digest}
            for o in outcomes
        ],
        "funnel": [c.to_dict() for c in all_counts(manifests)],
    }


def all_counts(manifests: dict[str, Manifest]) -> list[Count]:
    """The counts of all steps."""
    return [c for manifest in manifests.values() for c in manifest.accounting]


def bytes_per_token(manifests: dict[str, Manifest]) -> float | None:
    """Measured on all encoded documents; None before there is a tokenizer."""
    if "encode" not in manifests:
        return None
    sizes = list(manifests["encode"].facts["languages"].values())
    tokens = sum(s["tokens"] for s in sizes)
    return sum(s["bytes"] for s in sizes) / tokens if tokens else None
