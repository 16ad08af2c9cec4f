"""Trying other rules on a finished workspace: `daybreak whatif`, `daybreak rules`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.cli.main import app
from daybreak.errors import RecipeError, WorkspaceError
from daybreak.manifest import Manifest
from daybreak.recipe import Recipe, load_recipe
from daybreak.workspace import Workspace
from pipelines.quality.trial import Trial
from pipelines.quality.whatif import changed
from pipelines.spark.narrow import UnitResult
from pipelines.step import Step
from pipelines.steps.filter import Filter, FilterUnit, SignalsUnit, decider, decider_of
from pipelines.steps.ingest import Ingest, IngestUnit, gather, inputs

RECIPE = """
name: trial
workspace: {folder}/ws
sources:
  web: {{format: jsonl, paths: ["{folder}/web.jsonl"]}}
  books: {{format: jsonl, paths: ["{folder}/books.jsonl"], rules: [c4@tfds]}}
language: {{min_score: 0.2}}
quality:
  rules: [gopher@paper]
  thresholds: {{gopher@paper: {{min_words: 60}}}}
"""
LINKS = ["the", "of", "have", "that", "can", "with", "and", "by"]


def prose(sentences: int) -> str:
    """Sentences of 17 words in which no two words stand together twice but over a full stop."""
    coined = (f"{k:04d}".translate(str.maketrans("0123456789", "abcdefghij")) for k in range(sentences * 8))
    pairs = (" ".join(f"{link} {next(coined)}" for link in LINKS) for _ in range(sentences))
    return "".join(f"{words.capitalize()} too. " for words in pairs)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A recipe over 20 texts of 17, 34, … words from the web and 3 short books, ingested and filtered."""
    folder = tmp_path_factory.mktemp("trial")
    write_lines(folder / "web.jsonl", [prose(n) for n in range(1, 21)])
    write_lines(folder / "books.jsonl", [prose(n) for n in (2, 3, 9)])
    (folder / "trial.yaml").write_text(RECIPE.format(folder=folder))
    recipe = load_recipe(folder / "trial.yaml")
    workspace = Workspace(recipe.workspace)
    workspace.prepare()
    attempt = workspace.begin("ingest")
    commit(
        workspace, Ingest(), recipe, [IngestUnit(attempt, recipe)(item) for item in inputs(recipe)], attempt
    )
    ingested = workspace.manifest("ingest")
    assert ingested is not None
    attempt = workspace.begin("filter")
    work = FilterUnit(workspace.data(ingested), attempt, decider(recipe))
    units = [SignalsUnit(Path(e.path).stem, e.bytes, e.path) for e in ingested.tables["signals"]]
    commit(workspace, Filter(), recipe, [work(unit) for unit in units], attempt)
    return recipe


def write_lines(file: Path, texts: Sequence[str]) -> None:
    file.write_text(
        "".join(json.dumps({"text": text, "url": "https://example.org/"}) + "\n" for text in texts)
    )


def commit(workspace: Workspace, step: Step, recipe: Recipe, results: list[UnitResult], attempt: Any) -> None:
    manifest = Manifest(step.name, "f" * 64, "code", step.settings(recipe), {}, gather(results))
    workspace.commit(manifest, attempt)


@pytest.fixture
def trial(recipe: Recipe) -> Trial:
    return Trial(Workspace(recipe.workspace))


def kept(trial: Trial, changes: Sequence[str] = (), rules: Sequence[str] | None = None) -> dict[str, int]:
    settings = trial.settings
    comparison = trial.compare(decider_of(settings), decider_of(changed(settings, changes, rules)))
    return {source: amount.documents for source, amount in comparison.after.by(0).items()}


def test_without_changes_both_sides_are_what_the_filter_decided(trial: Trial) -> None:
    settings = trial.settings
    comparison = trial.compare(decider_of(settings), decider_of(settings))
    filtered = trial.workspace.manifest("filter")
    assert filtered is not None
    assert comparison.before == comparison.after
    assert {s: a.documents for s, a in comparison.before.by(0).items()} == {"web": 17, "books": 2}
    assert not comparison.samples("kept") and not comparison.samples("dropped")


def test_a_threshold_moves_documents_and_names_them(trial: Trial) -> None:
    assert kept(trial, ["gopher@paper.min_words=100"]) == {"web": 15, "books": 2}
    assert kept(trial, ["min_words=off", "min_sentences=1"]) == {"web": 20, "books": 3}
    settings = trial.settings
    comparison = trial.compare(
        decider_of(settings), decider_of(changed(settings, ["min_words=100"], None)), 1
    )
    assert comparison.turned == {("dropped", "gopher@paper.min_words"): 2}
    (row,) = trial.excerpts(comparison.samples("dropped")["gopher@paper.min_words"])
    assert row["value"] in (68, 85) and row["threshold"] == 100 and row["text"].startswith("The aaaa of")


def test_other_rule_sets_replace_those_of_every_source(trial: Trial) -> None:
    assert kept(trial, rules=["gopher@paper"]) == {"web": 17, "books": 1}
    assert kept(trial, ["language.min_score=1.01"]) == {}


def test_nothing_is_written(trial: Trial) -> None:
    before = {p: p.stat().st_mtime_ns for p in Path(trial.workspace.store.root).rglob("*")}
    kept(trial, ["min_words=100"])
    assert {p: p.stat().st_mtime_ns for p in Path(trial.workspace.store.root).rglob("*")} == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("min_wrds=1", "did you mean 'min_words'"),
        ("c4@paper.min_sentences=1", "unknown rule set"),
        ("min_words", "write RULE=VALUE"),
        ("min_words=many", "a number is wanted"),
    ],
)
def test_wrong_changes_are_refused(trial: Trial, change: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        changed(trial.settings, [change], None)


def test_a_workspace_without_signals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="has not been run"):
        Trial(Workspace(tmp_path)).settings  # noqa: B018 - reading is what fails


def command(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_whatif_on_the_command_line(recipe: Recipe) -> None:
    found = json.loads(command("whatif", recipe.workspace, "min_words=100", "--json"))
    assert (found["now"]["documents"], found["then"]["documents"]) == (19, 17)
    assert found["then"]["sources"]["web"]["documents"] == 15
    assert found["sets"]["gopher@paper"]["documents"] == 20  # of 23 texts those of 50 words or more
    assert "15" in command("whatif", recipe.workspace, "min_words=100")


def test_rules_on_the_command_line(recipe: Recipe) -> None:
    assert "gopher@paper" in command("rules")
    assert "n_words >= 50" in command("rules", "show", "gopher@paper")
    assert "mean_word_length" in command("rules", "signals")
    found = json.loads(command("rules", "diff", "gopher@paper", "c4@tfds", recipe.workspace, "--json"))
    assert list(found["documents"].values()) == [18, 0, 2, 3]  # both keep, only one, only the other, none
