"""Across units, in Spark: which copies of a passage stay. Sorted rows stream; nothing collects one passage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Prior = Callable[[DataFrame], DataFrame]
"""Given hashes (one column, `hash`, each once), those that a run before this one has seen."""

FIRSTS = "level tinyint, hash long, order binary, unit int"
ANCHORS = "hash long, more boolean, unit int"
JUDGED = "level tinyint, hash long, unit int, loses boolean, new boolean"
"""Spark columns of what units bring (`scan.Firsts`, `scan.anchors_of`) and of what becomes of it."""


def keep_first(
    firsts: DataFrame, copies: Sequence[int], priors: Mapping[int, Prior], news: bool = False
) -> DataFrame:
    """The rows of `firsts` that do not stay (`loses`) and, with `news`, those seen for the first time (`new`).

    firsts: FIRSTS, where a document belongs to one unit and `order` is its declared order. copies: how many stay,
    by level. priors: by level; where one has seen a hash, none stays. The result depends on the rows alone, not
    on their order or partitions. Columns JUDGED.
    """
    marked = _marked(firsts, priors)
    placed = marked.repartition("level", "hash").sortWithinPartitions("level", "hash", "order")
    return placed.mapInArrow(partial(_judge, copies=np.array(copies), news=news), JUDGED)


def repeated(anchors: DataFrame) -> DataFrame:
    """The rows (hash, unit) of `anchors` whose hash stands more than once, in one unit or in several."""
    placed = anchors.repartition("hash").sortWithinPartitions("hash", "unit")
    return placed.mapInArrow(_several, "hash long, unit int")


def _marked(firsts: DataFrame, priors: Mapping[int, Prior]) -> DataFrame:
    """With `seen`: whether a prior has the hash."""
    if not priors:
        return firsts.withColumn("seen", F.lit(False))
    known = [
        prior(firsts.filter(F.col("level") == level).select("hash").distinct())
        .select("hash")
        .distinct()
        .withColumn("level", F.lit(level).cast("tinyint"))
        for level, prior in priors.items()
    ]
    seen = known[0]
    for frame in known[1:]:
        seen = seen.unionByName(frame)
    joined = firsts.join(seen.withColumn("seen", F.lit(True)), ["level", "hash"], "left")
    return joined.withColumn("seen", F.coalesce("seen", F.lit(False)))


def _judge(batches: Iterator[pa.RecordBatch], copies: np.ndarray, news: bool) -> Iterator[pa.RecordBatch]:
    """Rows by level, hash and order, whose runs may go over from one batch to the next."""
    last, before = (-1, 0), 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        levels, hashes = (batch.column(name).to_numpy() for name in ("level", "hash"))
        places = _places(levels, hashes, last, before)
        seen = batch.column("seen").to_numpy(zero_copy_only=False)
        loses = seen | (places >= copies[levels])
        new = (places == 0) & ~seen
        last, before = (int(levels[-1]), int(hashes[-1])), int(places[-1]) + 1
        table = batch.select(["level", "hash", "unit"])
        table = table.append_column("loses", pa.array(loses)).append_column("new", pa.array(new))
        yield table.filter(pa.array(loses | new if news else loses))


def _places(levels: np.ndarray, hashes: np.ndarray, last: tuple[int, int], before: int) -> np.ndarray:
    """Place of each row in its run of equal level and hash, from 0; the run `last` has `before` rows already."""
    opens = np.ones(len(hashes), bool)
    opens[1:] = (levels[1:] != levels[:-1]) | (hashes[1:] != hashes[:-1])
    starts = np.flatnonzero(opens)
    runs = np.cumsum(opens) - 1
    places = np.arange(len(hashes)) - starts[runs]
    if (int(levels[0]), int(hashes[0])) == last:
        places[runs == 0] += before
    return places


def _several(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows by hash. The last row of a batch waits for the next one, which may have its hash."""
    waiting = pa.RecordBatch.from_arrays([pa.array([], t) for t in _ANCHOR_TYPES], names=_ANCHOR_NAMES)
    for batch in batches:
        rows = pa.Table.from_batches([waiting, batch.select(_ANCHOR_NAMES)]).combine_chunks().to_batches()
        if not rows:
            continue
        marked = _with_neighbours(rows[0])
        waiting = marked.slice(marked.num_rows - 1)
        yield _found(marked.slice(0, marked.num_rows - 1))
    yield _found(waiting)


_ANCHOR_NAMES = ["hash", "more", "unit"]
_ANCHOR_TYPES = (pa.int64(), pa.bool_(), pa.int32())


def _with_neighbours(rows: pa.RecordBatch) -> pa.RecordBatch:
    """`more` is true as well where the row before or behind has the same hash."""
    hashes = rows.column("hash").to_numpy()
    same = np.zeros(len(hashes) + 1, bool)
    same[1:-1] = hashes[1:] == hashes[:-1]
    more = rows.column("more").to_numpy(zero_copy_only=False) | same[1:] | same[:-1]
    return rows.set_column(1, "more", pa.array(more))


def _found(rows: pa.RecordBatch) -> pa.RecordBatch:
    return rows.filter(rows.column("more")).select(["hash", "unit"])
