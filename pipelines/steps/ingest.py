"""Ingest: one fused pass over each input file: read, extract, identify language, edit, measure, scrub, hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from daybreak.errors import InputError
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.secrets import without_secrets
from daybreak.storage import Store
from pipelines.extract.settings import extract_stage
from pipelines.fused.chain import Chain, build_chain
from pipelines.fused.outside import outside_digests, outside_settings
from pipelines.fused.tables import TABLES, IngestTables
from pipelines.fused.units import (
    Cut,
    Job,
    Work,
    failures,
    jobs,
    large,
    misread,
    of_sources,
    unit_bytes,
    unit_name,
)
from pipelines.fused.watched import guarded
from pipelines.guard import reading
from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input
from pipelines.ingest.places import use
from pipelines.ingest.registry import READERS, Reader
from pipelines.ingest.sources import files_of, options_of
from pipelines.ingest.spans import Part
from pipelines.language.identifiers import identifier
from pipelines.pii.settings import key_fingerprint
from pipelines.quality.lines import editor_of
from pipelines.quality.segmenters import segmenter_versions
from pipelines.quality.wanted import families_of
from pipelines.spark.finished import Finished
from pipelines.spark.narrow import R, Tell, U, UnitResult, run_units
from pipelines.step import Context, Result, Step

SELECTIONS = "selections"


@dataclass(frozen=True)
class IngestUnit:
    """The work on one input file or a part of it, as a task carries it."""

    store: Store
    recipe: Recipe

    def __call__(self, item: Input, part: Part | None = None) -> UnitResult:
        """Read the file or part to its end; an unreadable one is one quarantined record and a failure to count.

        A part that lies behind the file's last record has no tables.
        """
        use(self.recipe.remote)
        chain = build_chain(self.recipe, item.source)
        unit = unit_name(item, part.span if part else None)
        with IngestTables(self.store, item, chain, unit) as tables:
            failure = None
            try:
                self._read(item, part, chain, tables)
            except InputError as error:
                failure = str(error)
                tables.unreadable(failure)
            if part is not None and part.beyond and failure is None:
                tables.discard()
                return UnitResult(unit)
            facts = part.facts() if part is not None else {}
            return UnitResult(unit, tables.close(), tables.ledger.counts(), failure, facts)

    def _read(self, item: Input, part: Part | None, chain: Chain, tables: IngestTables) -> None:
        source = self.recipe.sources[item.source]
        extract = extract_stage(self.recipe)
        options, size = options_of(source, item), self.recipe.ingest.batch_bytes
        read = partial(_batches, READERS[source.format], item.path, options, part)
        for raw in reading(unit_name(item, part.span if part else None), item.path, read, size):
            raw = raw.append_column("doc_id", doc_id(item.source, item.file, raw))
            live = tables.divert("ingest", raw)
            # ids are those of the record as read, whatever extraction makes of it
            live = tables.divert(
                "extract", extract.safely(live).append_column("doc_id", live.column("doc_id"))
            )
            tables.keep(chain, live)


def _batches(
    read: Reader, path: str, options: Mapping[str, Any], part: Part | None, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    more = {} if part is None else {"part": part}
    return read(path, batch_bytes=batch_bytes, options=options, **more)


class Ingest(Step):
    """The step: all sources in, five tables out, laid out by unit: an input file, or a span of a large one.

    Finished units outlive a killed run, in `ingest/in-progress-…`.
    """

    name = "ingest"
    resumes = True
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.fused.chain",
        "pipelines.fused.tables",
        "pipelines.fused.units",
        "pipelines.fused.watched",
        "pipelines.steps.ingest",
        "pipelines.ingest",
        "pipelines.guard",
        "pipelines.extract",
        "pipelines.language",
        "pipelines.quality",
        "pipelines.pii",
        "pipelines.kernels",
        "pipelines.models",
        "pipelines.lists",
        "pipelines.fused.metadata",
        "pipelines.fused.outside",
        "pipelines.dedup.normal",
    )
    libraries = (
        "pyarrow", "fastwarc", "resiliparse", "trafilatura", "google-re2", "fasttext-community", "langcodes",
        "phonenumbers", "python-stdnum", "xxhash", "publicsuffixlist", "isal",
    )  # fmt: skip

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Readers, extraction, language model, line edits and scrubbing; no threshold of any page rule."""
        sources = {
            name: {"format": s.format, "options": s.options, "edits": edits(recipe, name)}
            for name, s in recipe.sources.items()
        }
        return {
            "sources": sources,
            "batch_bytes": recipe.ingest.batch_bytes,
            "unit_bytes": recipe.ingest.unit_bytes,
            "guard": recipe.ingest.model_dump(include={"guard", "record_seconds", "record_memory"}),
            "extract": recipe.extract.model_dump(),
            "language": recipe.language.model_dump(include={"identifier", "max_chars", "segments"}),
            "scrub": recipe.scrub.model_dump(exclude={"max_density", "min_findings"}),
            "signals": list(families_of(recipe)),
            "segmenters": segmenter_versions(recipe),
            **outside_settings(recipe),
        }

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """Every input file by size and time of change or ETag, models, lists and key by their content."""
        model = identifier(recipe.language.identifier, recipe.language.model)
        files = {f"{i.source}/{i.file}": i.identity for i in inputs(recipe)}
        known = {"language model": model.fingerprint, **outside_digests(recipe), **key_fingerprint(recipe)}
        return files | known

    def run(self, context: Context) -> Result:
        """Read everything; fail past `ingest.max_bad_inputs` unreadable files."""
        items = inputs(context.recipe)
        results = Reading(context, items).results()
        bad = bad_inputs(context.recipe, items, results)
        return Result(
            tables=gather(results),
            accounting=[c for r in results for c in r.counts],
            facts={
                "files": [_facts(i) for i in items],
                "bad_inputs": bad,
                "outside": outside_digests(context.recipe),
            },
        )


