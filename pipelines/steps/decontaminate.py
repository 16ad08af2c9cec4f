"""Decontaminate: text of the benchmarks that the recipe names leaves the documents that dedup kept.

Two passes: the first finds the n-grams of benchmark items in every document, and so in how many documents
each stands; the second, over what the first wrote, leaves out the ones too common and decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.accounting import Count, Ledger
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.schema import CUTS, DECISIONS, OVERLAPS
from daybreak.storage import Store
from pipelines.cutting import count_cut
from pipelines.decontaminate.benchmarks import check_benchmarks, content_hashes, read_parts
from pipelines.decontaminate.card import Card, Findings, build_card
from pipelines.decontaminate.index import NgramIndex, build_index
from pipelines.decontaminate.judge import Judge
from pipelines.decontaminate.match import MATCHES, Match
from pipelines.decontaminate.overlap import common, covered, document_counts, less
from pipelines.decontaminate.settings import DecontaminateSettings, as_json, settings_of
from pipelines.decontaminate.tokens import tokenize
from pipelines.parts import read_part, write_part
from pipelines.reading import KeptUnit, kept_units
from pipelines.spark.narrow import UnitResult, run_units
from pipelines.step import Context, Result, Step
from pipelines.steps.ingest import gather

STAGE = "decontamination"
INDEX, FOUND, CARD = "index", "matches", "card/contamination.json"
KEYS = ("doc_id", "source", "n_bytes")


@dataclass(frozen=True)
class MatchUnit:
    """First pass over one unit: write its matches, count the documents of each n-gram."""

    out: Store
    settings: DecontaminateSettings

    def __call__(self, unit: KeptUnit) -> UnitResult:
        """Facts: `grams` and `counts`, the n-grams found and their documents."""
        index = NgramIndex.load(Path(self.out.path(INDEX)))
        match = Match(index, self.settings.cut, self.settings.skip_tokens)
        counts = np.zeros(len(index.gram_at), np.int64)
        write_part(self.out, f"{FOUND}/{unit.unit}.parquet", MATCHES, self._matches(unit, match, counts))
        grams = np.flatnonzero(counts)
        return UnitResult(unit.unit, facts={"grams": grams, "counts": counts[grams]})

    def _matches(self, unit: KeptUnit, match: Match, counts: np.ndarray) -> Iterator[pa.RecordBatch]:
        """Adds to `counts`. What this unit alone shows to be too common is counted and no longer kept."""
        start = 0
        for batch in unit.read(["text"]):
            found = match(batch.column("text"))
            rows = pc.add(found.column("row"), start)
            start += batch.num_rows
            if found.num_rows:
                grams, documents = document_counts(found)
                counts[grams] += documents
                yield less(found.set_column(0, MATCHES.field("row"), rows), common(counts, self.settings))


@dataclass(frozen=True)
class JudgeUnit:
    """Second pass over one unit: decide on every document, write decisions, cuts and overlaps, count."""

    out: Store
    judge: Judge

    def __call__(self, unit: KeptUnit) -> UnitResult:
        """Facts: `covered`, the places of benchmark tokens that matches cover."""
        index = NgramIndex.load(Path(self.out.path(INDEX)))
        ignored = np.load(self.out.path(f"{INDEX}/ignored.npy"))
        batches = read_part(self.out, f"{FOUND}/{unit.unit}.parquet", rows=1 << 16)
        matches = less(pa.Table.from_batches(batches, MATCHES), ignored)
        keys = pa.Table.from_batches(unit.read_signals(KEYS, rows=1 << 14), _schema(KEYS))
        judged = self.judge(keys, matches, index, lambda rows: _texts(unit, rows))
        tables = {"decisions": judged.decisions, "overlaps": judged.overlaps}
        if self.judge.settings.action == "span":
            tables["cuts"] = judged.cuts
        schemas = {"decisions": DECISIONS, "overlaps": OVERLAPS, "cuts": CUTS}
        entries = {
            name: write_part(self.out, f"{name}/{unit.unit}.parquet", schemas[name], table.to_batches())
            for name, table in tables.items()
        }
        counts = count_cut(judged.decisions, judged.cuts, STAGE)
        return UnitResult(unit.unit, entries, counts, facts={"covered": covered(matches, index)})


class Decontaminate(Step):
    """The step. The index of n-grams stands in memory-mapped files while it runs."""

    name = "decontaminate"
    needs = ("ingest", "filter", "dedup", "passages")
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.reading",
        "pipelines.kernels.arrow",
        "pipelines.kernels.cuts",
        "pipelines.ingest.inputs",
        "pipelines.dedup.kernels",
        "pipelines.dedup.normal",
        "pipelines.dedup.shingles",
        "pipelines.cutting",
        "pipelines.decontaminate",
        "pipelines.steps.decontaminate",
    )
    libraries = ("pyarrow", "numpy")

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a decontaminate section."""
        return recipe.decontaminate is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """The variant with the recipe's changes, and how each benchmark is read; not where it lies."""
        assert recipe.decontaminate is not None
        benchmarks = {
            name: b.model_dump(exclude={"path"}) for name, b in recipe.decontaminate.benchmarks.items()
        }
        return {
            "variant": recipe.decontaminate.variant,
            **as_json(settings_of(recipe)),
            "benchmarks": benchmarks,
        }

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """Every benchmark file by its content."""
        return content_hashes(recipe)

    def run(self, context: Context) -> Result:
        """Find, count, decide; write the card."""
        settings = settings_of(context.recipe)
        parts = read_parts(context.recipe)
        index = build_index(
            tokenize(parts.column("text").combine_chunks(), settings.cut),
            settings.ngram,
            settings.min_item_tokens,
        )
        index.save(Path(context.out.path(INDEX)))
        units = kept_units(context, "filter", "dedup", "passages")
        counts = self._counts(context, units, settings, len(index.gram_at))
        ignored = common(counts, settings)
        np.save(context.out.path(f"{INDEX}/ignored.npy"), ignored)
        partitions = context.recipe.spark.partitions
        work = JudgeUnit(context.out, Judge(settings, parts.drop_columns(["text"])))
        results = run_units(context.spark, units, work, context.progress, partitions, what="judge")
        accounting = Ledger([c for r in results for c in r.counts]).counts()
        tables = gather(results)
        places = np.unique(np.concatenate([np.zeros(0, np.int64), *(r.facts["covered"] for r in results)]))
        found = Findings(
            parts, index, counts, ignored, places, _overlaps(context.out, tables), *_sums(accounting)
        )
        card = self._card(context, settings, found)
        context.out.remove(INDEX)
        context.out.remove(FOUND)
        return Result(tables, accounting, {"card": card.to_dict()})

    def _counts(
        self, context: Context, units: Sequence[KeptUnit], settings: DecontaminateSettings, grams: int
    ) -> np.ndarray:
        """Documents of the corpus that hold each n-gram: int64 [n-grams]."""
        work = MatchUnit(context.out, settings)
        partitions = context.recipe.spark.partitions
        counts = np.zeros(grams, np.int64)
        for result in run_units(context.spark, units, work, context.progress, partitions, what="match"):
            counts[result.facts["grams"]] += result.facts["counts"]
        return counts

    def _card(self, context: Context, settings: DecontaminateSettings, found: Findings) -> Card:
        """Write the card beside the tables, not as one: a count that changes must not stale the next steps."""
        assert context.recipe.decontaminate is not None
        card = build_card(context.recipe.decontaminate.variant, settings, found)
        context.out.make("card")
        context.out.write(CARD, json.dumps(card.to_dict(), indent=1).encode() + b"\n")
        return card


