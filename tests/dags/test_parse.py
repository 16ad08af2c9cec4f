"""DAG files parse without Spark, torch or any part of the project but the recipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import json, runpy, sys
runpy.run_path("dags/corpus_build.py")
ours = [m for m in sys.modules if m.split(".")[0] in ("daybreak", "pipelines", "tokenizer", "trainer", "jobs")]
heavy = [m for m in ("pyspark.sql", "torch", "pyarrow", "numba") if m in sys.modules]
print(json.dumps([sorted(ours), heavy]))
"""


def test_parsing_imports_the_recipe_and_nothing_heavy(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    ours, heavy = json.loads(done.stdout.strip().splitlines()[-1])
    allowed = ("daybreak", "daybreak.errors", "daybreak.recipe", "daybreak.secrets")
    assert [m for m in ours if not m.startswith(allowed[2]) and m not in allowed] == []
    assert heavy == []
