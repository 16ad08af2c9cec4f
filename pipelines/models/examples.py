"""Examples to train on: texts of the places a user names, each text once, chosen and split by keyed hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from daybreak.recipe.sources import FORMATS
from daybreak.workspace import Workspace
from pipelines.extract.html import Extract
from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input, expand
from pipelines.ingest.registry import READERS
from pipelines.kernels.hashing import keyed_hash
from pipelines.parts import filtered, read_part
from pipelines.reading import KeptUnit

VERDICTS = ("kept", "dropped")
SUFFIXES = {".parquet": "parquet", ".jsonl": "jsonl", ".json": "jsonl"}
EXAMPLES = pa.schema([("doc_id", pa.string()), ("text", pa.large_string())])


@dataclass(frozen=True)
class Place:
    """One place of examples. layout: a format of the ingest readers, or `kept` or `dropped` of a workspace."""

    layout: str
    path: str

    def __str__(self) -> str:
        return f"{self.layout}:{self.path}"


def place_of(text: str) -> Place:
    """Read `LAYOUT:PATH`; without a layout, a path that ends in .parquet, .jsonl or .json (compressed or not)."""
    layout, colon, path = text.partition(":")
    if colon and layout in (*FORMATS, *VERDICTS):
        return Place(layout, path)
    found = [known for suffix, known in SUFFIXES.items() if suffix in Path(text).suffixes]
    if not found or (colon and not path.startswith("//")):
        known = ", ".join((*FORMATS, *VERDICTS))
        raise InputError(f"{text}: name its layout, as in c4:{path or text}; known: {known}")
    return Place(found[0], text)


def gather(side: str, places: Sequence[Place], limit: int, seed: int, options: Mapping[str, Any]) -> pa.Table:
    """At most `limit` examples of one side, in order of their keyed hash; blank texts and repeated ones left out.

    options go to the readers (text_key and the like). Raises InputError where nothing is found.
    """
    held = EXAMPLES.empty_table()
    for batch in _batches(side, places, options):
        held = pa.concat_tables([held, pa.Table.from_batches([batch]).cast(EXAMPLES)])
        if held.num_rows > 2 * limit:
            held = _first(held, limit, seed)
    held = _first(held, limit, seed)
    if held.num_rows == 0:
        raise InputError(f"no {side} example with text in {', '.join(map(str, places))}")
    return held


def without_shared(positive: pa.Table, negative: pa.Table) -> tuple[pa.Table, pa.Table, int]:
    """Both sides without the texts that stand on both, and how many these are: they teach nothing."""
    ours, theirs = (keyed_hash(side.column("text"), 0) for side in (positive, negative))
    shared = np.intersect1d(ours, theirs)
    return (
        positive.filter(pa.array(~np.isin(ours, shared))),
        negative.filter(pa.array(~np.isin(theirs, shared))),
        len(shared),
    )


def content_digest(examples: pa.Table) -> str:
    """SHA-256 over the texts, whatever their order and wherever they were read from."""
    texts = (hashlib.sha256(text.encode()).digest() for text in examples.column("text").to_pylist())
    return hashlib.sha256(b"".join(sorted(texts))).hexdigest()


def _first(table: pa.Table, limit: int, seed: int) -> pa.Table:
    """The first `limit` rows by (keyed hash of doc_id, doc_id), each text once."""
    table = table.combine_chunks()
    keyed = table.append_column("key", pa.array(keyed_hash(table.column("doc_id"), seed)))
    ordered = keyed.sort_by([("key", "ascending"), ("doc_id", "ascending")]).drop(["key"])
    _, first = np.unique(keyed_hash(ordered.column("text"), 0), return_index=True)
    return ordered.take(pa.array(np.sort(first)[:limit])).combine_chunks()


def _batches(side: str, places: Iterable[Place], options: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    for place in places:
        if place.layout in VERDICTS:
            found = _of_workspace(place)
        else:
            found = (b for item in expand(side, [place.path]) for b in _of_file(place, item, options))
        for batch in found:
            text = pc.utf8_trim_whitespace(pc.fill_null(batch.column("text"), ""))
            yield batch.filter(pc.greater(pc.binary_length(text), 0)).select(EXAMPLES.names)


def _of_file(place: Place, item: Input, options: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    """Records as ingest reads and extracts them, less those that it would drop or quarantine."""
    extract = Extract()
    for raw in READERS[place.layout](item.path, options=options):
        raw = raw.append_column("doc_id", doc_id(item.source, item.file, raw))
        done = extract(raw).append_column("doc_id", raw.column("doc_id"))
        yield done.filter(pc.and_(done.column("error").is_null(), done.column("drop").is_null()))


def _of_workspace(place: Place) -> Iterator[pa.RecordBatch]:
    """Documents that a finished run kept, or that its filter dropped (duplicates are not poor texts)."""
    for unit in _units(place):
        mask = unit.mask()
        assert mask is not None
        store, path = unit.documents
        wanted = mask if place.layout == "kept" else ~mask
        yield from filtered(read_part(store, path, EXAMPLES.names, 512), wanted)


def _units(place: Place) -> list[KeptUnit]:
    workspace = Workspace(place.path)
    manifests = {step: workspace.manifest(step) for step in ("ingest", "filter", "dedup")}
    ingest, judged = manifests["ingest"], manifests["filter"]
    if ingest is None or judged is None:
        raise InputError(
            f"{place.path} is no workspace with documents and decisions: run ingest and filter first"
        )
    steps = [judged, manifests["dedup"]] if place.layout == "kept" else [judged]
    decided = [(m, {e.path.rsplit("/", 1)[1]: e.path for e in m.tables["decisions"]}) for m in steps if m]
    return [
        KeptUnit(
            unit=entry.path,
            size=entry.bytes,
            documents=(workspace.data(ingest), entry.path),
            decisions=tuple(
                (workspace.data(m), parts.get(entry.path.rsplit("/", 1)[1])) for m, parts in decided
            ),
        )
        for entry in ingest.tables["documents"]
    ]