def check(recipe: Recipe) -> None:
    """Settings fit and benchmarks can be read. Raises RecipeError that names the key."""
    if recipe.decontaminate is not None:
        settings_of(recipe)
        check_benchmarks(recipe)


def _schema(names: Sequence[str]) -> pa.Schema:
    return pa.schema([DECISIONS.field(name) for name in names])


def _texts(unit: KeptUnit, rows: np.ndarray) -> Iterator[bytes]:
    """UTF-8 of the rows asked for, which ascend."""
    start = 0
    for batch in unit.read(["text"]):
        here = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
        start += batch.num_rows
        yield from batch.column("text").take(pa.array(here)).cast(pa.binary()).to_pylist()


def _overlaps(store: Store, tables: dict[str, list[FileEntry]]) -> pa.Table:
    batches = [b for entry in tables.get("overlaps", []) for b in read_part(store, entry.path)]
    return pa.Table.from_batches(batches, OVERLAPS)


def _sums(counts: Sequence[Count]) -> tuple[int, int, int]:
    """Documents that came in, bytes dropped, bytes cut."""
    return (
        sum(c.documents for c in counts if c.outcome == "in"),
        sum(c.bytes for c in counts if c.outcome == "dropped"),
        sum(c.bytes for c in counts if c.outcome == "edited"),
    )
