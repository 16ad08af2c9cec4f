"""Run events of a step (OpenLineage 2-0-2): START, then COMPLETE, FAIL or ABORT."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    error_message_run,
    job_type_job,
    processing_engine_run,
    set_producer,
)

from daybreak import __version__
from daybreak.manifest import Manifest, canonical
from daybreak.recipe import Recipe
from pipelines.code import code_version, library_version
from pipelines.lineage.column_facet import column_facet
from pipelines.lineage.datasets import Table, tables_read
from pipelines.lineage.error import told
from pipelines.lineage.facets import (
    AccountingFields,
    AccountingRunFacet,
    CodeVersionJobFacet,
    RecipeRunFacet,
    TraceRunFacet,
)
from pipelines.lineage.parent import parent_facet
from pipelines.lineage.sources import outside_inputs, outside_outputs, source_inputs
from pipelines.observe.observer import StepRun

NAMESPACE = "daybreak"
PRODUCER = f"urn:daybreak:corpus:{__version__}"
ENGINES = {"train": ("PyTorch", "torch"), "report": ("Python", "jinja2")}

set_producer(PRODUCER)


def started(run: StepRun) -> RunEvent:
    """The step begins; its inputs are known."""
    return _event(run, RunState.START, _inputs(run), [], {})


def completed(run: StepRun, manifest: Manifest) -> RunEvent:
    """The step's manifest is in place."""
    counts = [AccountingFields(**c.to_dict()) for c in manifest.accounting]
    facets: dict[str, RunFacet] = {"daybreak_accounting": AccountingRunFacet(counts)} if counts else {}
    return _event(run, RunState.COMPLETE, _inputs(run, manifest), list(_outputs(run, manifest)), facets)


def failed(run: StepRun, error: BaseException) -> RunEvent:
    """The step ended with an error, or was stopped."""
    state = RunState.FAIL if isinstance(error, Exception) else RunState.ABORT
    message = error_message_run.ErrorMessageRunFacet(message=told(error), programmingLanguage="PYTHON")
    return _event(run, state, _inputs(run), [], {"errorMessage": message})


def _event(
    run: StepRun,
    state: RunState,
    inputs: Iterable[InputDataset],
    outputs: list[OutputDataset],
    facets: dict[str, RunFacet],
) -> RunEvent:
    return RunEvent(
        eventType=state,
        eventTime=datetime.now(UTC).isoformat(timespec="milliseconds"),
        run=Run(run.run_id, facets={**_run_facets(run), **facets}),
        job=Job(NAMESPACE, f"{run.recipe.name}.{run.step.name}", facets=_job_facets(run)),
        inputs=list(inputs),
        outputs=outputs,
    )


def _inputs(run: StepRun, done: Manifest | None = None) -> Iterator[InputDataset]:
    """Rows and files of the sources are known once the step is done."""
    if run.step.name == "ingest":
        yield from source_inputs(run.recipe, done)
    yield from outside_inputs(run.recipe, run.step.name)
    yield from (table.read() for table in tables_read(run))


def _outputs(run: StepRun, manifest: Manifest) -> Iterator[OutputDataset]:
    for name in manifest.tables:
        table = Table(run.workspace, manifest, name)
        columns = column_facet(run, table)
        yield table.written({"columnLineage": columns} if columns else {})
    yield from outside_outputs(run.recipe, manifest)


def _run_facets(run: StepRun) -> dict[str, RunFacet]:
    settings = canonical(run.step.settings(run.recipe))
    facets: dict[str, RunFacet] = {
        "daybreak_recipe": RecipeRunFacet(
            run.recipe.name, recipe_hash(run.recipe), hashlib.sha256(settings).hexdigest(), run.fingerprint
        ),
        "daybreak_trace": TraceRunFacet(run.trace_id),
        "processing_engine": _engine(run),
    }
    session = run.spark()
    settings_of_spark = dict(session.sparkContext.getConf().getAll()) if session else {}
    if parent := parent_facet(os.environ, settings_of_spark):
        facets["parent"] = parent
    return facets


def _engine(run: StepRun) -> processing_engine_run.ProcessingEngineRunFacet:
    name, distribution = ENGINES.get(run.step.name, ("Spark", "pyspark"))
    return processing_engine_run.ProcessingEngineRunFacet(
        version=library_version(distribution), name=name, openlineageAdapterVersion=__version__
    )


def _job_facets(run: StepRun) -> dict[str, JobFacet]:
    step = run.step
    return {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="DAYBREAK", jobType="STEP"
        ),
        "daybreak_code": CodeVersionJobFacet(
            code_version(step.code, step.libraries), list(step.code), list(step.libraries)
        ),
    }


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256 of the recipe with all its defaults."""
    return hashlib.sha256(canonical(recipe.model_dump(mode="json"))).hexdigest()
