"""Near-duplicate removal, side by side: the same text, the same bands and rows, what it costs and what it gets wrong.

`python -m benchmarks.dedup_race [--share S] [--bands B] [--rows R] [--only NAME ...]` after `make bench-peers`. S
(default 1) is the part of the bench corpus, by position. CPU seconds of all processes, start-up not counted.
Accuracy is against all pairs, compared exactly (`neutral_truth`). Spark ML runs on the first 500 documents alone.
Last, paragraphs: Dolma's Bloom filter, and ours where the step `passages` is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.corpus import bench_rows, text_bytes
from benchmarks.dedup_ours import cpu_seconds, paragraph_seconds, removed, signature_seconds, write_workspace
from benchmarks.neutral_truth import Score, all_pairs, listed_pairs, score
from daybreak.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(os.environ.get("DAYBREAK_PEERS", ROOT / ".venv-peers"))
THRESHOLD = 0.75
SMALL = 500


@dataclass(frozen=True)
class Run:
    """CPU seconds by part, and the places of the documents that went (None: nothing to judge)."""

    cost: dict[str, float]
    gone: list[int] | None = None


@dataclass(frozen=True)
class Given:
    """What all run on: documents with `id` and `text`, a folder to write in, bands, and rows of each."""

    rows: Sequence[dict[str, str]]
    folder: Path
    bands: int
    per_band: int

    @property
    def texts(self) -> list[str]:
        """The texts in order."""
        return [row["text"] for row in self.rows]


def ours_signatures(given: Given) -> Run:
    """Exact hash and band hashes alone."""
    return Run({"signatures": signature_seconds(given.texts, given.bands, given.per_band, THRESHOLD)})


def ours(given: Given) -> Run:
    """The whole step through Spark; a small run first warms the workers, and ingest is not counted."""
    for name, texts in (("warm", given.texts[:50]), ("race", given.texts)):
        folder = given.folder / name
        runner = write_workspace(folder, texts, given.bands, given.per_band, THRESHOLD)
        list(runner.run(["ingest", "filter"]))
        began = cpu_seconds()
        list(runner.run(["dedup"]))
        spent = cpu_seconds() - began
    return Run({"dedup": spent}, removed(given.folder / "race"))


def peer(name: str, script: str, *more: object) -> Callable[[Given], Run]:
    """A runner of one peer's script, in the peer's environment (ours where it has none)."""

    def run(given: Given) -> Run:
        cost, found = _script(given, name, script, given.bands, given.per_band, *more)
        place = {row["id"]: i for i, row in enumerate(given.rows)}
        return Run(cost, [place[doc_id] for doc_id in found])

    return run


def dolma_paragraphs(given: Given) -> Run:
    """Dolma's paragraph Bloom filter."""
    return Run(_script(given, "dolma", "run_dolma_paragraphs.py")[0])


def ours_paragraphs(given: Given) -> Run:
    """Our paragraphs, alone and as a step; the sum of both says nothing, so each is a row."""
    return Run(paragraph_seconds(given.folder / "paragraphs", given.texts))


RUNNERS: dict[str, Callable[[Given], Run]] = {
    "daybreak, signatures": ours_signatures,
    "daybreak": ours,
    "datatrove": peer("datatrove", "run_datatrove_minhash.py"),
    "datasketch": peer("", "run_datasketch.py"),
    "rensa": peer("rensa", "run_rensa.py", THRESHOLD),
    "text-dedup": peer("text_dedup", "run_text_dedup.py", THRESHOLD),
    "spark ml": peer("", "run_spark_ml.py", THRESHOLD),
    "dolma, paragraphs": dolma_paragraphs,
    "daybreak, paragraphs": ours_paragraphs,
}


def _script(given: Given, name: str, script: str, *more: object) -> tuple[dict[str, float], list]:
    python = Path(sys.executable) if not name else PEERS / name / "bin/python"
    if not python.exists():
        raise InputError(f"{name} is not installed in {PEERS}: `make bench-peers`")
    source, target = given.folder / "texts.jsonl", given.folder / "removed.json"
    lines = (json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in given.rows)
    source.write_text("".join(lines), encoding="utf-8")
    command = [python, ROOT / "benchmarks/peers" / script, source, target, *more]
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise InputError(f"{script} failed:\n{done.stderr[-2000:]}")
    cost = next(line for line in reversed(done.stdout.splitlines()) if line.startswith('{"cpu_seconds"'))
    return json.loads(cost)["cpu_seconds"], json.loads(target.read_text())


def judged(rows: Sequence[dict[str, str]], run: Run, truth: object) -> tuple[Score, int, int] | None:
    """The score, and listed pairs at .8 left with both kept, of how many."""
    if run.gone is None:
        return None
    gone = set(run.gone)
    listed = listed_pairs([row["id"] for row in rows])
    left = sum(a not in gone and b not in gone for a, b in listed)
    return score(truth, run.gone, THRESHOLD), left, len(listed)  # type: ignore[arg-type]


def _race(asked: argparse.Namespace) -> list[tuple[str, float, Run, tuple[Score, int, int] | None]]:
    rows = bench_rows()[:: max(1, round(1 / asked.share))]
    truths = {}
    results = []
    for name in asked.only:
        part = rows[:SMALL] if name == "spark ml" else rows
        with tempfile.TemporaryDirectory() as folder:
            try:
                run = RUNNERS[name](Given(part, Path(folder), asked.bands, asked.rows))
            except InputError as error:
                print(f"{name}: {error}", file=sys.stderr)
                continue
        if run.gone is not None and len(part) not in truths:
            truths[len(part)] = all_pairs([row["text"] for row in part])
        found = judged(part, run, truths.get(len(part)))
        results.append((name, text_bytes([row["text"] for row in part]) / 1e6, run, found))
        told = {"who": name, "cpu_seconds": run.cost, "score": found and vars(found[0])}
        print(json.dumps(told), file=sys.stderr)
    return results


def main() -> None:
    """Print the race."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--bands", type=int, default=14)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--only", nargs="*", default=list(RUNNERS), choices=list(RUNNERS))
    asked = parser.parse_args()
    table = Table("who", "MB", "CPU s", "MB/s", "removed", "pairs >= .8 left", "listed left",
                  "no twin >= .8", f">= {THRESHOLD}", ">= .6", "no kept twin")  # fmt: skip
    for name, size, run, found in _race(asked):
        if name == "daybreak, paragraphs":
            for part, seconds in run.cost.items():
                table.add_row(f"{name}, {part}", f"{size:.1f}", f"{seconds:.2f}", f"{size / seconds:.2f}")
            continue
        spent = sum(run.cost.values())
        parts = (
            ", ".join(f"{part} {seconds:.1f}" for part, seconds in run.cost.items())
            if len(run.cost) > 1
            else ""
        )
        cells = [
            name,
            f"{size:.1f}",
            f"{spent:.2f}" + (f" ({parts})" if parts else ""),
            f"{size / spent:.2f}",
        ]
        if found:
            one, left, listed = found
            counts = (one.without_high, one.without_threshold, one.without_least, one.strangers)
            cells += [f"{one.removed:,}", f"{one.left_over} of {one.pairs:,}", f"{left} of {listed:,}"]
            cells += [f"{count:,}" for count in counts]
        table.add_row(*cells)
    Console(width=170).print(table, f"{asked.bands} bands of {asked.rows} rows, threshold {THRESHOLD}")


if __name__ == "__main__":
    main()
