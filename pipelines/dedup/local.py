"""The stage in one process, where a scan fits it: the same rule by the same kernels, without a Spark job.

Documents are numbered in the declared order, once for all levels; what Spark does by joins is done by number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.schema import CLUSTERS
from pipelines.dedup.components import components
from pipelines.dedup.judged import DECIDED, JUDGED, PLACED, SIZED, decided, members
from pipelines.dedup.local_nodes import LocalNodes
from pipelines.dedup.local_sets import LocalVerifier, ReadTexts
from pipelines.dedup.names import Names
from pipelines.dedup.prior import Prior, check_prior
from pipelines.dedup.rounds import stars, unique_pairs
from pipelines.dedup.settings import LEVELS, DedupSettings
from pipelines.dedup.windows import DROPPED, windows
from pipelines.spark.naming import describing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MOST_BYTES = 1 << 30
"""Bytes of shingle sets that one process may hold."""

SET_BYTES = {"words": 1, "auto": 2, "characters": 4}
"""Bytes of a shingle set a byte of text, at most or nearly so, by the kind of shingles."""


def fits(documents: int, n_bytes: int, settings: DedupSettings, prior: bool = False) -> bool:
    """Whether one process can deduplicate so many documents of so many bytes of text.

    With a prior, each of their buckets may come back with `hubs` earlier documents.
    """
    if documents > settings.max_driver_documents:
        return False
    rows = documents * settings.bands * (1 + settings.hubs * prior)
    sets = n_bytes * SET_BYTES[settings.shingles]
    return "near" not in settings.levels or (rows <= settings.max_driver_edges and sets <= MOST_BYTES)


class LocalDeduped(NamedTuple):
    """What `LocalDedup` gives. decisions: `judged.DECIDED`. clusters: CLUSTERS. placed: `judged.PLACED`."""

    decisions: pa.Table
    clusters: pa.Table
    placed: pa.Table


@dataclass(frozen=True)
class LocalDedup:
    """`stage.Dedup` over tables in this process; only what a prior is asked goes through Spark."""

    settings: DedupSettings

    def __call__(
        self, docs: pa.Table, texts: ReadTexts, prior: Prior | None = None, spark: SparkSession | None = None
    ) -> LocalDeduped:
        """Decisions on `docs` (`signatures.SIGNATURES`, any order). `spark` is needed where there is a prior."""
        check_prior(self.settings, prior)
        ordered = docs.sort_by("order").combine_chunks()
        levels = _Levels(ordered, self.settings, spark)
        if "url" in self.settings.levels:
            levels.equal("url", prior.urls if prior else None)
        if "exact" in self.settings.levels:
            levels.equal("exact", prior.exact if prior else None)
        if "near" in self.settings.levels:
            levels.near(texts, prior)
        judged = levels.judged()
        batches = judged.to_batches()
        placed = judged.filter(judged["level"].is_valid()).select(PLACED.names)
        decisions = pa.Table.from_batches(decided(batches, self.settings.threshold), DECIDED)
        clusters = pa.Table.from_batches(members(_sized(judged).to_batches()), CLUSTERS)
        return LocalDeduped(decisions, clusters, placed)


class _Levels:
    """What became of each document so far, by number: int8 level (0: kept), and, for those that went, by number of
    `Names`, what they matched and what their cluster keeps."""

    def __init__(self, docs: pa.Table, settings: DedupSettings, spark: SparkSession | None) -> None:
        n = len(docs)
        self._docs, self._settings, self._spark = docs, settings, spark
        self._names = Names(_column(docs, "doc_id"))
        self._level = np.zeros(n, np.int8)
        self._match, self._cluster = np.arange(n), np.arange(n)
        self._similarity = np.full(n, np.nan)

    def equal(self, level: str, ask: Callable[[DataFrame], DataFrame] | None) -> None:
        """Of documents with one hash the first stays, and none that the prior knows (`levels.first_of_each`)."""
        hashes = _column(self._docs, f"{level}_hash")
        ids = np.flatnonzero((self._level == 0) & hashes.is_valid().to_numpy(zero_copy_only=False))
        coded = hashes.take(pa.array(ids)).dictionary_encode()
        codes = coded.indices.to_numpy()
        first = ids[np.unique(codes, return_index=True)[1]]
        match, kept = first[codes], first[codes]
        if ask is not None:
            old_match, old_kept = self._known(f"{level}_hash", coded.dictionary, ask)
            known = old_match[codes] >= 0
            match, kept = np.where(known, old_match[codes], match), np.where(known, old_kept[codes], kept)
        gone = match != ids
        self._remove(level, ids[gone], match[gone], kept[gone], np.ones(int(gone.sum())))

    def _known(
        self, name: str, hashes: pa.Array, ask: Callable[[DataFrame], DataFrame]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of each hash the document that a prior has for it, and the one that stayed for that; -1 where none."""
        found = self._asked(ask, name, hashes)
        kept = found["kept"] if "kept" in found.column_names else found["doc_id"]
        match, stays = (self._names.add(ids, found["set"]) for ids in (found["doc_id"], kept))
        at = pc.fill_null(pc.index_in(hashes, found[name].combine_chunks()), -1).to_numpy()
        return np.append(match, -1)[at], np.append(stays, -1)[at]

    def _asked(self, ask: Callable[[DataFrame], DataFrame], name: str, keys: pa.Array) -> pa.Table:
        assert self._spark is not None
        with describing(self._spark, f"ask earlier batches for {len(keys):,} of {name}"):
            return ask(self._spark.createDataFrame(pa.table({name: keys}))).toArrow()

    def near(self, texts: ReadTexts, prior: Prior | None) -> None:
        """Near duplicates among documents that have buckets (`near.Near`)."""
        bands = _column(self._docs, "bands")
        ids = np.flatnonzero((self._level == 0) & bands.is_valid().to_numpy(zero_copy_only=False))
        earlier = None
        if prior is not None:
            keys = bands.take(pa.array(ids)).flatten().unique()
            earlier = self._asked(prior.buckets, "bucket", keys)
        nodes = LocalNodes.of(bands, ids, earlier)
        numbers = np.concatenate([self._names.add(nodes.earlier["doc_id"], nodes.earlier["set"]), ids])
        verify = LocalVerifier(
            self._docs.select(["doc_id", "unit", "row"]).take(pa.array(ids)),
            nodes.earlier["doc_id"].combine_chunks(),
            texts,
            self._settings,
            None if prior is None else lambda names: self._asked(prior.sets, "doc_id", names),
        )
        found = self._clustered(nodes, verify)
        gone, cluster, match = (numbers[found[name].to_numpy()] for name in ("id", "cluster", "match"))
        self._remove("near", gone, match, cluster, found["similarity"].to_numpy())

    def _clustered(self, nodes: LocalNodes, verify: LocalVerifier) -> pa.Table:
        """`components.MATCHES` of the removed nodes."""
        settings, n = self._settings, nodes.n
        if settings.cluster == "components":
            state, asked, most = np.zeros(n, np.int8), np.ones(n, np.bool_), settings.all_pairs
            pairs = unique_pairs(windows(nodes.members, state, asked, most, most, settings.hubs), n)
            edges = verify("all", pairs.key % n, pairs.key // n)
            return components(pa.table(edges, names=["hub", "member", "similarity"]), n)
        found = stars(nodes.members, n, len(nodes.earlier), verify, settings.hubs)
        gone = np.flatnonzero(found.state == DROPPED)
        matched = found.matched[gone]
        return pa.table(
            {"id": gone, "cluster": matched, "match": matched, "similarity": found.similarity[gone]}
        )

    def _remove(
        self, level: str, ids: np.ndarray, match: np.ndarray, cluster: np.ndarray, similarity: np.ndarray
    ) -> None:
        self._level[ids] = LEVELS.index(level) + 1
        self._match[ids], self._cluster[ids], self._similarity[ids] = match, cluster, similarity

    def judged(self) -> pa.Table:
        """JUDGED. What a document matched may itself have gone at a later level, up to the one that stays."""
        for depth in range(len(LEVELS) - 1, 0, -1):
            moved = np.flatnonzero((self._level == depth) & (self._cluster < len(self._level)))
            self._cluster[moved] = self._cluster[self._cluster[moved]]
        kept = self._level == 0
        known = {name: _column(self._docs, name) for name in ("doc_id", "unit", "row", "source", "n_bytes")}
        match, cluster = (pa.array(numbers) for numbers in (self._match, self._cluster))
        known |= {
            "level": pa.array(["", *LEVELS]).take(pa.array(self._level)),
            "matched": self._names.ids.take(match),
            "similarity": pa.array(self._similarity),
            "set": self._names.sets.take(match),
        }
        for name in ("level", "matched", "similarity", "set"):
            known[name] = pc.if_else(pa.array(kept), pa.scalar(None, known[name].type), known[name])
        known["cluster_id"] = self._names.ids.take(cluster)
        return pa.table([known[name] for name in JUDGED.names], schema=JUDGED)


def _sized(judged: pa.Table) -> pa.Table:
    """`judged.SIZED`, by the names of clusters: a document of before this run may have the name of one of it."""
    depth = pc.fill_null(pc.index_in(judged["level"], pa.array(LEVELS)), -1).to_numpy() + 1
    coded = judged["cluster_id"].combine_chunks().dictionary_encode()
    code = coded.indices.to_numpy()
    size = np.bincount(code[depth > 0], minlength=len(coded.dictionary)) + 1
    deepest = np.zeros(len(size), np.int8)
    np.maximum.at(deepest, code, depth.astype(np.int8))
    columns = {"size": pa.array(size[code].astype(np.int32)), "depth": pa.array(deepest[code])}
    known = {name: judged[name] for name in PLACED.names} | columns
    sized = pa.table([known[name] for name in SIZED.names], schema=SIZED)
    return sized.filter(pa.array(size[code] > 1)).combine_chunks()


def _column(table: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    column = table[name]
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    )
