"""Mixture: how much of each source goes into training, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.accounting import Ledger, Outcome
from daybreak.errors import DaybreakError
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.schema import PLAN
from daybreak.storage import Store
from pipelines.mixture.plan import Mixture as MixtureStage
from pipelines.parts import read_part, write_part
from pipelines.step import Context, Result, Step

PART_ROWS = 1 << 20
SIZES = ("doc_id", "source", "n_tokens", "n_bytes")


class Mixture(Step):
    """The step. The plan is made on the driver from four columns: about 40 bytes a document."""

    name = "mixture"
    needs = ("encode",)
    code = ("daybreak.schema", "pipelines.parts", "pipelines.mixture", "pipelines.steps.mixture")
    libraries = ("pyarrow", "numpy", "xxhash")

    def wanted(self, recipe: Recipe) -> bool:
        """When there are tokens."""
        return recipe.tokenizer is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Weights, totals, order, size of shards, seed."""
        weights = {name: s.weight for name, s in sorted(recipe.sources.items())}
        return {
            **recipe.mixture.model_dump(),
            "weights": weights,
            "seed": recipe.seed,
            "shard_tokens": recipe.shards.tokens,
        }

    def run(self, context: Context) -> Result:
        """Apportion, choose, order; write the plan."""
        tokens = token_sizes(context)
        if tokens.num_rows == 0:
            raise DaybreakError("no document is left to mix; see the funnel for what removed them")
        recipe = context.recipe
        present = set(pc.unique(tokens.column("source")).to_pylist())
        stage = MixtureStage(
            weights={name: s.weight for name, s in sorted(recipe.sources.items()) if name in present},
            total_tokens=recipe.mixture.total_tokens,
            max_epochs=recipe.mixture.max_epochs,
            order=recipe.mixture.order,
            seed=recipe.seed,
            shard_tokens=recipe.shards.tokens,
        )
        plan, report = stage.plan(tokens.select(["doc_id", "source", "n_tokens"]))
        return Result({"plan": list(_write(context.out, plan))}, _count(tokens, plan).counts(), report)


def token_sizes(context: Context) -> pa.Table:
    """doc_id, source, n_tokens, n_bytes of every encoded document."""
    store = context.data("encode")
    paths = context.parts("encode", "tokens").values()
    batches = [b for path in paths for b in read_part(store, path, SIZES, rows=1 << 16)]
    schema = pa.schema(
        [("doc_id", pa.string()), ("source", pa.string()), ("n_tokens", pa.int32()), ("n_bytes", pa.int64())]
    )
    return pa.Table.from_batches([b.select(schema.names) for b in batches], schema)


def add_documents(
    ledger: Ledger, stage: str, outcome: Outcome, documents: pa.Table, rule: str | None = None
) -> None:
    """Count documents (source, n_bytes, n_tokens) by source."""
    sums = documents.group_by("source").aggregate(
        [("n_bytes", "sum"), ("n_tokens", "sum"), ([], "count_all")]
    )
    for row in sums.to_pylist():
        number, size, tokens = row["count_all"], row["n_bytes_sum"], row["n_tokens_sum"]
        ledger.add(stage, row["source"], outcome, number, size, rule, tokens)


def _count(tokens: pa.Table, plan: pa.Table) -> Ledger:
    ledger = Ledger()
    planned = pc.is_in(tokens.column("doc_id"), value_set=pc.unique(plan.column("doc_id")))
    add_documents(ledger, "mixture", "in", tokens)
    add_documents(ledger, "mixture", "kept", tokens.filter(planned))
    add_documents(ledger, "mixture", "dropped", tokens.filter(pc.invert(planned)), "quota")
    return ledger


def _write(store: Store, plan: pa.Table) -> Iterator[FileEntry]:
    for number, start in enumerate(range(0, plan.num_rows, PART_ROWS)):
        piece = plan.slice(start, PART_ROWS)
        yield write_part(store, f"plan/plan-{number:05d}.parquet", PLAN, piece.to_batches())
