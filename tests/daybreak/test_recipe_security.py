"""What a recipe, or a change to one, cannot do: make objects, fill the memory, carry secrets off, leave its places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daybreak.errors import RecipeError
from daybreak.recipe import load_recipe

RECIPE = """
name: tiny
workspace: {home}/data/ws
sources:
  web: {{format: c4, paths: ["{home}/data/*.gz"]}}
"""
SECRET = "wJalrXUtnFEMI/K7MDENG"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    file = tmp_path / "tiny.yaml"
    file.write_text(RECIPE.format(home=tmp_path))
    return file


def refused(file: Path, *changes: str) -> str:
    with pytest.raises(RecipeError) as error:
        load_recipe(file, changes)
    assert error.value.exit_code == 2
    return str(error.value)


@pytest.mark.parametrize("where", ["file", "change"])
def test_yaml_makes_no_objects(recipe: Path, where: str, tmp_path: Path) -> None:
    payload = f'!!python/object/apply:os.mkdir ["{tmp_path}/made"]'
    if where == "file":
        recipe.write_text(recipe.read_text() + f"seed: {payload}\n")
        said = refused(recipe)
    else:
        said = refused(recipe, f"seed={payload}")
    assert "python/object/apply" in said
    assert not (tmp_path / "made").exists()


def test_aliases_cannot_fill_the_memory(recipe: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    recipe.write_text(recipe.read_text() + "\n".join(levels) + "\n")
    assert "aliases (*name) stand for more than 100,000 values" in refused(recipe)


def test_an_alias_cannot_hold_itself(recipe: Path) -> None:
    recipe.write_text(recipe.read_text() + "models: &m {again: *m}\n")
    assert "stands inside of what it names" in refused(recipe)


def test_plain_aliases_and_references_are_taken(recipe: Path) -> None:
    recipe.write_text(
        recipe.read_text()
        + "quality: {rules: &sets [gopher@paper]}\nlanguage: {keep: [en]}\nmixture: {max_epochs: 2}\n"
        + "dedup: {near: {ngram: '${mixture.max_epochs}'}}\n"
    )
    assert load_recipe(recipe).dedup.near.ngram == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("seed=${oc.decode:'1'}", "seed: ${oc.decode:...} is not for recipes"),
        ("seed=${oc.create:1}", "seed: ${oc.create:...} is not for recipes"),
        ("name=${oc.select:workspace}", "name: ${oc.select:...} is not for recipes"),
        ("name=${oc.env:${name}}", "name: write the name of the environment variable out"),
        ("name=${oc.env:AWS_SECRET_ACCESS_KEY}", "name: AWS_SECRET_ACCESS_KEY is a secret by its name"),
        ("name='x${ oc.env:DB_PASSWORD ,none}'", "name: DB_PASSWORD"),
        ("workspace=/data/${oc.env:FERNET_KEY}", "workspace: FERNET_KEY is a secret by its name"),
        ("sources.web.options.text_key=${oc.env:AIRFLOW_CONN_X}", "sources.web.options.text_key: AIRFLOW_CONN_X"),
    ],
)  # fmt: skip
def test_resolvers_that_could_carry_a_secret_off_are_refused(
    recipe: Path, change: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "FERNET_KEY", "AIRFLOW_CONN_X"):
        monkeypatch.setenv(name, SECRET)
    said = refused(recipe, change)
    assert says in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "change",
    [
        f"workspace=/data/{SECRET}/ws",
        "workspace=/data/${oc.env:HARMLESS}",
        'sources.web.paths=["https://crawl.example.org/${oc.env:AWS_SECRET_ACCESS_KEY}/a.gz"]',
        'sources.web.paths=["${oc.env:AWS_SECRET_ACCESS_KEY}"]',
    ],
)
def test_a_secret_of_the_environment_is_found_however_it_came_into_the_recipe(
    recipe: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("HARMLESS", SECRET)
    said = refused(recipe, change)
    assert "holds the value of the environment variable AWS_SECRET_ACCESS_KEY" in said
    assert SECRET not in said


def test_what_signs_an_address_may_come_from_a_secret_variable(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAS_TOKEN", "sig=1f2e3d4c5b6a&se=2026")
    change = 'sources.web.paths=["https://x.example.net/a.gz?${oc.env:SAS_TOKEN}"]'
    assert load_recipe(recipe, [change]).sources["web"].paths[0].endswith("?sig=1f2e3d4c5b6a&se=2026")


def test_variables_that_are_no_secrets_are_taken(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPUS", "crawl-2026")
    monkeypatch.setenv("PRIVATE_KEY_FILE", str(recipe))
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "crawl-2026")
    assert load_recipe(recipe, ["name=${oc.env:CORPUS}"]).name == "crawl-2026"
    assert load_recipe(recipe, ["workspace=${oc.env:PRIVATE_KEY_FILE}"]).workspace == str(recipe)


def test_a_change_that_is_not_yaml_is_a_clear_error(recipe: Path) -> None:
    assert "override 'seed=[': the value is not YAML" in refused(recipe, "seed=[")


@pytest.mark.parametrize(
    "change",
    [
        "workspace=/etc/ws",
        "workspace={home}/data/../other",
        "workspace={home}/database",
        "workspace=s3://elsewhere/ws",
        "workspace={home}/data/link/ws",
        'sources.web.paths=["{home}/data/*/../../*.gz"]',
        'sources.web.paths=["/etc/passwd"]',
        'sources.web.paths=["s3://corpora/../other/a.gz"]',
        'sources.web.paths=["s3://corpora/a/%2e%2e/%2e%2e/a.gz"]',
        'sources.web.paths=["s3://corpora-of-others/a.gz"]',
        'sources.web.paths=["http://169.254.169.254/latest/meta-data"]',
        "sources.web={{format: commoncrawl_wet, crawl: CC-MAIN-2024-10, paths: []}}",
        "remote.cache=/var/cache",
        "dedup.history={{path: /srv/history, batch: a}}",
        "dedup.against.other.path=/srv/other",
        "lists.urls=/srv/urls",
        "spark.conf={{spark.pyspark.python: /srv/evil}}",
        "spark.conf={{spark.driver.extraJavaOptions: -agentpath}}",
    ],
)
def test_places_outside_of_the_roots_are_refused(
    recipe: Path, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data/link").symlink_to("/etc")
    change = change.format(home=tmp_path)
    load_recipe(recipe, [change])
    monkeypatch.setenv("DAYBREAK_ROOTS", f"{tmp_path}/data:s3://corpora/")
    assert "DAYBREAK_ROOTS" in refused(recipe, change)


@pytest.mark.parametrize(
    "change",
    [
        "seed=1",
        "workspace={home}/data",
        'sources.web.paths=["{home}/data/a/../*.gz", "s3://corpora/a/*.gz"]',
        "sources.web={{format: commoncrawl_wet, crawl: CC-MAIN-2024-10, paths: []}}",
        "spark.conf={{spark.sql.shuffle.partitions: '4'}}",
        "remote.s3.endpoint=http://store:8333",
    ],
)
def test_places_below_the_roots_are_taken(
    recipe: Path, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = os.pathsep.join((f"{tmp_path}/data", "s3://corpora/", "https://data.commoncrawl.org/"))
    monkeypatch.setenv("DAYBREAK_ROOTS", roots)
    load_recipe(recipe, [change.format(home=tmp_path)])
