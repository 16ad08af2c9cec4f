"""The peers of the rules race: how each is run, and which of our rules each of its verdicts stands beside."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from daybreak.errors import InputError
from pipelines.quality.decide import Filter
from pipelines.quality.rule import Rule
from pipelines.quality.rules import Rulebook

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


CURATOR_NAMES = {
    "max_non_alnum": "NonAlphaNumericFilter",
    "max_symbol_words": "SymbolsToWordsFilter",
    "max_digits": "NumbersFilter",
    "max_urls": "UrlsFilter",
    "max_white_space": "WhiteSpaceFilter",
    "max_parentheses": "ParenthesesFilter",
    "max_boilerplate": "BoilerPlateStringFilter",
    "min_unique_lines": "RepeatedLinesFilter",
    "min_unique_paragraphs": "RepeatedParagraphsFilter",
    "min_unique_line_chars": "RepeatedLinesByCharFilter",
    "min_unique_paragraph_chars": "RepeatedParagraphsByCharFilter",
    "min_words": "WordCountFilter",
    "max_words": "WordCountFilter",
    "max_no_end_mark": "PunctuationFilter",
    "min_alpha_words": "WordsWithoutAlphabetsFilter",
    "min_common_words": "CommonEnglishWordsFilter",
    "min_mean_word_length": "MeanWordLengthFilter",
    "max_mean_word_length": "MeanWordLengthFilter",
    "max_word_length": "LongWordFilter",
    "max_ellipsis_lines": "EllipsisFilter",
    "max_bullet_lines": "BulletsFilter",
    **{f"max_top_{n}grams": f"RepeatingTopNGramsFilter{n}" for n in (2, 3, 4)},
    **{f"max_dup_{n}grams": f"RepeatingDuplicateNGramsFilter{n}" for n in range(5, 11)},
}
"""What Curator calls the filter of each of our rules of the set `curator`."""

NEAREST = (
    Rule("words_num", "nc_words", ">=", 10, "all", "data-juicer's default"),
    Rule("special_characters", "nc_non_alnum_ratio", "<=", 0.25, "all", "data-juicer's default"),
    Rule("alphanumeric", "nc_non_alnum_ratio", "<=", 0.75, "all", "data-juicer's default"),
    Rule("word_repetition", "nc_dup_10gram_ratio", "<=", 0.5, "all", "data-juicer's default"),
)
"""The nearest that we have to four of data-juicer's filters. They are not its rules: words are not stripped of marks
there as here, a digit is a special character, and its share of repeated 10-grams is of 10-grams, not of characters.
"""


@dataclass(frozen=True)
class Result:
    """CPU seconds, those that went to starting up and to files, and, by document, the first rule to fail (None where it
    is kept).
    """

    seconds: float
    around: float
    reasons: list[str | None]


@dataclass(frozen=True)
class Contest:
    """One race: the peer, its run, and our family of signals, rule sets and what the peer calls our rules."""

    peer: str
    run: Callable[[Path, Sequence[str]], Result]
    family: str
    rule_sets: tuple[str, ...]
    book: Rulebook = field(default_factory=Rulebook)
    names: dict[str, str] = field(default_factory=dict)


def datatrove(folder: Path, texts: Sequence[str]) -> Result:
    """datatrove's own verdicts: GopherRepetition, GopherQuality, FineWeb."""
    names = ("gopher_repetition", "gopher_quality", "fineweb")
    rows, seconds, around = _run("datatrove", folder, texts, "--filters", *names)
    return Result(seconds, around, [next((row[n] for n in names if row[n]), None) for row in rows])


def dolma(folder: Path, texts: Sequence[str]) -> Result:
    """Dolma's attributes (rounded as it writes them) held against the thresholds of `gopher@dolma`."""
    rows, seconds, around = _run("dolma", folder, texts, "--taggers", "gopher_v1")
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
    return Result(seconds, around, [r and r.partition(".")[2] for r in reasons])


def curator(folder: Path, texts: Sequence[str]) -> Result:
    """The first filter of Curator's English configuration to drop each document."""
    rows, seconds, around = _run("curator", folder, texts)
    return Result(seconds, around, [row["reason"] for row in rows])


def data_juicer(folder: Path, texts: Sequence[str]) -> Result:
    """The first of data-juicer's filters in `NEAREST` to drop each document."""
    rows, seconds, around = _run("data_juicer", folder, texts)
    return Result(
        seconds, around, [next((name for name, kept in row.items() if not kept), None) for row in rows]
    )


CONTESTS = (
    Contest("datatrove", datatrove, "datatrove", ("gopher@datatrove", "fineweb@datatrove")),
    Contest("dolma", dolma, "dolma", ("gopher@dolma",)),
    Contest("curator", curator, "curator", ("curator",), names=CURATOR_NAMES),
    Contest("data_juicer", data_juicer, "curator", ("nearest",), Rulebook({"nearest": NEAREST})),
)


def installed(peer: str) -> bool:
    """True if `make bench-peers` made the peer's environment."""
    return (PEERS / peer / "bin/python").exists()


def _run(name: str, folder: Path, texts: Sequence[str], *more: str) -> tuple[list[dict], float, float]:
    """(what the peer says of each text, CPU seconds of its rules, CPU seconds of the rest of its process)."""
    source, target = folder / "texts.jsonl", folder / f"{name}.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    script = ROOT / "benchmarks/peers" / f"run_{name}.py"
    before = _children()
    done = subprocess.run(
        [PEERS / name / "bin/python", script, source, target, *more],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    if done.returncode:
        raise InputError(f"{name} failed:\n{done.stderr[-2000:]}")
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    seconds = sum(json.loads(done.stdout.splitlines()[-1])["cpu_seconds"].values())
    return rows, seconds, _children() - before - seconds


def _children() -> float:
    """CPU seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
