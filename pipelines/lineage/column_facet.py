"""The columnLineage facet of a table that was written, from what is declared of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openlineage.client.facet_v2 import column_lineage_dataset as lineage

from daybreak.recipe import Recipe
from pipelines.lineage.columns import Origin
from pipelines.lineage.datasets import Table, table_place
from pipelines.lineage.derived import DERIVED
from pipelines.lineage.naming import Place, place_of
from pipelines.lineage.sources import outside_places, source_places
from pipelines.observe.observer import StepRun
from pipelines.quality.book import rulebook

ALWAYS_LOOKED_AT = ("lang", "lang_score", "lang_share", "pii_density")


def column_facet(run: StepRun, table: Table) -> lineage.ColumnLineageDatasetFacet | None:
    """Origins of every column that the table really has; None where nothing is declared or it has no columns."""
    derived, schema = DERIVED.get(run.step.name, {}).get(table.name), table.schema()
    if derived is None or schema is None:
        return None
    fields = {
        column: lineage.Fields(inputFields=inputs)
        for column in schema.names
        if (inputs := list(_inputs(run, derived.origins(column))))
    }
    return lineage.ColumnLineageDatasetFacet(fields=fields, dataset=list(_inputs(run, derived.rows)))


def looked_at(recipe: Recipe) -> list[str]:
    """Columns of signals that the recipe's rules look at."""
    names = dict.fromkeys(name for source in recipe.sources for name in recipe.rules_for(source))
    signals = (rule.signal for rule in rulebook(recipe.quality).rules(names))
    return list(dict.fromkeys([*ALWAYS_LOOKED_AT, *signals]))


def _inputs(run: StepRun, origins: Iterable[Origin]) -> Iterator[lineage.InputField]:
    for origin in origins:
        for place in _places(run, origin):
            for column in _columns(run, origin):
                how = lineage.Transformation(
                    type=origin.type, subtype=origin.kind, masking=origin.masked or None
                )
                yield lineage.InputField(*place, field=column, transformations=[how])


def _places(run: StepRun, origin: Origin) -> Sequence[Place]:
    """The data sets that an origin stands for; none for a step that the recipe does not have."""
    if origin.step == "source":
        named = (source_places(name, source) for name, source in sorted(run.recipe.sources.items()))
        return list(dict.fromkeys(place for places in named for place in places))
    if origin.step == "outside":
        outside = outside_places(run.recipe, run.step.name)
        return [place_of(location) for kind, _, location in outside if kind == origin.table]
    inside = origin.step == run.step.name
    if not inside and origin.table not in getattr(run.inputs.get(origin.step), "tables", ()):
        return []
    return [table_place(run.workspace, origin.step, origin.table)]


def _columns(run: StepRun, origin: Origin) -> Sequence[str]:
    """The column; for `*` those that rules look at and the table has: some rules ask for what a recipe may lack."""
    if origin.column != "*":
        return [origin.column]
    schema = Table(run.workspace, run.inputs[origin.step], origin.table).schema()
    return [name for name in looked_at(run.recipe) if schema is None or name in schema.names]
