"""Encode: the documents that are left, as token ids, laid out by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from daybreak.recipe import Recipe
from daybreak.schema import TOKENS
from daybreak.storage import Store
from pipelines.parts import write_part
from pipelines.reading import KeptUnit, kept_units
from pipelines.spark.narrow import UnitResult, run_units
from pipelines.step import Context, Result, Step
from pipelines.steps.ingest import gather
from pipelines.steps.tokenizer import MODEL
from tokenizer.encode import Encode as EncodeStage


@dataclass(frozen=True)
class EncodeUnit:
    """The work on one unit."""

    out: Store
    model: str

    def __call__(self, unit: KeptUnit) -> UnitResult:
        """Write the unit's tokens; count bytes and tokens by language."""
        sizes: Counter[tuple[str, str]] = Counter()
        entry = write_part(self.out, f"tokens/{unit.unit}.parquet", TOKENS, self._encoded(unit, sizes))
        return UnitResult(unit.unit, {"tokens": entry}, facts={"sizes": dict(sizes)})

    def _encoded(self, unit: KeptUnit, sizes: Counter[tuple[str, str]]) -> Iterator[pa.RecordBatch]:
        encode = EncodeStage(self.model)
        for batch in unit.read(["doc_id", "source", "lang", "text"]):
            batch = encode(batch)
            groups = pa.Table.from_batches([batch.select(["lang", "n_bytes", "n_tokens"])]).group_by("lang")
            for row in groups.aggregate([("n_bytes", "sum"), ("n_tokens", "sum")]).to_pylist():
                sizes[(row["lang"], "bytes")] += row["n_bytes_sum"]
                sizes[(row["lang"], "tokens")] += row["n_tokens_sum"]
            yield batch


class Encode(Step):
    """The step."""

    name = "encode"
    needs = ("ingest", "filter", "dedup", "passages", "decontaminate", "tokenizer")
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.reading",
        "pipelines.kernels.arrow",
        "pipelines.kernels.cuts",
        "pipelines.steps.encode",
        "tokenizer.encode",
    )
    libraries = ("pyarrow", "sentencepiece")

    def wanted(self, recipe: Recipe) -> bool:
        """When there is a tokenizer."""
        return recipe.tokenizer is not None

    def run(self, context: Context) -> Result:
        """Encode every document that is left."""
        model = context.data("tokenizer").path(MODEL)
        results = run_units(
            context.spark,
            kept_units(context, "filter", "dedup", "passages", "decontaminate"),
            EncodeUnit(context.out, model),
            context.progress,
            context.recipe.spark.partitions,
            what="encode",
        )
        sizes: Counter[tuple[str, str]] = Counter()
        for result in results:
            sizes.update(result.facts["sizes"])
        languages = sorted({lang for lang, _ in sizes})
        facts = {
            "languages": {lang: {u: sizes[(lang, u)] for u in ("bytes", "tokens")} for lang in languages}
        }
        return Result(gather(results), facts=facts)
