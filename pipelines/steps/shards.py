"""Shards: token ids in the order of the plan, as Arrow files that `datasets.load_from_disk` opens."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.accounting import Ledger
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from pipelines.publish.publish import publish
from pipelines.spark.naming import describing
from pipelines.spark.narrow import watched
from pipelines.step import Context, Result, Step
from pipelines.steps.mixture import add_documents, token_sizes
from tokenizer.shards import token_type

FOLDER = "shards"


class Shards(Step):
    """The step. The first occurrence of each document in the plan is written; later epochs point to it."""

    name = "shards"
    needs = ("tokenizer", "encode", "mixture")
    code = ("daybreak.schema", "pipelines.publish", "pipelines.steps.shards", "tokenizer.shards")
    libraries = ("pyarrow", "pyspark")

    def wanted(self, recipe: Recipe) -> bool:
        """When there are tokens."""
        return recipe.tokenizer is not None

    def run(self, context: Context) -> Result:
        """Write every shard and the index beside them."""
        spark = context.spark
        with describing(spark, "count the shards of the plan"):
            tokens = spark.read.parquet(context.data("encode").path("tokens"))
            plan = spark.read.parquet(context.data("mixture").path("plan"))
            number = plan.agg({"shard": "max"}).collect()[0][0] + 1
        dtype = token_type(context.inputs["tokenizer"].facts["vocab_size"])
        context.out.make(FOLDER)
        size = sum(e.bytes for e in context.inputs["encode"].tables["tokens"])
        named = describing(spark, f"write {number:,} shards")
        with named, watched(spark, context.progress, size):
            files = publish(
                tokens.select("doc_id", "source", "input_ids"), plan, context.out.path(FOLDER), dtype, number
            )
        entries = [FileEntry(f"{FOLDER}/{f['file']}", f["rows"], f["bytes"], f["sha256"]) for f in files]
        return Result({FOLDER: entries}, _count(context).counts(), {"dtype": str(dtype)})


def _count(context: Context) -> Ledger:
    """In: what the plan names. Kept: what stands in the files, read back from them."""
    sizes = token_sizes(context)
    ledger = Ledger()
    for count in context.inputs["mixture"].accounting:
        if count.outcome == "kept":
            ledger.add(FOLDER, count.source, "in", count.documents, count.bytes, tokens=count.tokens)
    for file in sorted(Path(context.out.path(FOLDER)).glob("*.arrow")):
        with pa.memory_map(str(file)) as source:
            ids = pa.ipc.open_stream(source).read_all().column("doc_id")
            places = pc.index_in(ids, value_set=sizes.column("doc_id"))
            add_documents(ledger, FOLDER, "kept", sizes.take(places))
    return ledger
