"""The tasks of a recipe: a group a stage, a task a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, BaseOperator, TaskGroup, TriggerRule, chain

from daybreak.airflow.alerts import Alert
from daybreak.airflow.operators import CommandStep, SubmitStep
from daybreak.airflow.request import Asked
from daybreak.airflow.waiting import EarlierDays, WaitForInput, wanted
from daybreak.recipe import Recipe
from daybreak.recipe.schedule import Schedule

GROUPS = {
    "read": ("ingest",),
    "clean": ("filter",),
    "duplicates": ("dedup", "passages", "decontaminate"),
    "tokens": ("tokenizer", "encode", "mixture", "shards"),
    "publication": ("gates", "publish"),
}
ON_SPARK = ("ingest", "filter", "dedup", "passages", "decontaminate", "encode", "shards")
"""Steps that start a Spark session; all others are commands."""

DOCS = {
    "wait_for_input": "Waits until the input of the run is there (in the triggerer: no worker is taken), and checks "
    "the recipe. When time is up it fails, or is skipped (`schedule.wait.soft_fail`), and names what is missing.",
    "ingest_source": "Reads one source: extracts, identifies language, measures, scrubs. Commits nothing.",
    "ingest": "Commits what the sources gave; every record is accounted for, within the budget of bad inputs.",
    "filter": "Language and quality rules over the table of signals. `decisions` says why each document stays or goes.",
    "earlier_days": "Waits while an earlier day is running, so that days join the history in their order. A day that "
    "failed is not waited for.",
    "dedup": "Duplicates by URL, exact and near; against the history of earlier days where the recipe names one.",
    "passages": "Cuts paragraphs, sentences and longer runs that stand in several places.",
    "decontaminate": "Removes text of the benchmarks that the recipe names.",
    "tokenizer": "Trains the tokenizer on a draw of what is left, or takes the finished one that the recipe names.",
    "encode": "Text to token ids.",
    "mixture": "How much of each source, in which order.",
    "shards": "Token shards in the order of the plan.",
    "gates": "Compares rates and counts with the recipe's bounds. A gate that trips fails here, without retries, and "
    "nothing is published; WORKSPACE/gates.json has the verdict.",
    "publish": "Moves the shards in whole to their place as a new edition, and tells the corpus asset of it.",
    "train": "Trains the model on the shards (under torchrun where the recipe asks for several processes).",
    "report": "Writes the page of the run: what came in, what each rule removed, what is left. It is written after a "
    "tripped gate as well, so that one sees why.",
    "done": "Success of the run: nothing failed, whatever the report could still tell.",
}
LONGEST = timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """What a DAG makes of a recipe: who tells what a run is asked for, the asset it ends in, its last step."""

    recipe: Recipe
    asked: Asked
    corpus: Asset
    until: str | None = None

    @property
    def steps(self) -> list[str]:
        """The steps, in order."""
        steps = wanted(self.recipe)
        return steps[: steps.index(self.until) + 1] if self.until else steps

    @property
    def last(self) -> str:
        """The step that makes the asset: publication, else the last one with data."""
        return [step for step in self.steps if step not in ("gates", "report")][-1]


def defaults(recipe: Recipe) -> dict[str, Any]:
    """Arguments of every task: retries with growing waits, and the alert of a failure."""
    schedule = recipe.schedule or Schedule()
    return {
        "retries": schedule.retries,
        "retry_delay": timedelta(minutes=schedule.retry_minutes),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": LONGEST,
        "on_failure_callback": Alert(schedule.alerts),
    }


@dataclass
class Built:
    """Tasks by name while a DAG is put together."""

    line: Line
    tasks: dict[str, BaseOperator] = field(default_factory=dict)

    def spark(self, step: str, **more: Any) -> dict[str, Any]:
        """Arguments of a task on Spark."""
        schedule = self.line.recipe.schedule or Schedule()
        return {
            "step": step,
            "asked": self.line.asked,
            "conn_id": "spark_default",
            "driver_memory": self.line.recipe.spark.driver_memory,
            "pool": schedule.pool,
            **more,
        }

    def announced(self, step: str) -> dict[str, Any]:
        """Arguments of the task that makes the asset."""
        if step != self.line.last:
            return {}
        return {"corpus": self.line.corpus, "outlets": [self.line.corpus]}


def build(line: Line) -> None:
    """Declare all tasks of a recipe in the DAG at hand, and what waits for what."""
    built = Built(line)
    order: list[Any] = []
    for group, members in GROUPS.items():
        steps = [step for step in members if step in line.steps]
        if steps:
            with TaskGroup(group, prefix_group_id=False, tooltip=", ".join(steps)):
                order += _group(built, group, steps)
    chain(*order)
    _end(built, order[-1])


def _group(built: Built, group: str, steps: Sequence[str]) -> list[Any]:
    before: list[Any] = []
    if group == "read":
        before = _sources(built)
    elif group == "duplicates" and built.line.recipe.dedup.history and built.line.recipe.schedule:
        before = [EarlierDays(task_id="earlier_days", poke_interval=20, doc_md=DOCS["earlier_days"])]
    return [*before, *(_step(built, step) for step in steps)]


def _sources(built: Built) -> list[Any]:
    line = built.line
    wait = WaitForInput(
        task_id="wait_for_input", asked=line.asked, steps=tuple(line.steps), doc_md=DOCS["wait_for_input"]
    )
    sources = SubmitStep.partial(
        task_id="ingest_source",
        map_index_template="{{ task.source }}",
        doc_md=DOCS["ingest_source"],
        **built.spark("ingest", name="daybreak ingest of one source"),
    ).expand(source=wait.output)
    return [wait, sources]


def _step(built: Built, step: str) -> BaseOperator:
    known = {"task_id": step, "doc_md": DOCS[step], **built.announced(step)}
    if step in ON_SPARK:
        return SubmitStep(**built.spark(step), **known)
    final = (1, 2) if step == "gates" else (2,)
    return CommandStep(step=step, asked=built.line.asked, final=final, **known)


def _end(built: Built, last: Any) -> None:
    """The report, written after a tripped gate as well, and `done`, which fails where any step did."""
    line = built.line
    done = EmptyOperator(task_id="done", doc_md=DOCS["done"], trigger_rule=TriggerRule.NONE_FAILED)
    last >> done
    if "report" in line.steps:
        tables = [step for step in line.steps if step not in ("gates", "publish", "report")][-1]
        report = CommandStep(
            task_id="report", step="report", asked=line.asked, more=("train=null",), after=tables,
            trigger_rule=TriggerRule.ALL_DONE, doc_md=DOCS["report"],
        )  # fmt: skip
        last >> report >> done
