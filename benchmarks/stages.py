"""How fast each narrow stage is, one core: MB of text a CPU second, the best of several rounds.

`python -m benchmarks.stages [RECIPE]`. All stages of the chain run on the same batches in one process, so the
figures of one run compare; those of two runs may not.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import batches, bench_rows, text_bytes
from daybreak.recipe import load_recipe
from daybreak.schema import DOCUMENTS
from pipelines.fused.chain import build_chain
from pipelines.steps.filter import decider

ROUNDS = 3


def document_batches(source: str) -> list[pa.RecordBatch]:
    """The bench corpus as extraction would hand it to the chain."""
    found, number = [], 0
    for text in batches([row["text"] for row in bench_rows()]):
        ids = pa.array([f"{number + i:032x}" for i in range(len(text))])
        number += len(text)
        known = {"doc_id": ids, "text": text, "source": pa.repeat(source, len(text))}
        columns = [known.get(f.name, pa.nulls(len(text), f.type)) for f in DOCUMENTS]
        found.append(pa.RecordBatch.from_arrays(columns, schema=DOCUMENTS))
    return found


def race(recipe_path: Path) -> dict[str, float]:
    """CPU seconds of each stage of the recipe's chain, and of deciding, over the whole bench corpus."""
    recipe = load_recipe(recipe_path)
    source = next(iter(recipe.sources))
    chain = build_chain(recipe, source)
    start = document_batches(source)
    chain(start[0].slice(0, 4))
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        now = start
        for stage in (*chain.stages, decider(recipe)):
            began = time.process_time()
            now = [stage(batch) for batch in now]
            name = getattr(stage, "name", type(stage).__name__)
            best[name] = min(best.get(name, 1e9), time.process_time() - began)
    return best


def main() -> None:
    """Print the table."""
    recipe = Path(sys.argv[1] if len(sys.argv) > 1 else "conf/recipes/sample.yaml")
    size = text_bytes([row["text"] for row in bench_rows()]) / 1e6
    seconds = race(recipe)
    table = Table("stage", "CPU s", "MB/s", title=f"{size:.1f} MB of text, one core")
    for name, spent in {**seconds, "all": sum(seconds.values())}.items():
        table.add_row(name, f"{spent:.3f}", f"{size / max(spent, 1e-9):,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
