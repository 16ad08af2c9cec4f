"""A run with every unit of text and decontamination behind it: books, bytes at any partitioning, resume."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sentencepiece

from daybreak.accounting import Count, breaks, differences
from daybreak.recipe import load_recipe
from pipelines.runner import Runner
from tests.line.support import daybreak, digests

pytestmark = pytest.mark.slow

RECIPE = """
name: passages
workspace: {folder}/ws
min_free_gb: 0.2
sources:
  pages: {{format: jsonl, paths: ["{folder}/pages/*.jsonl"], rules: []}}
spark: {{master: "local[2]", driver_memory: 1g, shuffle_partitions: 4, partitions: 3}}
language: {{min_score: 0}}
dedup: {{near: null}}
passages:
  paragraphs: {{}}
  lines: {{scope: document}}
  sentences: {{min_words: 6}}
  spans: {{}}
  substrings: {{tokens: 20}}
  max_removed_share: 0.9
decontaminate: {{benchmarks: {{exam: {{path: "{folder}/exam.jsonl"}}}}}}
tokenizer: {{vocab_size: 400, sample_bytes: 300000}}
report: {{samples: 2}}
"""
VOCABULARY = ["".join(random.Random(n).choices("abcdefghij", k=4 + n % 5)) for n in range(400)]
FOOTER = "Nobody may copy this page. Nobody may sell it. Nobody may print it without leave."


def words(seed: int, number: int) -> str:
    return " ".join(random.Random(seed).choices(VOCABULARY, k=number))


RUN, QUESTION = words(9000, 25), words(9001, 30)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files of 20 pages of three paragraphs; every page has the footer, every fifth one a run of words in
    its middle, the third of each file a question, and one page holds the footer alone."""
    folder = tmp_path_factory.mktemp("passages")
    (folder / "pages").mkdir()
    for unit in range(4):
        pages = []
        for n in range(20):
            middle = (
                f"{words(unit * 100 + n, 60)} {RUN if n % 5 == 0 else ''} {words(unit * 100 + n + 50, 60)}"
            )
            if n == 3:
                middle += f". {QUESTION}. {words(unit, 120)}"
            pages.append(f"{words(unit * 999 + n, 40)}.\n\n{middle}.\n\n{FOOTER}")
        pages += [f"{FOOTER}\n"] if unit == 2 else []
        lines = (json.dumps({"text": page}) + "\n" for page in pages)
        (folder / "pages" / f"{unit}.jsonl").write_text("".join(lines))
    (folder / "exam.jsonl").write_text(json.dumps({"id": "q", "text": QUESTION, "answer": "no"}) + "\n")
    file = folder / "recipe.yaml"
    file.write_text(RECIPE.format(folder=folder))
    return file


def run(recipe: Path, workspace: Path, *more: str) -> dict[str, Any]:
    done = daybreak("run", str(recipe), f"workspace={workspace}", *more, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def cleaned(recipe: Path) -> tuple[Path, dict[str, Any]]:
    """The workspace of one run, and what it printed."""
    return recipe.parent / "ws", run(recipe, recipe.parent / "ws")


def test_nothing_is_lost(cleaned: tuple[Path, dict[str, Any]]) -> None:
    workspace, summary = cleaned
    counts = [Count(**c) for c in summary["funnel"]]
    assert differences(counts) == [] and breaks(counts) == []
    mine = {(c.outcome, c.rule): c for c in counts if c.stage == "passages"}
    assert mine["in", None].documents == 81
    assert mine["dropped", "passages.removed_share"].documents == 1
    assert mine["edited", None].bytes > 78 * len(FOOTER) + 14 * len(RUN)
    mixed = sum(c.bytes for c in counts if c.stage == "mixture" and c.outcome == "in")
    kept = sum(c.bytes for c in counts if c.stage == "decontamination" and c.outcome == "kept")
    assert mixed == kept > 0
    verified = daybreak("verify", str(workspace))
    assert verified.returncode == 0, verified.stdout


def test_one_copy_is_encoded(cleaned: tuple[Path, dict[str, Any]]) -> None:
    workspace, _ = cleaned
    model = next(workspace.glob("tokenizer/*/model/tokenizer.model"))
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    texts = [
        processor.decode(ids)
        for path in workspace.glob("encode/*/tokens/*.parquet")
        for ids in pq.read_table(path, columns=["input_ids"])["input_ids"].to_pylist()
    ]
    assert len(texts) == 80
    assert sum(FOOTER in text for text in texts) == 1
    assert sum(RUN in text for text in texts) == 1
    assert not any(QUESTION in text for text in texts)
    assert not any("\n\n\n" in text or "  " in text.replace("  ", " ", 1) for text in texts)


@pytest.mark.long
def test_bytes_do_not_depend_on_partitions(
    recipe: Path, cleaned: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    run(recipe, tmp_path / "ws", "spark.partitions=1", "spark.shuffle_partitions=2")
    assert digests(tmp_path / "ws") == digests(cleaned[0])


def test_settings_of_passages_read_nothing_anew(recipe: Path, cleaned: tuple[Path, dict[str, Any]]) -> None:
    def states(*changed: str) -> dict[str, str]:
        wanted = load_recipe(recipe, [f"workspace={cleaned[0]}", *changed])
        return {step.step: step.state for step in Runner(wanted).plan()}

    assert set(states().values()) == {"done"}
    after = states("passages.max_removed_share=1", "passages.min_left_chars=1")
    assert (after["dedup"], after["passages"], after["decontaminate"]) == ("done", "run", "perhaps")


def test_a_section_without_units_is_refused(recipe: Path, tmp_path: Path) -> None:
    units = ("paragraphs", "lines", "sentences", "spans", "substrings")
    none = [f"passages.{name}=null" for name in units]
    done = daybreak("run", str(recipe), f"workspace={tmp_path}/ws", *none)
    assert done.returncode == 2 and "passages: name at least one unit of text" in done.stderr
