"""Tables of the workspace as data sets: what a step reads of earlier ones and what it wrote, with their facets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    dataset_type_dataset,
    dataset_version_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    storage_dataset,
)

from daybreak.manifest import FileEntry, Manifest, canonical
from daybreak.storage import Store
from daybreak.workspace import Workspace
from pipelines.lineage.derived import DERIVED, READS
from pipelines.lineage.facets import StepDatasetFacet
from pipelines.lineage.naming import Place, place_of, storage_layer
from pipelines.observe.observer import StepRun

Facets = dict[str, DatasetFacet]
InputFacets = dict[str, InputDatasetFacet]
FORMATS = {"parquet": "parquet", "arrow": "arrow", "jsonl": "jsonl", "model": "sentencepiece", "html": "html"}


@dataclass(frozen=True)
class Table:
    """One table of a finished step."""

    workspace: Workspace
    manifest: Manifest
    name: str

    @property
    def place(self) -> Place:
        """WORKSPACE/step/table: the same name for every build, whose content the version tells apart."""
        return table_place(self.workspace, self.manifest.step, self.name)

    @property
    def entries(self) -> Sequence[FileEntry]:
        """Its files."""
        return self.manifest.tables[self.name]

    @property
    def version(self) -> str:
        """SHA-256 over the checksums of its files."""
        return hashlib.sha256(canonical([[e.path, e.sha256] for e in self.entries])).hexdigest()

    def schema(self) -> pa.Schema | None:
        """Columns, read from the first file; None where it has none."""
        store = self.workspace.data(self.manifest)
        for entry in self.entries:
            if entry.path.endswith(".parquet"):
                return pq.read_schema(store.path(entry.path), filesystem=store.filesystem)
            if entry.path.endswith(".arrow"):
                return _stream_schema(store, entry.path)
        return None

    def facets(self) -> Facets:
        """Version, type, storage, and the place in the line."""
        suffix = self.entries[0].path.rsplit(".", 1)[-1] if self.entries else ""
        kind = {"model": "MODEL", "page": "FILE"}.get(self.name, "TABLE")
        return {
            "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=self.version),
            **kept_at(self.place, kind, FORMATS.get(suffix, suffix)),
            "daybreak_step": StepDatasetFacet("table", self.manifest.step, self.name),
        }

    def read(self) -> InputDataset:
        """As an input."""
        counted = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(*self._figures())
        facets: InputFacets = {"inputStatistics": counted}
        return InputDataset(*self.place, facets=self.facets(), inputFacets=facets)

    def written(self, more: Facets) -> OutputDataset:
        """As an output, with the facets that its step adds."""
        facets = self.facets() | more
        if (schema := self.schema()) is not None:
            facets["schema"] = schema_facet(schema)
        counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(*self._figures())
        return OutputDataset(*self.place, facets=facets, outputFacets={"outputStatistics": counted})

    def _figures(self) -> tuple[int, int, int]:
        """Rows, bytes, files."""
        entries = self.entries
        return sum(e.rows for e in entries), sum(e.bytes for e in entries), len(entries)


def table_place(workspace: Workspace, step: str, table: str) -> Place:
    """What a step's table is called."""
    root = workspace.store.root if workspace.store.local else _uri(workspace.store)
    return place_of(root).below(step, table)


def _uri(store: Store) -> str:
    return f"{store.filesystem.type_name}://{store.root}"


def schema_facet(schema: pa.Schema) -> schema_dataset.SchemaDatasetFacet:
    """Columns with Arrow's names of their types."""
    return schema_dataset.SchemaDatasetFacet(
        fields=[
            schema_dataset.SchemaDatasetFacetFields(name=f.name, type=str(f.type), ordinal_position=n)
            for n, f in enumerate(schema, 1)
        ]
    )


def _stream_schema(store: Store, path: str) -> pa.Schema:
    with store.filesystem.open_input_stream(store.path(path)) as stream:
        return pa.ipc.open_stream(stream).schema


def kept_at(place: Place, kind: str, layout: str) -> Facets:
    """Facets of type and storage."""
    return {
        "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet(datasetType=kind),
        "storage": storage_dataset.StorageDatasetFacet(
            storageLayer=storage_layer(place), fileFormat=layout or None
        ),
    }


def tables_read(run: StepRun) -> Iterator[Table]:
    """The tables of earlier steps that the step reads: those that its columns come from, or all of what it needs."""
    declared = DERIVED.get(run.step.name)
    for need, manifest in run.inputs.items():
        for name in manifest.tables:
            if declared is None or f"{need}.{name}" in _named(run.step.name):
                yield Table(run.workspace, manifest, name)


def _named(step: str) -> set[str]:
    origins = {f"{o.step}.{o.table}" for table in DERIVED[step].values() for o in table.all_origins()}
    return origins | set(READS.get(step, ()))
