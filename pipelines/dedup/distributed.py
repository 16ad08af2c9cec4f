"""Clustering where members or edges do not fit the driver: the same rules, in Spark rounds.

The driver holds one byte a document (its state); pairs and edges stay in Spark. Components are found by
alternating large-star and small-star (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii, SOCC 2014).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from daybreak.errors import AccountingError
from pipelines.dedup.edges import PAIRS, Verifier, union
from pipelines.dedup.greedy import Edges, decide
from pipelines.dedup.nodes import Nodes
from pipelines.dedup.phases import Phase, Phases, read_groups, struct_of
from pipelines.dedup.verify import EDGES
from pipelines.dedup.windows import DROPPED, KEPT, OPEN, Members, windows
from pipelines.spark.naming import describing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

WAITS = -1
"""In the place of a hub: the member may not be kept yet."""

DECIDED = pa.schema([("id", pa.int64()), ("state", pa.int8()), ("left", pa.int64())])
"""A document decided in a pass; or, with id -1, how many edges a task has left."""

_ODD_1, _ODD_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

ROOTS = pa.schema([("id", pa.int64()), ("root", pa.int64())])


def window_pairs(
    members: DataFrame,
    state: np.ndarray,
    asked: np.ndarray,
    window: int,
    slots: int,
    beyond: int | None = None,
) -> DataFrame:
    """PAIRS of `windows` over MEMBERS frames, repeats included; hub is WAITS where the window was too small."""
    held = members.sparkSession.sparkContext.broadcast((state, asked))

    def pair(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        state, asked = held.value
        head, bucket, before = np.zeros(0, np.int64), 0, 0
        for batch in batches:
            if not batch.num_rows:
                continue
            buckets = np.concatenate([np.full(len(head), bucket), batch.column("bucket").to_numpy()])
            ids = np.concatenate([head, batch.column("id").to_numpy()])
            rows = Members(buckets, ids)
            found = windows(rows, state, asked, window, slots, beyond, len(head), before)
            waits = np.unique(found.deep_member[found.deep_over])
            hub = np.concatenate([found.hub, np.full(len(waits), WAITS)])
            yield pa.RecordBatch.from_arrays(
                [pa.array(hub), pa.array(np.concatenate([found.member, waits]))], schema=PAIRS
            )
            head, bucket = found.heads[len(found.heads) - found.tail :], buckets[-1]
            before = found.seen

    return members.mapInArrow(pair, struct_of(PAIRS))


def distributed_stars(nodes: Nodes, verifier: Verifier) -> DataFrame:
    """`rounds.stars` as a frame of the removed documents (`components.MATCHES`)."""
    slots = verifier.settings.hubs
    state = np.zeros(nodes.n, np.int8)
    state[: nodes.earlier.rows] = KEPT
    asked: list[Phase] = []
    edges: list[Phase] = []
    number, window = 1, 1
    while (open_ := state == OPEN).any():
        waits = np.zeros(nodes.n, np.bool_)
        found = _pairs(nodes, f"window-{number}", state, open_, window, slots)
        waits[_members_of(found, True)] = True
        fresh = _fresh(nodes.phases, f"pairs-round-{number}", found, asked)
        if fresh.rows:
            edges.append(verifier.edges(f"round-{number}", fresh))
            asked.append(fresh)
        _decide(nodes.phases, f"round-{number}", state, edges, waits, verifier)
        number, window = number + 1, slots
    last = _pairs(nodes, "window-last", state, state == DROPPED, slots, slots)
    if (fresh := _fresh(nodes.phases, "pairs-last", last, asked)).rows:
        edges.append(verifier.edges("last", fresh))
    return _best(_rows(nodes.phases, edges), last.frame())


def _rows(phases: Phases, edges: list[Phase]) -> DataFrame:
    """All edges so far."""
    none = phases.spark.createDataFrame(EDGES.empty_table())
    return union([none, *(phase.frame() for phase in edges)])


def _pairs(nodes: Nodes, name: str, state: np.ndarray, asked: np.ndarray, window: int, slots: int) -> Phase:
    def build() -> DataFrame:
        return window_pairs(nodes.members.frame(), state, asked, window, slots).distinct()

    return nodes.phases.phase(name, PAIRS, build)


def _fresh(phases: Phases, name: str, pairs: Phase, asked: list[Phase]) -> Phase:
    """`pairs` without waits and what was asked before."""

    def build() -> DataFrame:
        frame = pairs.frame().filter("hub >= 0")
        for phase in asked:
            frame = frame.join(phase.frame(), PAIRS.names, "left_anti")
        return frame

    return phases.phase(name, PAIRS, build)


def _members_of(pairs: Phase, waiting: bool) -> np.ndarray:
    """Members of `pairs`, those that wait or those that have a hub."""
    found = [np.zeros(0, np.int64)]
    for batch in pairs.batches():
        hub, member = batch.column("hub").to_numpy(), batch.column("member").to_numpy()
        found.append(member[(hub == WAITS) == waiting])
    return np.unique(np.concatenate(found))


def _decide(
    phases: Phases, name: str, state: np.ndarray, edges: list[Phase], waits: np.ndarray, verifier: Verifier
) -> None:
    """One round's decisions in `state`; every edge so far is to a document among a bucket's first `slots`."""
    slots, limit = verifier.settings.hubs, verifier.settings.max_driver_edges
    left = sum(phase.rows for phase in edges)
    if left > limit:
        linked = np.zeros(len(state), np.bool_)
        for phase in edges:
            linked[_members_of(phase, False)] = True
        state[(state == OPEN) & ~linked & ~waits] = KEPT
        placed = _by_member(phases, f"sorted-{name}", edges)
        while left > limit:
            left, decided = _pass(placed, state, waits, slots)
            if not decided:
                return
    decide(state, _open_edges(edges, state), waits, slots)


def _by_member(phases: Phases, name: str, edges: list[Phase]) -> Phase:
    def build() -> DataFrame:
        return _rows(phases, edges).repartitionByRange("member").sortWithinPartitions("member", "hub")

    return phases.phase(name, EDGES, build)


def _pass(edges: Phase, state: np.ndarray, waits: np.ndarray, slots: int) -> tuple[int, int]:
    """Each task decides on its own stretch of documents, as far as it can. Edges left, documents decided."""
    spark, store, paths = edges.spark, edges.store, edges.paths
    held = spark.sparkContext.broadcast((state, waits))

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for index in batch.column(0).to_pylist():
                table = pa.Table.from_batches(list(read_groups(store, paths[index], PAIRS.names)), PAIRS)
                yield _stretch(table["hub"].to_numpy(), table["member"].to_numpy(), *held.value, slots)

    files = spark.range(0, len(paths), 1, numPartitions=max(1, len(paths)))
    with describing(spark, f"decide along {edges.rows:,} edges"):
        found = files.mapInArrow(work, struct_of(DECIDED)).toArrow()
    ids, states = found["id"].to_numpy(), found["state"].to_numpy()
    state[ids[ids >= 0]] = states[ids >= 0]
    return int(np.sum(found["left"].to_numpy())), int((ids >= 0).sum())


def _stretch(
    hub: np.ndarray, member: np.ndarray, state: np.ndarray, waits: np.ndarray, slots: int
) -> pa.RecordBatch:
    """DECIDED of the members, all of whose edges are here."""
    first, last = int(member.min()), int(member.max()) + 1
    # A document without edges in this stretch is none of this task's business: it waits here.
    others = np.ones(last - first, np.bool_)
    others[member - first] = False
    before = state[first:last].copy()
    mine = state.copy()
    edges = Edges(hub, member, np.ones(len(hub), np.bool_))
    decide(mine, edges, waits[first:last] | others, slots, first=first)
    ids = np.flatnonzero(mine[first:last] != before) + first
    left = int((mine[member] == OPEN).sum())
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.append(ids, -1)),
            pa.array(np.append(mine[ids], 0).astype(np.int8)),
            pa.array(np.append(np.zeros(len(ids), np.int64), left)),
        ],
        schema=DECIDED,
    )


def _open_edges(edges: list[Phase], state: np.ndarray) -> Edges:
    """The edges of documents that are open, in this process."""
    hubs, members = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for phase in edges:
        for batch in phase.batches(PAIRS.names):
            hub, member = batch.column("hub").to_numpy(), batch.column("member").to_numpy()
            open_ = (state[member] == OPEN) & (state[hub] != DROPPED)
            hubs.append(hub[open_])
            members.append(member[open_])
    hub, member = np.concatenate(hubs), np.concatenate(members)
    order = np.lexsort((hub, member))
    return Edges(hub[order], member[order], np.ones(len(hub), np.bool_))


def _best(edges: DataFrame, pairs: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    key = F.struct("similarity", (-F.col("hub")).alias("place"))
    found = edges.join(pairs, PAIRS.names, "left_semi").groupBy("member").agg(F.max(key).alias("best"))
    hub = -F.col("best.place")
    return found.select(
        F.col("member").alias("id"), hub.alias("cluster"), hub.alias("match"), "best.similarity"
    )


def distributed_components(edges: Phase, phases: Phases) -> DataFrame:
    """`components.components` as a frame."""
    from pyspark.sql import functions as F

    roots = _roots(edges, phases).frame()
    ends = edges.frame()
    turned = ends.select(F.col("member").alias("near"), F.col("hub").alias("id"), "similarity")
    both = ends.select(F.col("hub").alias("near"), F.col("member").alias("id"), "similarity").union(turned)
    rank = F.when(F.col("near") == F.col("root"), 2).when(F.col("near") < F.col("id"), 1).otherwise(0)
    key = F.struct(rank.alias("rank"), "similarity", (-F.col("near")).alias("place"))
    found = both.join(roots, "id").groupBy("id", "root").agg(F.max(key).alias("best"))
    match = (-F.col("best.place")).alias("match")
    return found.select("id", F.col("root").alias("cluster"), match, "best.similarity")


def _roots(edges: Phase, phases: Phases) -> Phase:
    """ROOTS: every document but the first of its component, with that first one."""
    pairs, number = edges, 0
    before: tuple[int, int] | None = None
    while (now := _sum(pairs)) != before:
        pairs, before, number = _star_round(pairs, phases, number + 1), now, number + 1
    return _checked(pairs, edges, phases)


def _star_round(pairs: Phase, phases: Phases, number: int) -> Phase:
    def build() -> DataFrame:
        return _small_star(_large_star(pairs.frame().select(*PAIRS.names)))

    return phases.phase(f"stars-{number}", PAIRS, build)


def _large_star(pairs: DataFrame) -> DataFrame:
    """Each document's later neighbours are linked to the least of it and its neighbours."""
    from pyspark.sql import functions as F

    both = pairs.select(F.col("hub").alias("v"), F.col("member").alias("u")).union(
        pairs.select(F.col("member").alias("v"), F.col("hub").alias("u"))
    )
    least = both.groupBy("u").agg(F.least(F.min("v"), F.col("u")).alias("m"))
    return (
        both.join(least, "u")
        .filter("v > u")
        .select(F.col("m").alias("hub"), F.col("v").alias("member"))
        .distinct()
    )


