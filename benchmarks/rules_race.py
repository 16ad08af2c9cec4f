"""Rules alone, side by side: the same documents and published rules here and in datatrove, Dolma, Curator, data-juicer.

`python -m benchmarks.rules_race [SHARE] [PEER]...` after `make bench-peers`. SHARE (default 1) is the part of the bench
corpus that is raced over; documents are drawn by position, so every source is among them. One process each, CPU
seconds, nothing written but verdicts. Both sides measure what the rules of the race look at and no more: a pipeline
measures our own signals besides. Imports, tables and kernels that are loaded (`start`) are told apart from the rules.
Ours runs before and after each peer, for the load changes; the mean of the two counts. Agreement is by
document: kept or dropped, and why.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import batches, bench_rows, text_bytes
from benchmarks.rules_peers import CONTESTS, Contest, Result, installed
from pipelines.quality.decide import Filter
from pipelines.quality.signals import Measure

TOLD = 20
"""Disagreements that are printed one by one."""


def ours(texts: Sequence[str], contest: Contest) -> Result:
    """Our verdicts: the family's signals, without those that a pipeline always measures, and the rules."""
    began = time.process_time()
    measure, decide = Measure((contest.family,), always=()), Filter({"*": contest.rule_sets}, contest.book)
    found = list(_tables(texts))
    decide(measure(found[0].slice(0, 2)))
    started = time.process_time()
    rules = [rule for batch in found for rule in decide(measure(batch)).column("rule").to_pylist()]
    seconds = time.process_time() - started
    names = [rule and rule.partition(".")[2] for rule in rules]
    return Result(seconds, started - began, [name and contest.names.get(name, name) for name in names])


def _tables(texts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for text in batches(list(texts)):
        known = {
            "doc_id": [""] * len(text),
            "source": ["s"] * len(text),
            "lang": pa.nulls(len(text), pa.string()),
        }
        yield pa.record_batch({**known, "n_bytes": [0] * len(text), "text": text})


def race(contest: Contest, texts: Sequence[str], table: Table) -> None:
    """Run both sides, add two rows to `table`, print where they differ."""
    size = text_bytes(list(texts)) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        first = ours(texts, contest)
        theirs = contest.run(Path(folder), texts)
        again = ours(texts, contest)
    seconds = (first.seconds + again.seconds) / 2
    pairs = list(zip(first.reasons, theirs.reasons, strict=True))
    verdicts = sum((a is None) == (b is None) for a, b in pairs) / len(pairs)
    reasons = sum(a == b for a, b in pairs) / len(pairs)
    label = ", ".join(contest.rule_sets)
    table.add_row(
        label, contest.peer, f"{theirs.around:.2f}", f"{theirs.seconds:.2f}", f"{size / theirs.seconds:.2f}"
    )
    table.add_row("", "daybreak", f"{first.around:.2f}", f"{seconds:.2f}", f"{size / seconds:.1f}",
                  f"{theirs.seconds / seconds:.0f}x", f"{verdicts:.4%}", f"{reasons:.4%}")  # fmt: skip
    _tell(contest.peer, texts, pairs)


def _tell(peer: str, texts: Sequence[str], pairs: list[tuple[str | None, str | None]]) -> None:
    different = [row for row, (a, b) in enumerate(pairs) if a != b]
    for row in different[:TOLD]:
        print(f"{peer}: document {row}: ours {pairs[row][0]}, theirs {pairs[row][1]}: {texts[row][:80]!r}")
    for (a, b), count in Counter(pairs[row] for row in different).most_common():
        print(f"{peer}: {count} documents: ours {a}, theirs {b}")


def main() -> None:
    """Print the race and where the verdicts differ."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    wanted = sys.argv[2:] or [contest.peer for contest in CONTESTS]
    texts = [row["text"] for row in bench_rows()][:: max(1, round(1 / share))]
    table = Table("rules", "who", "start", "CPU s", "MB/s", "times", "same verdict", "same reason")
    for contest in CONTESTS:
        if contest.peer not in wanted:
            continue
        if installed(contest.peer):
            race(contest, texts, table)
        else:
            print(f"{contest.peer} is not installed: `make bench-peers`")
    size = text_bytes(texts) / 1e6
    Console(width=130).print(table, f"{len(texts):,} documents, {size:.1f} MB of text, one process each")


if __name__ == "__main__":
    main()
