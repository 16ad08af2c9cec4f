"""A wrong recipe fails before any work, with the place of the wrong key and a suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.errors import RecipeError
from daybreak.recipe import load_recipe

GOOD = """
name: tiny
workspace: ws
sources:
  web: {format: c4, paths: [shards/*.json.gz]}
tokenizer: {vocab_size: 400}
"""


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(GOOD)
    return file


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("langauge.keep=[en]", ["langauge", "did you mean `language`"]),
        ("sources.web.format=c5", ["sources.web.format", "did you mean `c4`"]),
        ("sources.web.wieght=2", ["sources.web.wieght", "did you mean `weight`"]),
        ("dedup.near.treshold=0.9", ["dedup.near.treshold", "did you mean `threshold`"]),
        ("dedup.near.threshold=1.9", ["dedup.near.threshold", "less than or equal to 1"]),
        ("tokenizer.vocab_size=many", ["tokenizer.vocab_size", "many"]),
        ("train={dim: 130}", ["train", "dim 130 is not a multiple of heads 4"]),
        ("name=Not A Name", ["name", "pattern"]),
        ("language.min_score", ["language.min_score", "key=value"]),
    ],
)
def test_a_wrong_key_is_named_with_a_suggestion(
    recipe_file: Path, override: str, expected: list[str]
) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(recipe_file, [override])
    for part in expected:
        assert part in str(caught.value)
    assert caught.value.exit_code == 2


def test_training_without_a_tokenizer_is_refused(recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match="train needs token shards"):
        load_recipe(recipe_file, ["tokenizer=null", "train={}"])


def test_overrides_reach_nested_keys(recipe_file: Path) -> None:
    recipe = load_recipe(
        recipe_file, ["quality.thresholds.gopher@paper.min_words=60", "sources.web.weight=2.5"]
    )
    assert recipe.quality.thresholds == {"gopher@paper": {"min_words": 60}}
    assert recipe.sources["web"].weight == 2.5


def test_relative_paths_stand_relative_to_daybreak_home(
    recipe_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DAYBREAK_HOME", str(tmp_path / "home"))
    recipe = load_recipe(recipe_file)
    assert recipe.workspace == str(tmp_path / "home/ws")
    assert recipe.sources["web"].paths == [str(tmp_path / "home/shards/*.json.gz")]


def test_a_missing_recipe_names_those_nearby(recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match=r"tiny\.yaml"):
        load_recipe(recipe_file.with_name("other.yaml"))


@pytest.mark.parametrize("text", ["a: [", "- just\n- a list", ""])
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(RecipeError):
        load_recipe(tmp_path / "x.yaml")


def test_the_recipes_that_ship_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWL", "/data/crawl")
    recipes = sorted((Path(__file__).parents[2] / "conf/recipes").glob("*.yaml"))
    assert len(recipes) >= 2
    for file in recipes:
        load_recipe(file, ["day=2026-01-02"] if "${day}" in file.read_text() else [])


def test_the_reference_page_is_that_of_the_models() -> None:
    from daybreak.recipe.reference import reference

    page = (Path(__file__).parents[2] / "docs/recipe.md").read_text()
    assert page == reference(), "run `make docs`"


DAILY = """
name: daily
workspace: ws/${day}
sources:
  news: {format: commoncrawl_warc, paths: ["days/${day}/*.warc.gz"]}
  live: {format: commoncrawl_warc, crawl: CC-NEWS, day: "${day}"}
dedup: {history: {path: "history/${day}", batch: "${day}"}}
tokenizer: {path: "tok/x.model"}
publish: {path: published}
"""


@pytest.fixture
def daily(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAYBREAK_HOME", "/home")
    file = tmp_path / "daily.yaml"
    file.write_text(DAILY)
    return file


def test_a_day_given_with_the_command_stands_everywhere(daily: Path) -> None:
    recipe = load_recipe(daily, ["day=2026-01-02"])
    assert recipe.day == "2026-01-02"
    assert recipe.workspace == "/home/ws/2026-01-02"
    assert recipe.sources["news"].paths == ["/home/days/2026-01-02/*.warc.gz"]
    assert recipe.sources["live"].day == "2026-01-02"
    assert recipe.dedup.history is not None
    assert recipe.dedup.history.batch == "2026-01-02"
    assert recipe.dedup.history.path == "/home/history/2026-01-02"
    assert recipe.tokenizer is not None
    assert recipe.tokenizer.path == "/home/tok/x.model"
    assert recipe.publish is not None
    assert recipe.publish.path == "/home/published"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], r"is for one day \(workspace, sources.news.paths, .*: give it, for example day="),
        (["day=2026-02-30"], "day is '2026-02-30': write YYYY-MM-DD"),
        (["day=../../etc"], "day is '../../etc': write YYYY-MM-DD"),
        (["day=20260102"], "day is '20260102': write YYYY-MM-DD"),
        (["day=\u0662\u0660\u0662\u0666-01-02"], "write YYYY-MM-DD"),
        (["day='2026-01-02\n'"], "write YYYY-MM-DD"),
        (["day=2026-01-02", "tokenizer.vocab_size=900"], "which has its own vocab_size: leave it out"),
        (["day=2026-01-02", "tokenizer=null"], "publish needs token shards"),
        (
            ["day=2026-01-02", "gates={stages: {qualty: {max: 1}}}"],
            "no stage 'qualty'; the stages are ingest",
        ),
        (["day=2026-01-02", "gates={removal: {min: .5, max: .4}}"], "min 0.5 is above max 0.4"),
    ],
)
def test_a_wrong_day_or_what_does_not_fit_is_refused(daily: Path, changes: list[str], expected: str) -> None:
    with pytest.raises(RecipeError, match=expected) as caught:
        load_recipe(daily, changes)
    assert caught.value.exit_code == 2