def _small_star(pairs: DataFrame) -> DataFrame:
    """Each document and its earlier neighbours are linked to the least of them."""
    from pyspark.sql import functions as F

    least = pairs.groupBy("member").agg(F.min("hub").alias("m"))
    own = least.select(F.col("m").alias("hub"), "member")
    moved = (
        pairs.join(least, "member")
        .filter("hub > m")
        .select(F.col("m").alias("hub"), F.col("hub").alias("member"))
    )
    return own.union(moved).distinct()


def _sum(pairs: Phase) -> tuple[int, int]:
    """Rows and a sum of hashes: two sets of pairs that differ have, as good as surely, different ones."""
    total = np.uint64(0)
    for batch in pairs.batches(PAIRS.names):
        hub, member = (batch.column(name).to_numpy().view(np.uint64) for name in PAIRS.names)
        mixed = (hub * _ODD_1) ^ (member * _ODD_2 + _ODD_1)
        total = total + np.sum((mixed ^ (mixed >> np.uint64(29))) * _ODD_2, dtype=np.uint64)
    return pairs.rows, int(total)


def _checked(pairs: Phase, edges: Phase, phases: Phases) -> Phase:
    """ROOTS of `pairs`. Raises AccountingError where a document has two roots, none, or one that is no root."""
    from pyspark.sql import functions as F

    def build() -> DataFrame:
        return pairs.frame().select(F.col("member").alias("id"), F.col("hub").alias("root"))

    roots = phases.phase("roots", ROOTS, build)
    ends = edges.frame().select(F.explode(F.array("hub", "member")).alias("id")).distinct()
    frame = roots.frame()
    first = frame.select(F.col("root").alias("id")).distinct()
    with describing(phases.spark, "check the components"):
        ids = frame.select("id").distinct().count()
        stray = first.join(frame, "id", "left_semi").count()
        whole = ids == roots.rows and not stray and ids + first.count() == ends.count()
    if not whole:
        raise AccountingError("dedup: a document is in no component, or in more than one")
    return roots