class Reading:
    """The reading of all files, or of some sources' alone: those of their units that no earlier run has finished,
    and the check of spans.

    taken_over: how many units an earlier run had finished, once `results` are there.
    """

    def __init__(
        self, context: Context, items: Sequence[Input], sources: Sequence[str] | None = None
    ) -> None:
        self._context, self._items, self.taken_over = context, items, 0
        self._finished = Finished(context.out, of_sources(sources) if sources else None)
        work = Work(IngestUnit(context.out, context.recipe), self._finished)
        self._work = guarded(work, context.recipe)

    def results(self) -> list[UnitResult]:
        """What every unit came to, by name."""
        recipe, found = self._context.recipe, self._finished.take_over(TABLES)
        self.taken_over = len(found)
        divided = large(recipe, self._items)
        spans = dict(
            zip((i.unit for i in divided), self._run(divided, Cut(recipe), "look for cuts in"), strict=True)
        )
        slots = self._context.spark.sparkContext.defaultParallelism
        found |= self._read(jobs(self._items, spans, found, slots))
        while wrong := misread(divided, spans, found):
            for job in wrong:
                self._finished.forget(job.unit)
            found |= self._read(wrong)
        return [found[unit] for unit in sorted(found)]

    def _read(self, wanted: list[Job]) -> dict[str, UnitResult]:
        tell = self._finished.watch(sum(job.size for job in wanted), unit_bytes)
        return {r.unit: r for results in self._run(wanted, self._work, "read", tell) for r in results}

    def _run(self, units: list[U], work: Callable[[U], R], what: str, tell: Tell | None = None) -> list[R]:
        context, partitions = self._context, self._context.recipe.spark.partitions
        return run_units(context.spark, units, work, context.progress, partitions, tell, what)


def inputs(recipe: Recipe) -> list[Input]:
    """Every file of every source, sorted by source and name; searches of an index stay in the workspace.

    Those that cannot be had already now are among them; raises InputError where they are too many.
    """
    kept = Store.at(recipe.workspace).below(SELECTIONS)
    found = [i for name, source in sorted(recipe.sources.items()) for i in files_of(name, source, kept)]
    _within_budget({i.unit: i.missing for i in found if i.missing}, recipe.ingest.max_bad_inputs)
    return found


def bad_inputs(recipe: Recipe, items: Sequence[Input], results: Sequence[UnitResult]) -> dict[str, str]:
    """Why files could not be read, by unit; raises InputError where they are more than `ingest.max_bad_inputs`."""
    bad = failures(items, results)
    _within_budget(bad, recipe.ingest.max_bad_inputs)
    return bad


def _facts(item: Input) -> dict[str, Any]:
    """An input as the manifest tells it: ranges by their number, no credential of its URL."""
    known = asdict(item) | {"path": without_secrets(item.path), "ranges": len(item.ranges)}
    return {key: value for key, value in known.items() if value or key not in ("etag", "missing", "ranges")}


def edits(recipe: Recipe, source: str) -> str | None:
    """The rule set whose line editor edits this source's text, if its rule list names one."""
    return editor_of(tuple(recipe.rules_for(source)))


def gather(results: Sequence[UnitResult]) -> dict[str, list[FileEntry]]:
    """Parts of all units by table, sorted by path."""
    tables: dict[str, list[FileEntry]] = {}
    for result in results:
        for table, entry in result.parts.items():
            tables.setdefault(table, []).append(entry)
    return {table: sorted(entries, key=lambda e: e.path) for table, entries in sorted(tables.items())}


def _within_budget(bad: Mapping[str, str], budget: int) -> None:
    if len(bad) > budget:
        listed = "\n  ".join(bad.values())
        raise InputError(
            f"{len(bad)} input files cannot be read, the recipe allows {budget} (ingest.max_bad_inputs):\n  {listed}\n"
            "Mend or leave out these files, or raise the budget; then run again."
        )
