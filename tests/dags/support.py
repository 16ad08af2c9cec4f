"""A recipe with every stage, and what the DAG files make of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECIPE = """
name: whole
workspace: {folder}/ws/${{day}}
sources:
  news: {{format: jsonl, paths: ["{folder}/in/${{day}}/news-*.jsonl"]}}
  wiki: {{format: jsonl, paths: ["{folder}/in/${{day}}/wiki.jsonl"]}}
dedup: {{history: {{path: {folder}/history, batch: "${{day}}"}}}}
passages: {{}}
decontaminate: {{benchmarks: {{exam: {{path: {folder}/exam.jsonl}}}}}}
tokenizer: {{vocab_size: 300}}
gates: {{}}
publish: {{path: {folder}/published}}
train: {{steps: 2}}
schedule: {{start: "2026-01-01", end: "2026-01-03", retries: 3, pool: spark}}
"""

PROBE = """
import json, runpy, sys
from pathlib import Path
files = sorted(Path("dags").glob("*.py"))
found = [dag for file in files for dag in runpy.run_path(str(file)).values() if type(dag).__name__ == "DAG"]
ours = [m for m in sys.modules if m.split(".")[0] in ("daybreak", "pipelines", "tokenizer", "trainer", "jobs")]
heavy = [m for m in ("pyspark", "torch", "pyarrow", "numba", "numpy", "pandas", "fastapi.routing") if m in sys.modules]

def task(t):
    return {
        "group": t.task_group.group_id, "mapped": type(t).__name__ == "MappedOperator", "pool": t.pool,
        "retries": t.retries, "backoff": t.retry_exponential_backoff, "alert": bool(t.on_failure_callback),
        "doc": t.doc_md, "rule": t.trigger_rule.value, "upstream": sorted(t.upstream_task_ids),
        "outlets": [a.name for a in t.outlets], "kind": t.task_type,
    }

def dag(d):
    return {
        "tasks": {t.task_id: task(t) for t in d.tasks}, "doc": d.doc_md, "catchup": d.catchup,
        "active": d.max_active_runs, "params": sorted(d.params), "timetable": type(d.timetable).__name__,
        "start": str(d.start_date), "end": str(d.end_date),
    }

print(json.dumps({"ours": sorted(ours), "heavy": heavy, "dags": {d.dag_id: dag(d) for d in found}}))
"""

LOADED = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag("dags")

def tasks(dag):
    found = [t["__var"] for t in DagSerialization.to_dict(dag)["dag"]["tasks"]]
    found = [t.get("partial_kwargs", {}) | t for t in found]
    return {t["task_id"]: t.get("_operator_extra_links", {}) for t in found}

print(json.dumps({"errors": bag.import_errors, "links": {d.dag_id: tasks(d) for d in bag.dags.values()}}))
"""


def write_recipe(folder: Path, text: str = RECIPE) -> Path:
    """The recipe, in a folder of its own."""
    file = folder / "whole.yaml"
    file.write_text(text.format(folder=folder))
    return file


def environment(folder: Path, recipe: Path) -> dict[str, str]:
    """A clean environment in which both corpus DAGs have this recipe."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT),
        "DAYBREAK_HOME": str(ROOT),
        "DAYBREAK_RECIPE": str(recipe),
        "DAYBREAK_DAILY_RECIPE": str(recipe),
        "DAYBREAK_TOKENIZER_RECIPE": str(recipe),
    }


def python(code: str, environment: dict[str, str]) -> Any:
    """The JSON in the last line that a Python process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
