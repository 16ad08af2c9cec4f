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
) -> None:
    """Write sample shards in every source layout, from text that is installed on this machine."""
    from daybreak.cli.sample import run

    run(directory, megabytes)


@app.command()
def plan(recipe: RecipePath, overrides: Overrides = None, json: Json = False) -> None:
    """Show the steps, what they read, what is done and what would run. Starts nothing."""
    from daybreak.cli.run import show_plan

    show_plan(recipe, overrides or [], json)


@app.command()
def run(
    recipe: RecipePath,
    overrides: Overrides = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="run this step alone (repeatable)")] = None,
    json: Json = False,
) -> None:
    """Build the corpus: every step that is not done, then the funnel."""
    from daybreak.cli.run import run_recipe

    run_recipe(recipe, overrides or [], only, json)


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
def train(recipe: RecipePath, overrides: Overrides = None, json: Json = False) -> None:
    """Train on shards that are there (`daybreak run` does this too)."""
    from daybreak.cli.run import run_recipe

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
def doctor(json: Json = False) -> None:
    """Tell what is missing on this machine, and how to get it."""
    from daybreak.cli.doctor import examine

    raise typer.Exit(examine(json))


@app.command()
def pack(target: Annotated[Path, typer.Argument(help="the zip to write")]) -> None:
    """Write the project as a zip for `spark-submit --py-files`."""
    from pipelines.package import build_zip

    print(build_zip(target))


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
