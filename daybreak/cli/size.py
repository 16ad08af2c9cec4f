"""`daybreak size`: a forecast of what a recipe's build takes, and the settings of a cluster for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe, load_recipe
from pipelines.report.formats import compact, duration, size
from pipelines.size.cluster import Machines, machines, merged, settings
from pipelines.size.forecast import Forecast, Range, StepForecast, forecast
from pipelines.size.history import History, read_history
from pipelines.size.laws import GB, LAWS
from pipelines.size.survey import SourceSurvey, survey


def show_size(
    path: Path,
    overrides: Sequence[str],
    like: Sequence[str],
    seconds: float,
    cores: int | None,
    memory: float | None,
    hours: float | None,
    conf: Path | None,
    as_json: bool,
) -> None:
    """Print the forecast, or (`conf`) that file of conf/spark with the sizes forecast."""
    from pipelines.registry import STEPS, validate

    recipe = load_recipe(path, overrides)
    base = None if conf is None else _cluster(conf)
    history = read_history(like or [recipe.workspace], needed=bool(like))
    with TemporaryDirectory(prefix="daybreak-size-") as folder:
        aside = recipe.model_copy(update={"workspace": folder})
        validate(aside)
        sources = survey(aside, seconds)
    steps = [step.name for step in STEPS if step.wanted(recipe)]
    found = forecast(recipe, sources, history, steps)
    chosen = machines(found, recipe, cores, None if memory is None else memory * GB, hours)
    if base is not None:
        print(yaml.safe_dump(merged(base, chosen), sort_keys=False), end="")
    elif as_json:
        print(json.dumps(_json(sources, history, found, chosen), indent=1))
    else:
        _show(Console(), recipe, sources, history, found, chosen)


def _cluster(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RecipeError(f"--conf {path}: {error}") from None
    if not isinstance(content, dict):
        raise RecipeError(f"--conf {path} holds no mapping; conf/spark has one file a kind of cluster")
    return content


def _json(
    sources: dict[str, SourceSurvey], history: History, found: Forecast, chosen: Machines
) -> dict[str, Any]:
    steps = [
        {
            **asdict(step),
            "cpu_seconds": asdict(step.cpu_seconds(chosen.cores)),
            "wall_seconds": asdict(step.wall(chosen.cores)),
        }
        for step in found.steps
    ]
    return {
        "calibrated_by": history.places,
        "sources": {name: asdict(source) for name, source in sources.items()},
        "steps": steps,
        "machines": asdict(chosen),
        "settings": settings(chosen),
        "notes": [*found.notes, *chosen.notes],
    }


def _show(
    console: Console,
    recipe: Recipe,
    sources: dict[str, SourceSurvey],
    history: History,
    found: Forecast,
    chosen: Machines,
) -> None:
    console.print(_inputs(sources))
    console.print(_steps(recipe, found, chosen))
    for words in (_totals(found, chosen), *_reasons(found), *found.notes, *chosen.notes):
        console.print(words, highlight=False, soft_wrap=True, markup=False)
    by = ", ".join(history.places) or "nothing"
    console.print(f"calibrated by {by}", highlight=False, soft_wrap=True, markup=False)
    console.print("\nfor conf/spark (`--conf FILE` puts them into a copy of one):", highlight=False)
    console.print(yaml.safe_dump(settings(chosen), sort_keys=False), highlight=False, markup=False)


def _inputs(sources: dict[str, SourceSurvey]) -> Table:
    table = Table("source", "files", "units", "stored", "read", "content", "text", "B a doc", pad_edge=False)
    table.title, table.title_justify = "Input; content and text: bytes a stored byte", "left"
    for name, source in sources.items():
        sample, flow = source.sample, source.sample.ingest
        known = [name, f"{source.files:,}", f"{source.units:,}", size(source.stored_bytes)]
        if not sample.files:
            table.add_row(*known, "nothing")
            continue
        table.add_row(
            *known,
            f"{min(1.0, sample.stored_bytes / max(1, source.stored_bytes)):.2%}",
            f"{flow.get('in_bytes', 0) / sample.stored_bytes:.2f}",
            f"{flow.get('out_bytes', 0) / sample.stored_bytes:.2f}",
            f"{flow.get('out_bytes', 0) / max(1, flow.get('out', 0)):,.0f}",
        )
    return table


def _steps(recipe: Recipe, found: Forecast, chosen: Machines) -> Table:
    table = Table("step", "documents", "text", "", "CPU", "wall", "shuffle", "disk", pad_edge=False)
    table.title, table.title_justify = f"Forecast of {recipe.name}, wall at {chosen.cores} cores", "left"
    for step in found.steps:
        cpu, wall = step.cpu_seconds(chosen.cores), step.wall(chosen.cores)
        table.add_row(
            step.law, compact(step.documents.value), size(step.text.value), _ends(step.text),
            duration(cpu.value), duration(wall.value), size(step.shuffle.value), size(_disk(step)),
        )  # fmt: skip
    return table


def _disk(step: StepForecast) -> float:
    return sum(size.value for size in step.disk.values())


def _totals(found: Forecast, chosen: Machines) -> str:
    cpu = sum(step.cpu_seconds(chosen.cores).value for step in found.steps)
    disk = sum(_disk(step) for step in found.steps)
    shuffle = max((step.shuffle.value for step in found.steps), default=0.0)
    hours = chosen.hours
    return (
        f"in all: CPU {duration(cpu)}; {duration(hours.value * 3600)} ({duration(hours.low * 3600)} to "
        f"{duration(hours.high * 3600)}) at {chosen.cores} cores; workspace {size(disk)}; scratch {size(shuffle)}; "
        f"{chosen.executors} executors of {chosen.executor_cores} cores and {size(chosen.memory)}, driver "
        f"{size(chosen.driver_heap + chosen.driver_overhead)}"
    )


def _reasons(found: Forecast) -> list[str]:
    """How each step grows, and why its range is what it is; a reason once, where it comes in."""
    said, lines = set[str](), list[str]()
    for step in found.steps:
        fresh = [reason for reason in step.why if reason not in said]
        said.update(fresh)
        lines.append("; ".join((f"{step.law}: {LAWS[step.law].scaling}", *fresh)))
    return lines


def _ends(value: Range) -> str:
    """The ends of a range, in hundredths of its value."""
    if not value.value:
        return ""
    return f"{value.low / value.value - 1:+.0%} {value.high / value.value - 1:+.0%}"
