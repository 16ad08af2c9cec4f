"""The DAG `corpus_build`: the steps of one recipe, each by spark-submit; training and report by the command line.

The recipe is `DAYBREAK_RECIPE` (default conf/recipes/sample.yaml) below `DAYBREAK_HOME` (default: beside this
folder); relative paths in it stand relative to DAYBREAK_HOME. A task that runs again finds its step done.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, chain

from daybreak.recipe import Recipe, load_recipe

HOME = Path(os.environ.get("DAYBREAK_HOME", Path(__file__).resolve().parents[1]))
RECIPE = HOME / os.environ.get("DAYBREAK_RECIPE", "conf/recipes/sample.yaml")

SPARK_STEPS = {
    "ingest": "Read every source: extract, identify language, measure, scrub.",
    "filter": "Language and quality rules over the signals table.",
    "dedup": "Duplicates by URL, exact and near.",
    "passages": "Paragraphs, sentences and longer runs that stand in several places.",
    "decontaminate": "Text of the benchmarks that the recipe names.",
    "tokenizer": "Train the BPE tokenizer on a draw of what is left.",
    "encode": "Text to token ids.",
    "mixture": "How much of each source, in which order.",
    "shards": "Token shards in the order of the plan.",
}


def wanted(recipe: Recipe) -> list[str]:
    """The Spark steps that the recipe has."""
    optional = {"passages": recipe.passages, "decontaminate": recipe.decontaminate}
    steps = [name for name in SPARK_STEPS if optional.get(name, True)]
    return steps if recipe.tokenizer else steps[: steps.index("tokenizer")]


def spark_step(name: str) -> SparkSubmitOperator:
    """One step by spark-submit, on the cluster of the connection `spark_default`."""
    return SparkSubmitOperator(
        task_id=name,
        name=f"daybreak {name}",
        conn_id="spark_default",
        application=str(HOME / "jobs" / f"run_{name}.py"),
        application_args=[str(RECIPE)],
        py_files=os.environ.get("DAYBREAK_ZIP"),
        env_vars={"DAYBREAK_HOME": str(HOME)},
        doc_md=SPARK_STEPS[name],
    )


def command_step(name: str, doc: str) -> BashOperator:
    """One step that needs no cluster."""
    command = f"daybreak run {shlex.quote(str(RECIPE))} --only {name}"
    return BashOperator(
        task_id=name, bash_command=command, env={"DAYBREAK_HOME": str(HOME)}, append_env=True, doc_md=doc
    )


with DAG(
    dag_id="corpus_build",
    description="From sources to token shards, a trained model and a report",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["daybreak"],
    doc_md=__doc__,
) as dag:
    recipe = load_recipe(RECIPE)
    tasks = [spark_step(name) for name in wanted(recipe)]
    if recipe.train:
        tasks.append(command_step("train", "Train the model on the shards."))
    if recipe.report:
        tasks.append(command_step("report", "Write the report page."))
    chain(*tasks)
