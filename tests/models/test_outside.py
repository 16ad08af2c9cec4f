"""Models and lists in a recipe: columns of the signals table, the manifest, errors that name the key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe, load_recipe
from daybreak.schema import DOCUMENTS
from pipelines.fused.chain import build_chain
from pipelines.quality.decide import Filter
from pipelines.registry import validate
from pipelines.steps.ingest import Ingest

RECIPE = """
name: tiny
workspace: ws
sources:
  web: {{format: jsonl, paths: [{folder}/docs.jsonl]}}
models: {{good: {{path: {model}}}}}
lists:
  badwords: {folder}/words.jsonl
  urls: {folder}/urls.jsonl
  url_words: {folder}/url_words.jsonl
metadata: {{likes: {{key: meta.likes}}}}
"""
FILES = {
    "docs.jsonl": '{"text": "A turnip a day.", "url": "https://play.example/leaf", "meta": {"likes": 3}}\n',
    "words.jsonl": '{"lang": "en", "word": "turnip"}\n',
    "urls.jsonl": '{"category": "games", "kind": "domains", "value": "play.example"}\n',
    "url_words.jsonl": '{"kind": "soft", "word": "leaf"}\n',
}
ADDED = {
    "score_good", "pareto_good", "badword_count", "badword_ratio", "badword_any",
    "url_games", "url_listed", "url_strict", "url_hard", "url_soft", "meta_likes",
}  # fmt: skip


@pytest.fixture
def recipe(model_folder: Path, tmp_path: Path) -> Recipe:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "tiny.yaml").write_text(RECIPE.format(folder=tmp_path, model=tmp_path / "model"))
    return load_recipe(tmp_path / "tiny.yaml")


def document() -> pa.RecordBatch:
    known = {
        "doc_id": "d1", "source": "web", "text": "A turnip a day.", "url": "https://play.example/leaf",
        "metadata": '{"meta": {"likes": 3}}',
    }  # fmt: skip
    return pa.RecordBatch.from_pylist([{name: known.get(name) for name in DOCUMENTS.names}], schema=DOCUMENTS)


def test_the_sections_add_columns(recipe: Recipe) -> None:
    validate(recipe)
    chain = build_chain(recipe, "web")
    nothing = {"models": {}, "lists": type(recipe.lists)(), "metadata": {}}
    plain = build_chain(recipe.model_copy(update=nothing), "web")
    assert set(chain.signals().names) - set(plain.signals().names) == ADDED
    found = chain(document()).to_pylist()[0]
    assert (found["badword_count"], found["url_games"], found["url_soft"], found["meta_likes"]) == (
        1,
        1,
        1,
        3.0,
    )
    assert 0 <= found["score_good"] <= 1


@pytest.mark.parametrize(("kept", "domain"), [("all", "me.github.io"), ("registries", "github.io")])
def test_the_registered_domain_becomes_a_column(
    recipe: Recipe, tmp_path: Path, kept: str, domain: str
) -> None:
    chain = build_chain(load_recipe(tmp_path / "tiny.yaml", [f"lists.domains={kept}"]), "web")
    assert chain.signals().field("url_domain").type == pa.string()
    batch = document().set_column(5, "url", pa.array(["http://WWW.me.GitHub.io./x"]))
    assert chain(batch).column("url_domain").to_pylist() == [domain]


def test_a_domain_is_no_number_to_hold_against_a_threshold(recipe: Recipe, tmp_path: Path) -> None:
    rule = "{name: n, signal: url_domain, comparison: '>=', threshold: 1}"
    own = load_recipe(tmp_path / "tiny.yaml", [f"quality.sets.own={{rules: [{rule}]}}", "lists.domains=all"])
    with pytest.raises(RecipeError, match="url_domain"):
        validate(own)


def test_every_new_column_can_be_held_against_a_threshold(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.quality import rules

    signals = build_chain(recipe, "web")(document())
    for threshold, verdict in ((-1e9, "keep"), (1e9, "drop")):
        own = tuple(rules.Rule(name, name, ">=", threshold, "all", "a test") for name in sorted(ADDED))
        monkeypatch.setitem(rules.RULE_SETS, "own", own)
        decided = Filter({"*": ("own",)})(signals).to_pylist()[0]
        assert decided["verdict"] == verdict
        assert decided["failed"] == ([f"own.{name}" for name in sorted(ADDED)] if verdict == "drop" else [])


def test_the_manifest_notices_a_changed_model_or_list(recipe: Recipe, tmp_path: Path) -> None:
    step = Ingest()
    before = step.outside(recipe)
    assert {"models/good", "lists/badwords", "lists/urls", "lists/url_words"} <= set(before)
    assert step.outside(recipe) == before
    for name, key in (("words.jsonl", "lists/badwords"), ("model/model.json", "models/good")):
        with open(tmp_path / name, "a") as file:
            file.write("\n")
        after = step.outside(recipe)
        assert {k for k in after if after[k] != before[k]} == {key}
        before = after


def test_where_a_model_stands_does_not_matter(recipe: Recipe, tmp_path: Path) -> None:
    shutil.move(tmp_path / "model", tmp_path / "elsewhere")
    there = recipe.models["good"].model_copy(update={"path": str(tmp_path / "elsewhere")})
    moved = recipe.model_copy(update={"models": {"good": there}})
    step = Ingest()
    assert step.settings(moved) == step.settings(recipe)
    assert step.outside(moved)["models/good"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("models.good.path=/nowhere", "models: good: no model in /nowhere"),
        ("lists.badwords=/nowhere", "lists: badwords: no list of bad words at /nowhere"),
        ("lists.urls=/nowhere", "lists: urls: no list of URLs at /nowhere"),
        ("lists.url_categories=[game]", "it has: games"),
        ("lists.url_words=/nowhere", "lists: url_words: no list of words in URLs at /nowhere"),
        ("models.Bad-Name={path: x}", "models.Bad-Name"),
        ("lists.badword=x", "did you mean `badwords`"),
    ],
)
def test_what_is_missing_is_named_before_any_work(
    recipe: Recipe, tmp_path: Path, override: str, expected: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        validate(load_recipe(tmp_path / "tiny.yaml", [override]))
    assert expected in str(caught.value)


def test_relative_paths_stand_relative_to_daybreak_home(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYBREAK_HOME", str(tmp_path))
    found = load_recipe(tmp_path / "tiny.yaml", ["models.good.path=model", "lists.urls=urls.jsonl"])
    assert found.models["good"].path == str(tmp_path / "model")
    assert found.lists.urls == str(tmp_path / "urls.jsonl")
