"""Facets of our own; `facets.json` beside this file is their JSON Schema."""

from __future__ import annotations

import attr
from openlineage.client.facet_v2 import DatasetFacet, JobFacet, RunFacet

SCHEMA = "urn:daybreak:lineage:1-0-0#/$defs/"


@attr.define
class AccountingFields:
    """What one stage did with the documents of one source: see `daybreak.accounting.Count`."""

    stage: str
    source: str
    outcome: str
    documents: int
    bytes: int
    rule: str | None = None
    tokens: int | None = None


@attr.define
class AccountingRunFacet(RunFacet):
    """Documents in = kept + dropped, by rule, + quarantined, in each stage of the step."""

    counts: list[AccountingFields]

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA + "AccountingRunFacet"


@attr.define
class RecipeRunFacet(RunFacet):
    """What was asked for: SHA-256 of the recipe, of the step's settings, and of all that its output depends on."""

    recipe: str
    recipeHash: str
    settingsHash: str
    stepFingerprint: str

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA + "RecipeRunFacet"


@attr.define
class TraceRunFacet(RunFacet):
    """The W3C trace that the run is part of."""

    traceId: str

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA + "TraceRunFacet"


@attr.define
class CodeVersionJobFacet(JobFacet):
    """Hash of the sources that decide the step's output, and which packages and distributions they are."""

    version: str
    modules: list[str]
    libraries: list[str]

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA + "CodeVersionJobFacet"


@attr.define
class StepDatasetFacet(DatasetFacet):
    """Where a data set stands in the line: a source's name and layout, or a step's table."""

    kind: str
    step: str
    table: str

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA + "StepDatasetFacet"
