"""All pairs of similar documents, with no MinHash between: what a run of dedup is judged by.

`python -m benchmarks.dedup_truth [DOCUMENTS]` takes so many documents of the bench corpus (default 5,000), finds every
pair of Jaccard 0.5 or more, and prints how many there are by similarity and what of them each banding would miss.
With `--decisions FILE` (Parquet or JSON Lines: doc_id, verdict, detail) it judges a run on the same documents.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq
from numba import njit
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import batches, bench_rows
from pipelines.dedup.banding import candidate_probability
from pipelines.dedup.shingles import shingle_sets

FLOOR = 0.5
BANDINGS = ((14, 8), (24, 6), (20, 13))


@dataclass(frozen=True)
class Truth:
    """Every pair of documents (their numbers, left < right, int64 [n]) and its exact Jaccard, float64 [n]."""

    left: np.ndarray
    right: np.ndarray
    similarity: np.ndarray

    def at_least(self, similarity: float) -> Truth:
        """The pairs of this similarity or more."""
        kept = self.similarity >= similarity
        return Truth(self.left[kept], self.right[kept], self.similarity[kept])

    def __len__(self) -> int:
        return len(self.left)


class Verdict(NamedTuple):
    """What a run left and took: pairs with both documents kept, and removals without a true neighbour."""

    pairs: int
    left: int
    dropped: int
    strangers: int


def all_pairs(sets: pa.ListArray, floor: float = FLOOR) -> Truth:
    """Every pair of `sets` (list of ascending unique integers) whose exact Jaccard is `floor` or more (over 0).

    Counts shared shingles through an inverted index: exact, and quadratic only in how often a shingle repeats.
    """
    ends = sets.offsets.to_numpy().astype(np.int64)
    values = sets.flatten().to_numpy()
    ends = ends - ends[0]
    documents = np.repeat(np.arange(len(sets)), np.diff(ends))
    order = np.argsort(values, kind="stable")  # documents ascend within one shingle
    first = np.flatnonzero(np.r_[True, values[order][1:] != values[order][:-1]])
    place = np.empty(len(values), np.int64)
    place[order] = np.arange(len(values))
    starts = np.empty(len(values), np.int64)
    starts[order] = np.repeat(first, np.diff(np.r_[first, len(values)]))
    return Truth(*_shared(ends, documents[order], place, starts, floor))


@njit(cache=True)
def _shared(  # type: ignore[no-untyped-def]
    ends: np.ndarray, postings: np.ndarray, place: np.ndarray, starts: np.ndarray, floor: float
):
    # The shingle at s stands in the documents postings[starts[s] : place[s]] before its own.
    n = len(ends) - 1
    left, right, similarity = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.float64)
    shared, seen = np.zeros(n, np.int64), np.empty(n, np.int64)
    found = 0
    for d in range(n):
        others = 0
        for s in range(ends[d], ends[d + 1]):
            for p in range(starts[s], place[s]):
                if shared[postings[p]] == 0:
                    seen[others] = postings[p]
                    others += 1
                shared[postings[p]] += 1
        for k in range(others):
            e = seen[k]
            value = shared[e] / (ends[d + 1] - ends[d] + ends[e + 1] - ends[e] - shared[e])
            shared[e] = 0
            if value >= floor:
                if found == len(left):
                    left = np.concatenate((left, np.empty_like(left)))
                    right = np.concatenate((right, np.empty_like(right)))
                    similarity = np.concatenate((similarity, np.empty_like(similarity)))
                left[found], right[found], similarity[found] = e, d, value
                found += 1
    return left[:found], right[:found], similarity[:found]


def judge(truth: Truth, dropped: np.ndarray, at_least: float, neighbour: float) -> Verdict:
    """A run's removals (`dropped`, bool a document) held against the truth.

    Pairs `at_least` so similar ought not both to be kept; a removed document ought to have another
    `neighbour` so similar.
    """
    close, near = truth.at_least(at_least), truth.at_least(neighbour)
    left = int((~dropped[close.left] & ~dropped[close.right]).sum())
    known = np.zeros(len(dropped), bool)
    known[near.left] = known[near.right] = True
    return Verdict(len(close), left, int(dropped.sum()), int((dropped & ~known).sum()))


def texts_of(rows: list[dict[str, str]]) -> pa.ListArray:
    """Shingle sets of the documents, as the default settings make them."""
    sets = [shingle_sets(texts) for texts in batches([row["text"] for row in rows])]
    return pa.chunked_array(sets).combine_chunks() if sets else shingle_sets(pa.array([], pa.string()))


def show_truth(truth: Truth, console: Console) -> None:
    """Pairs by similarity, and the share of them that bandings are to miss."""
    table = Table("similarity", "pairs", *(f"missed by {b} x {r}" for b, r in BANDINGS), pad_edge=False)
    for low in np.arange(FLOOR, 1.0, 0.05).round(2):
        inside = truth.similarity[(truth.similarity >= low) & (truth.similarity < low + 0.05)]
        if low + 0.05 >= 1:
            inside = truth.similarity[truth.similarity >= low]
        missed = [sum(1 - candidate_probability(s, b, r) for s in inside) for b, r in BANDINGS]
        table.add_row(f"{low:.2f}", f"{len(inside):,}", *(f"{m:.2f}" for m in missed))
    console.print(table)


def show_verdict(truth: Truth, rows: list[dict[str, str]], path: Path, console: Console) -> None:
    """What the run whose decisions are in `path` left and took."""
    read = pyarrow.json.read_json if path.suffix == ".jsonl" else pq.read_table
    decisions = read(path).select(["doc_id", "verdict"])
    gone = decisions.filter(pc.equal(decisions["verdict"], "drop"))["doc_id"]
    ids = pa.array([row["id"] for row in rows])
    dropped = pc.is_in(ids, value_set=gone.combine_chunks()).to_numpy(zero_copy_only=False)
    for near in (0.8, 0.75, 0.6):
        found = judge(truth, dropped, 0.8, near)
        console.print(
            f"pairs >= .8: {found.pairs:,}, both kept {found.left:,}; dropped {found.dropped:,}, "
            f"without a neighbour >= {near}: {found.strangers:,}"
        )


def main() -> None:
    """Print the truth of the bench corpus, and judge a run by it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("documents", nargs="?", type=int, default=5000)
    parser.add_argument("--decisions", type=Path)
    asked = parser.parse_args()
    rows = bench_rows()[: asked.documents]
    truth, console = all_pairs(texts_of(rows)), Console()
    console.print(f"{len(rows):,} documents, {len(truth):,} pairs of Jaccard {FLOOR} or more")
    show_truth(truth, console)
    if asked.decisions:
        show_verdict(truth, rows, asked.decisions, console)


if __name__ == "__main__":
    main()
