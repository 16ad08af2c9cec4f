"""Dedup: by URL, exact, then near duplicates among all documents that the filter kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from daybreak.accounting import Ledger
from daybreak.errors import DaybreakError
from daybreak.manifest import FileEntry, fingerprint
from daybreak.progress import Progress
from daybreak.recipe import Recipe
from daybreak.schema import DECISIONS
from daybreak.storage import Store
from pipelines.code import code_version
from pipelines.dedup import certificate as certificates
from pipelines.dedup.against import against_digests, against_priors, reading_digest
from pipelines.dedup.banding import Banding, curve_facts
from pipelines.dedup.documents import documents, scanned
from pipelines.dedup.domain_cap import STAGE, cap_decisions, wanted_cap
from pipelines.dedup.history.record import Recorder, recording, wait_for
from pipelines.dedup.history.settings import history_digest, pending
from pipelines.dedup.outcome import Outcome, outcome
from pipelines.dedup.phases import Phases
from pipelines.dedup.planted import UNIT, plan_of
from pipelines.dedup.prior import Joined, Prior
from pipelines.dedup.scan import FetchTexts, Unit
from pipelines.dedup.settings import LEVELS
from pipelines.dedup.wanted import comparable_settings, planted_units, stage_settings
from pipelines.reading import KeptUnit, kept_units
from pipelines.spark.naming import describing
from pipelines.spark.narrow import watched
from pipelines.step import Context, Result, Step
from pipelines.steps.filter import count_verdicts
from pipelines.steps.ingest import Ingest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Dedup(Step):
    """The step. Finished phases outlive a killed run: `dedup/in-progress-…`, removed when the step commits."""

    name = "dedup"
    needs = ("ingest", "filter")
    code = (
        "daybreak.schema",
        "pipelines.parts",
        "pipelines.reading",
        "pipelines.spark.wide",
        "pipelines.kernels",
        "pipelines.dedup",
        "pipelines.lists.hosts",
        "pipelines.lists.suffixes",
        "pipelines.steps.dedup",
    )
    libraries = ("pyarrow", "pyspark", "scipy", "xxhash", "publicsuffixlist")

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Levels, order, shingles, bands, threshold, seed."""
        places: Any = {
            "history": {"path", "buckets", "wait"},
            "against": {"__all__": {"path"}},
            "max_driver_documents": True,
        }
        return {**recipe.dedup.model_dump(exclude=places), "seed": recipe.seed}

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """What stands before this run: earlier batches of its history, other data sets."""
        return {**history_digest(recipe), **against_digests(recipe), **reading_digest(recipe, Ingest())}

    def ready(self, recipe: Recipe, progress: Progress) -> None:
        """Wait for another run that adds to the history."""
        if (history := recipe.dedup.history) is not None:
            wait_for(history.path, history.wait, progress)

    def run(self, context: Context) -> Result:
        """Write one decision for every document that came in, and the clusters."""
        settings = stage_settings(context.recipe)
        units: list[Unit] = [*kept_units(context, "filter"), *planted_units(context.recipe)]
        phases = Phases(context.spark, self._work_folder(context))
        with self._recording(context.recipe) as recorder:
            self._check_unchanged(context)
            prior = self._prior(context, recorder)
            with watched(context.spark, context.progress, sum(u.size for u in units)):
                scan = scanned(context, units, phases)
                texts = FetchTexts({u.unit: u for u in units})
                found = outcome(settings, scan, texts, phases, prior)
                facts = {**_facts(context.recipe, found), **_place(recorder, context)}
            written = found.write(context.out, context.progress)
            if cap := wanted_cap(context.recipe):
                written["decisions"] = cap_decisions(context, written["decisions"], phases, cap)
            counts = _count(context.out, written["decisions"], context.recipe).counts()
            if recorder is not None:
                self._append(context, recorder, found.judged, texts)
        return Result(written, counts, facts)

    def _recording(self, recipe: Recipe) -> AbstractContextManager[Recorder | None]:
        """Holds the recipe's history, if it has one, while the step runs."""
        if (history := recipe.dedup.history) is None:
            return nullcontext()
        settings = comparable_settings(recipe)
        return recording(
            history.path, history.batch, settings, history.buckets, history.wait, pending(recipe)
        )

    def _check_unchanged(self, context: Context) -> None:
        """Raises DaybreakError where another run added to the history after this one had looked at it."""
        if context.fingerprint and self._wanted(context) != context.fingerprint:
            raise DaybreakError(
                "dedup: another run changed the history while this one waited for it; run this one again"
            )

    def _prior(self, context: Context, recorder: Recorder | None) -> Prior | None:
        """Data sets first, then the history."""
        recipe, settings = context.recipe, stage_settings(context.recipe)

        def tables(units: list[KeptUnit]) -> Mapping[str, DataFrame]:
            from pipelines.dedup.history.write import kept_tables, shingled

            docs = documents(context, units)
            texts = FetchTexts({u.unit: u for u in units})
            return kept_tables(docs, shingled(texts(docs.where("bands is not null")), settings.window))

        priors: list[Prior] = [
            *against_priors(context, comparable_settings(recipe), settings.hubs, Ingest(), tables)
        ]
        if recorder is not None:
            priors.append(recorder.prior(settings.hubs))
        return Joined(priors) if priors else None

    def _append(
        self, context: Context, recorder: Recorder, judged: DataFrame, texts: Callable[[DataFrame], DataFrame]
    ) -> None:
        """This run's documents as the history's last batch."""
        from pipelines.dedup.history.write import document_tables, shingled

        judged = judged.where(judged.unit != UNIT)
        kept = judged.where("level is null and bands is not null")
        sets = shingled(texts(kept), stage_settings(context.recipe).window)
        with describing(judged.sparkSession, "count what joins the history"):
            facts = {"documents": judged.count(), "kept": judged.where("level is null").count()}
        recorder.append(document_tables(judged, sets, recorder.number), context.progress, facts)

    def _work_folder(self, context: Context) -> Store:
        """A folder that the same code, settings and inputs find again; those of others are removed."""
        return context.workspace.in_progress(self.name, self._wanted(context))

    def _wanted(self, context: Context) -> str:
        """The fingerprint of this run, by what stands before it now."""
        inputs = {name: manifest.digest for name, manifest in context.inputs.items()}
        code = code_version(self.code, self.libraries)
        known = inputs | self.outside(context.recipe)
        return fingerprint(self.name, code, self.settings(context.recipe), known)


