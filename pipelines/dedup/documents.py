"""The scan of a run, from its recipe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.dedup.engines import ENGINES
from pipelines.dedup.phases import Phase, Phases, struct_of
from pipelines.dedup.scan import ScanUnit, Unit
from pipelines.dedup.signatures import SIGNATURES
from pipelines.dedup.wanted import declared_order, stage_settings
from pipelines.spark.narrow import scan_units
from pipelines.step import Context

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FEW_BYTES = 64 << 20
"""Bytes of units, as stored, up to which starting Spark's workers costs more than the scan."""


def scanned(context: Context, units: Sequence[Unit], phases: Phases) -> Phase:
    """SIGNATURES of all documents of the units, as the phase `scan`: in this process where they are few."""
    settings = stage_settings(context.recipe)
    narrow = "near" not in settings.levels or ENGINES[settings.engine].narrow
    if not narrow or sum(unit.size for unit in units) > FEW_BYTES:
        return phases.phase("scan", SIGNATURES, lambda: documents(context, units))
    read = ScanUnit(settings, declared_order(context.recipe))
    return phases.here("scan", SIGNATURES, lambda: chain.from_iterable(map(read, units)))


def documents(context: Context, units: Sequence[Unit]) -> DataFrame:
    """SIGNATURES of all documents of the units."""
    recipe, settings = context.recipe, stage_settings(context.recipe)
    read = ScanUnit(settings, declared_order(recipe))
    docs = scan_units(context.spark, units, read, struct_of(SIGNATURES), recipe.spark.partitions)
    return ENGINES[settings.engine].bands(docs, settings) if "near" in settings.levels else docs
