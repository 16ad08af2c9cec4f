"""Our own side of the dedup race: signatures in one process, the whole step through Spark, paragraphs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpus import batches
from daybreak.errors import InputError
from daybreak.recipe import load_recipe
from daybreak.workspace import Workspace
from pipelines.dedup.normal import exact_hash
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.signatures import band_lists
from pipelines.runner import Runner

SHARDS = 4
RECIPE = """
name: race
workspace: {folder}/ws
sources: {{race: {{format: parquet, paths: ["{folder}/shards/*.parquet"], rules: []}}}}
spark: {{master: "local[2]", driver_memory: 2g, shuffle_partitions: 8}}
language: {{min_score: 0}}
scrub: {{email: false, ip: false, phone: false, card: false, iban: false, national_id: false, wallet: false,
        secret: false}}
dedup:
  certificate: null
  max_driver_documents: {most}
  near: {{bands: {bands}, rows: {rows}, threshold: {threshold}}}
"""
PASSAGES = "passages: {paragraphs: {}}\n"


def signature_seconds(texts: Sequence[str], bands: int, rows: int, threshold: float) -> float:
    """CPU seconds of exact hash and band hashes of all texts, one thread, kernels compiled before."""
    settings = DedupSettings(bands=bands, rows=rows, threshold=threshold)
    band_lists(pa.array(["one two three four five six"]), settings)
    exact_hash(pa.array(["a"]))
    began = time.process_time()
    for batch in batches(list(texts)):
        exact_hash(batch)
        band_lists(batch, settings)
    return time.process_time() - began


def paragraph_seconds(folder: Path, texts: Sequence[str]) -> dict[str, float]:
    """CPU seconds of finding repeated paragraphs: cut, hashed and compared in one thread; and as a step through Spark.

    Raises InputError in a checkout without the step `passages`.
    """
    if find_spec("pipelines.passages") is None:
        raise InputError("this checkout has no step passages")
    from pipelines.passages.settings import settings_of

    runner = write_workspace(folder, texts, 14, 8, 0.75, PASSAGES)
    cut = settings_of(runner.recipe).units["paragraphs"].cut
    cut(pa.array(["one\ntwo"]))
    began = time.process_time()
    np.unique(np.concatenate([cut(batch).hashes for batch in batches(list(texts))]), return_index=True)
    alone = time.process_time() - began
    list(runner.run(["ingest", "filter", "dedup"]))
    began = cpu_seconds()
    list(runner.run(["passages"]))
    return {"one thread": alone, "step": cpu_seconds() - began}


def write_workspace(
    folder: Path,
    texts: Sequence[str],
    bands: int,
    rows: int,
    threshold: float,
    more: str = "",
    most: int = 200_000,
) -> Runner:
    """A runner whose recipe reads the texts as they are and drops nothing but duplicates; the place is the URL.

    most: documents up to which dedup runs in one process.
    """
    (folder / "shards").mkdir(parents=True)
    urls = [f"https://www.example.org/{place}" for place in range(len(texts))]
    for shard in range(SHARDS):
        table = pa.table({"text": list(texts)[shard::SHARDS], "url": urls[shard::SHARDS]})
        pq.write_table(table, folder / f"shards/{shard}.parquet", row_group_size=2000)
    file = folder / "race.yaml"
    file.write_text(
        RECIPE.format(folder=folder, bands=bands, rows=rows, threshold=threshold, most=most) + more
    )
    return Runner(load_recipe(file))


def removed(folder: Path) -> list[int]:
    """Places of the documents that dedup dropped."""
    workspace = Workspace(folder / "ws")
    gone: set[str] = set()
    places: dict[str, int] = {}
    for step, table in (("dedup", "decisions"), ("ingest", "documents")):
        manifest = workspace.manifest(step)
        assert manifest is not None
        for entry in manifest.tables[table]:
            path = workspace.data(manifest).path(entry.path)
            if table == "decisions":
                rows = pq.read_table(path, columns=["doc_id", "verdict"]).to_pylist()
                gone.update(row["doc_id"] for row in rows if row["verdict"] == "drop")
            else:
                found = pq.read_table(path, columns=["doc_id", "url"]).to_pylist()
                places.update((row["doc_id"], int(row["url"].rsplit("/", 1)[1])) for row in found)
    return sorted(places[doc_id] for doc_id in gone)


def cpu_seconds() -> float:
    """CPU time of this process and all its living descendants, those they have waited for included."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total
