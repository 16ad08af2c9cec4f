"""Ingest: one fused pass over each input file: read, extract, identify language, edit, measure, scrub, hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pyarrow import fs

from daybreak.errors import InputError
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.storage import Store
from pipelines.chain import Chain, build_chain
from pipelines.extract.html import Extract
from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input, expand
from pipelines.ingest.registry import READERS
from pipelines.ingest_tables import IngestTables
from pipelines.language.identifiers import identifier
from pipelines.narrow import UnitResult, run_units
from pipelines.outside import outside_digests, outside_settings
from pipelines.pii.settings import key_fingerprint
from pipelines.quality.lines import editor_of
from pipelines.quality.segmenters import segmenter_versions
from pipelines.quality.wanted import families_of
from pipelines.step import Context, Result, Step


@dataclass(frozen=True)
class IngestUnit:
    """The work on one input file, as a task carries it."""

    store: Store
    recipe: Recipe

    def __call__(self, item: Input) -> UnitResult:
        """Read the file to its end; an unreadable file is one quarantined record and a failure to count."""
        chain = build_chain(self.recipe, item.source)
        with IngestTables(self.store, item, chain) as tables:
            failure = None
            try:
                self._read(item, chain, tables)
            except InputError as error:
                failure = str(error)
                tables.unreadable(failure)
            return UnitResult(item.unit, tables.close(), tables.ledger.counts(), failure)

    def _read(self, item: Input, chain: Chain, tables: IngestTables) -> None:
        source = self.recipe.sources[item.source]
        asked = self.recipe.extract
        extract = Extract(asked.main_content, asked.extractor, asked.format, tuple(asked.honour))
        read = READERS[source.format]
        filesystem = fs.LocalFileSystem() if "://" not in item.path else fs.FileSystem.from_uri(item.path)[0]
        for raw in read(
            item.path, filesystem, batch_bytes=self.recipe.ingest.batch_bytes, options=source.options
        ):
            raw = raw.append_column("doc_id", doc_id(item.source, item.file, raw))
            live = tables.divert("ingest", raw)
            # ids are those of the record as read, whatever extraction makes of it
            live = tables.divert("extract", extract(live).append_column("doc_id", live.column("doc_id")))
            tables.keep(chain, live)


class Ingest(Step):
    """The step: all sources in, five tables out, laid out by input file."""

    name = "ingest"
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.chain",
        "pipelines.ingest_tables",
        "pipelines.steps.ingest",
        "pipelines.ingest",
        "pipelines.extract",
        "pipelines.language",
        "pipelines.quality",
        "pipelines.pii",
        "pipelines.kernels",
        "pipelines.models",
        "pipelines.lists",
        "pipelines.metadata",
        "pipelines.outside",
        "pipelines.dedup.normal",
    )
    libraries = (
        "pyarrow", "fastwarc", "resiliparse", "trafilatura", "google-re2", "fasttext-community", "langcodes",
        "phonenumbers", "python-stdnum", "xxhash",
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
            "extract": recipe.extract.model_dump(),
            "language": recipe.language.model_dump(include={"identifier", "max_chars", "segments"}),
            "scrub": recipe.scrub.model_dump(exclude={"max_density", "min_findings"}),
            "signals": list(families_of(recipe)),
            "segmenters": segmenter_versions(recipe),
            **outside_settings(recipe),
        }

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """Every input file by size and time of its last change, models, lists and key by their content."""
        model = identifier(recipe.language.identifier, recipe.language.model)
        files = {f"{i.source}/{i.file}": f"{i.size}:{i.mtime_ns}" for i in inputs(recipe)}
        known = {"language model": model.fingerprint, **outside_digests(recipe), **key_fingerprint(recipe)}
        return files | known

    def run(self, context: Context) -> Result:
        """Read everything; fail past `ingest.max_bad_inputs` unreadable files."""
        items = inputs(context.recipe)
        results = run_units(
            context.spark,
            sorted(items, key=lambda i: (-i.size, i.unit)),
            IngestUnit(context.out, context.recipe),
            context.progress,
            context.recipe.spark.partitions,
        )
        bad = {r.unit: r.failure for r in results if r.failure}
        _within_budget(bad, context.recipe.ingest.max_bad_inputs)
        return Result(
            tables=gather(results),
            accounting=[c for r in results for c in r.counts],
            facts={
                "files": [asdict(i) for i in items],
                "bad_inputs": bad,
                "outside": outside_digests(context.recipe),
            },
        )


def inputs(recipe: Recipe) -> list[Input]:
    """Every file of every source, sorted by source and name."""
    return [i for name, source in sorted(recipe.sources.items()) for i in expand(name, source.paths)]


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
