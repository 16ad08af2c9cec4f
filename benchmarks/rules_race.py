"""Rules alone, side by side: the same documents and published rules here, in datatrove and in Dolma.

`python -m benchmarks.rules_race [SHARE]` after `make bench-peers`. SHARE (default 0.25) is the part of the bench corpus
that the peers, which are slow, are given too; documents are drawn by position, so every source is among them. One
process each, CPU seconds, nothing written but verdicts. Both sides measure what the rules of the race look at and no
more: a pipeline measures our own signals besides. Agreement is by document: kept or dropped, and why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import batches, bench_rows, text_bytes
from daybreak.errors import InputError
from pipelines.quality.decide import Filter
from pipelines.quality.signals import Measure

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(os.environ.get("DAYBREAK_PEERS", ROOT / ".venv-peers"))
DOLMA_NAMES = {
    "word_count": "word_count",
    "median_word_length": "median_word_length",
    "symbol_to_word_ratio": "symbol_to_word_ratio",
    "fraction_of_words_with_alpha_character": "alpha_word_ratio",
    "required_word_count": "required_word_count",
    "fraction_of_lines_starting_with_bullet_point": "bullet_line_ratio",
    "fraction_of_lines_ending_with_ellipsis": "ellipsis_line_ratio",
    "fraction_of_duplicate_lines": "duplicate_line_ratio",
    "fraction_of_characters_in_duplicate_lines": "duplicate_line_char_ratio",
    **{f"fraction_of_characters_in_most_common_{n}grams": f"top_{n}gram_char_ratio" for n in (2, 3, 4)},
    **{
        f"fraction_of_characters_in_duplicate_{n}grams": f"duplicate_{n}gram_char_ratio" for n in range(5, 11)
    },
}
"""What Dolma's tagger gopher_v1 calls each of our signals `dolma_…`."""


@dataclass(frozen=True)
class Result:
    """CPU seconds and, by document, the first rule to fail (None where it is kept)."""

    seconds: float
    reasons: list[str | None]


def ours(texts: Sequence[str], rule_sets: tuple[str, ...], family: str) -> Result:
    """Our verdicts: the family's signals, without those that a pipeline always measures, and the rules."""
    measure, decide = Measure((family,), always=()), Filter({"*": rule_sets})
    found = list(_tables(texts))
    decide(measure(found[0].slice(0, 2)))
    began = time.process_time()
    reasons = [reason for batch in found for reason in decide(measure(batch)).column("rule").to_pylist()]
    return Result(time.process_time() - began, [r and r.partition(".")[2] for r in reasons])


def datatrove(folder: Path, texts: Sequence[str]) -> Result:
    """datatrove's own verdicts: GopherRepetition, GopherQuality, FineWeb."""
    names = ("gopher_repetition", "gopher_quality", "fineweb")
    rows, cost = _peer("datatrove", folder, texts, "--filters", *names)
    return Result(sum(cost.values()), [next((row[n] for n in names if row[n]), None) for row in rows])


def dolma(folder: Path, texts: Sequence[str]) -> Result:
    """Dolma's attributes (rounded as it writes them) held against the thresholds of `gopher@dolma`."""
    rows, cost = _peer("dolma", folder, texts, "--taggers", "gopher_v1")
    signals = [
        {
            f"dolma_{ours}": round(row["gopher_v1"][name][0][2], 5)
            for name, ours in DOLMA_NAMES.items()
            if row["gopher_v1"].get(name)
        }
        for row in rows
    ]
    columns = {
        f"dolma_{name}": [row.get(f"dolma_{name}", 0.0) for row in signals] for name in DOLMA_NAMES.values()
    }
    keys = {
        "doc_id": [""] * len(rows),
        "source": ["s"] * len(rows),
        "n_bytes": [0] * len(rows),
        "lang": ["und"] * len(rows),
    }
    reasons = Filter({"*": ("gopher@dolma",)})(pa.record_batch(columns | keys)).column("rule").to_pylist()
    return Result(sum(cost.values()), [r and r.partition(".")[2] for r in reasons])


def _tables(texts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for text in batches(list(texts)):
        known = {
            "doc_id": [""] * len(text),
            "source": ["s"] * len(text),
            "lang": pa.nulls(len(text), pa.string()),
        }
        yield pa.record_batch({**known, "n_bytes": [0] * len(text), "text": text})


def _peer(name: str, folder: Path, texts: Sequence[str], *more: str) -> tuple[list[dict], dict[str, float]]:
    python = PEERS / name / "bin/python"
    if not python.exists():
        raise InputError(f"{name} is not installed in {PEERS}: `make bench-peers`")
    source, target = folder / "texts.jsonl", folder / f"{name}.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    script = ROOT / "benchmarks/peers" / f"run_{name}.py"
    done = subprocess.run(
        [python, script, source, target, *more],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    if done.returncode:
        raise InputError(f"{name} failed:\n{done.stderr[-2000:]}")
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    return rows, json.loads(done.stdout.splitlines()[-1])["cpu_seconds"]


def main() -> None:
    """Print the race and every document on which the verdicts differ."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 0.25
    texts = [row["text"] for row in bench_rows()][:: max(1, round(1 / share))]
    size = text_bytes(texts) / 1e6
    table = Table("rules", "who", "CPU s", "MB/s", "times", "same verdict", "same reason")
    with tempfile.TemporaryDirectory() as name:
        for peer, run, sets in (
            ("datatrove", datatrove, ("gopher@datatrove", "fineweb@datatrove")),
            ("dolma", dolma, ("gopher@dolma",)),
        ):
            mine = ours(texts, sets, peer)
            theirs = run(Path(name), texts)
            pairs = list(zip(mine.reasons, theirs.reasons, strict=True))
            verdicts = sum((a is None) == (b is None) for a, b in pairs) / len(pairs)
            reasons = sum(a == b for a, b in pairs) / len(pairs)
            label = ", ".join(sets)
            table.add_row(label, peer, f"{theirs.seconds:.2f}", f"{size / theirs.seconds:.2f}")
            times = f"{theirs.seconds / mine.seconds:.0f}x"
            table.add_row("", "daybreak", f"{mine.seconds:.2f}", f"{size / mine.seconds:.1f}", times,
                          f"{verdicts:.4%}", f"{reasons:.4%}")  # fmt: skip
            for row, (a, b) in enumerate(pairs):
                if a != b:
                    print(f"{peer}: document {row}: ours {a}, theirs {b}: {texts[row][:80]!r}")
    Console(width=130).print(table, f"{len(texts):,} documents, {size:.1f} MB of text, one process each")


if __name__ == "__main__":
    main()
