"""`daybreak`: exit codes 0 done, 1 failed, 2 wrong usage or recipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from daybreak.cli import dup, quality
from daybreak.cli.rules import app as rules_app
from daybreak.errors import DaybreakError

app = typer.Typer(
    name="daybreak",
    help="From raw crawl to training tokens, proven by training on them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(rules_app, name="rules")
app.add_typer(quality.app, name="quality")
app.add_typer(dup.app, name="dup")

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="a recipe, e.g. conf/recipes/sample.yaml")]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="changes to the recipe")
]
Json = Annotated[bool, typer.Option("--json", help="print JSON for machines")]


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="where to write the shards")],
    megabytes: Annotated[int, typer.Option(min=1, max=60, help="text to gather, about")] = 24,
    days: Annotated[
        str | None, typer.Option(metavar="FIRST:COUNT", help="days of news instead, e.g. 2026-01-01:4")
    ] = None,
    bad_day: Annotated[
        list[str] | None,
        typer.Option("--bad-day", metavar="DAY", help="make this day a bad one (repeatable)"),
    ] = None,
) -> None:
    """Write sample shards in every source layout, or days of news, from text that is installed on this machine."""
    from daybreak.cli.sample import run, run_days

    if days is None and bad_day:
        raise typer.BadParameter("--bad-day needs --days")
    if days is None:
        run(directory, megabytes)
    else:
        run_days(directory, days, bad_day or [])


@app.command()
def plan(recipe: RecipePath, overrides: Overrides = None, json: Json = False) -> None:
    """Show the steps, what they read, what is done and what would run. Starts nothing."""
    from daybreak.cli.run import show_plan

    show_plan(recipe, overrides or [], json)


@app.command()
def inputs(recipe: RecipePath, overrides: Overrides = None, json: Json = False) -> None:
    """Count the files that the recipe would read, wherever they are; exit 1 where some are not there."""
    from daybreak.cli.inputs import show_inputs

    show_inputs(recipe, overrides or [], json)


@app.command()
def run(
    recipe: RecipePath,
    overrides: Overrides = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="run this step alone (repeatable)")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", help="with `--only ingest`: read this source alone, commit nothing (repeatable)"
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="run the steps up to this one")] = None,
    json: Json = False,
) -> None:
    """Build the corpus: every step that is not done, then the funnel."""
    from daybreak.cli.run import ingest_sources, run_recipe

    if source:
        ingest_sources(recipe, overrides or [], only, source, json)
    else:
        run_recipe(recipe, overrides or [], only, json, until)


@app.command()
def submit(
    step: Annotated[str, typer.Argument(metavar="STEP", help="a step of the recipe, or all")],
    recipe: RecipePath,
    overrides: Overrides = None,
    cluster: Annotated[
        Path, typer.Option("--cluster", help="where and how, e.g. conf/spark/yarn.yaml")
    ] = Path("conf/spark/local.yaml"),
    deploy_mode: Annotated[
        str | None, typer.Option("--deploy-mode", metavar="client|cluster", help="where the driver runs")
    ] = None,
    conf: Annotated[
        list[str] | None, typer.Option("--conf", metavar="KEY=VALUE", help="a setting of Spark (repeatable)")
    ] = None,
    only_print: Annotated[bool, typer.Option("--print", help="print the command, run nothing")] = False,
) -> None:
    """Run a step, or all in turn, on a cluster by spark-submit, from what `make dist` wrote."""
    from daybreak.cli.submit import submit as run_submit

    raise typer.Exit(run_submit(step, recipe, overrides or [], cluster, deploy_mode, conf or [], only_print))


@app.command()
def size(
    recipe: RecipePath,
    overrides: Overrides = None,
    cores: Annotated[int | None, typer.Option(min=1, help="cores of the cluster")] = None,
    memory: Annotated[
        float | None, typer.Option(min=0.1, help="GB that a machine has for an executor")
    ] = None,
    hours: Annotated[float | None, typer.Option(min=0.01, help="hours it may take: finds the cores")] = None,
    like: Annotated[
        list[str] | None,
        typer.Option("--like", help="workspace of an earlier run to calibrate by (repeatable)"),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="time to sample a source, about")] = 5.0,
    conf: Annotated[
        Path | None,
        typer.Option(help="print this file of conf/spark with the sizes forecast, and nothing else"),
    ] = None,
    json: Json = False,
) -> None:
    """Forecast what a build takes: hours, memory, disk, a cluster. Samples the input, writes nothing."""
    from daybreak.cli.size import show_size

    show_size(recipe, overrides or [], like or [], seconds, cores, memory, hours, conf, json)


@app.command()
def train(
    recipe: RecipePath,
    overrides: Overrides = None,
    settings: Annotated[
        bool,
        typer.Option("--settings", help="only write the trainer's settings file, for torchrun over nodes"),
    ] = False,
    json: Json = False,
) -> None:
    """Train on shards that are there (`daybreak run` does this too)."""
    from daybreak.cli.run import run_recipe, show_train_settings

    if settings:
        show_train_settings(recipe, overrides or [])
        return
    run_recipe(recipe, overrides or [], ["train"], json)


@app.command()
def verify(
    workspace: Annotated[Path, typer.Argument(help="the workspace, or a recipe that names it")],
    json: Json = False,
) -> None:
    """Recompute checksums, row counts and the accounting identity; exit 1 if anything differs."""
    from daybreak.cli.verify import show_verification

    raise typer.Exit(show_verification(workspace, json))


@app.command()
def contamination(
    workspace: Annotated[Path, typer.Argument(help="the workspace, or a recipe that names it")],
    json: Json = False,
) -> None:
    """Print the contamination card: what of each benchmark stood in the corpus."""
    from daybreak.cli.contamination import show_card

    show_card(workspace, json)


@app.command()
def lineage(
    workspace: Annotated[Path, typer.Argument(help="the workspace, or a recipe that names it")],
    html: Annotated[Path | None, typer.Option(help="write a page with the drawing here, too")] = None,
    json: Json = False,
) -> None:
    """Show what came from where: sources, tables of the steps, shards, model, with counts."""
    from daybreak.cli.lineage import show_lineage

    show_lineage(workspace, html, json)


@app.command()
def whatif(
    workspace: Annotated[Path, typer.Argument(help="a finished workspace, or a recipe that names it")],
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SET.RULE=VALUE]...", help="other thresholds; `off` for none"),
    ] = None,
    rules: Annotated[list[str] | None, typer.Option("--rules", help="other rule sets (repeatable)")] = None,
    samples: Annotated[int, typer.Option(min=0, help="documents shown a rule")] = 3,
    json: Json = False,
) -> None:
    """What other thresholds would keep: documents, bytes, tokens, samples. Reads signals alone, writes nothing."""
    from daybreak.cli.whatif import show_whatif

    show_whatif(workspace, changes or [], rules, samples, json)


@app.command()
def gates(
    workspace: Annotated[Path, typer.Argument(help="the workspace, or a recipe that names it")],
    overrides: Overrides = None,
    json: Json = False,
) -> None:
    """Print the gates of a run: values, bounds, what earlier editions had; exit 1 if one stopped it."""
    from daybreak.cli.gates import show_gates

    raise typer.Exit(show_gates(workspace, overrides or [], json))


@app.command()
def editions(
    place: Annotated[Path, typer.Argument(metavar="PUBLISH", help="the folder that publish.path names")],
    document: Annotated[
        str | None, typer.Option("--document", metavar="DOC_ID", help="tell which edition has this document")
    ] = None,
    json: Json = False,
) -> None:
    """List published editions: documents, tokens, sizes, digests."""
    from daybreak.cli.gates import show_editions

    show_editions(place, document, json)


@app.command()
def doctor(json: Json = False) -> None:
    """Tell what is missing on this machine, and how to get it."""
    from daybreak.cli.doctor import examine

    raise typer.Exit(examine(json))


@app.command()
def pack(target: Annotated[Path, typer.Argument(help="the zip to write")]) -> None:
    """Write the project as a zip for `spark-submit --py-files`."""
    from pipelines.shipping.package import build_zip

    print(build_zip(target))


@app.command("airflow")
def serve_airflow(
    place: Annotated[Path, typer.Option("--home", help="where its state is kept")] = Path("work/airflow"),
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="port of its pages, on this machine only")
    ] = 8080,
) -> None:
    """Run an Airflow on this machine with the project's DAGs, until Ctrl-C. Prints address, user and password."""
    from daybreak.cli.airflow import serve

    raise typer.Exit(serve(place, port))


@app.command()
def version() -> None:
    """Print the version."""
    from daybreak import __version__

    print(__version__)


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except DaybreakError as error:
        print(f"daybreak: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("daybreak: stopped; finished steps are kept, run again to go on", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os._exit(0)