def _place(recorder: Recorder | None, context: Context) -> dict[str, Any]:
    """The run's place in the history, told where it is a late one."""
    if recorder is None:
        return {}
    if later := recorder.later:
        context.progress.tell(
            f"batch {recorder.batch} is late: it is compared with {', '.join(later)} as well, "
            "which have been there before it"
        )
    return {"history": {"number": recorder.number, "later": later}}


def _facts(recipe: Recipe, found: Outcome) -> dict[str, Any]:
    """The S-curve, and the certificate. Raises DaybreakError for a certificate under the floor."""
    if not recipe.dedup.near:
        return {}
    settings, wanted = stage_settings(recipe), recipe.dedup.certificate
    facts = {"banding": curve_facts(settings.threshold, Banding(settings.bands, settings.rows))}
    if wanted:
        measured = certificates.measure(settings, plan_of(settings, wanted.pairs), found.planted())
        certificates.check(measured, wanted.floor)
        facts["certificate"] = certificates.as_json(measured)
    return facts


def _count(store: Store, entries: list[FileEntry], recipe: Recipe) -> Ledger:
    stages = tuple(f"{level} dedup" for level in LEVELS if level != "url" or recipe.dedup.url)
    stages += (STAGE,) if recipe.dedup.max_per_domain else ()
    ledger = Ledger()
    for entry in entries:
        table = pq.read_table(store.path(entry.path), filesystem=store.filesystem, schema=DECISIONS)
        for batch in table.to_batches():
            count_verdicts(batch, stages, ledger)
    return ledger
