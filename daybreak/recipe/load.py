"""Reading recipes: YAML, `key=value` overrides, and errors that say which key is wrong and what was meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from daybreak.errors import RecipeError
from daybreak.recipe.explain import explain
from daybreak.recipe.model import Recipe
from daybreak.recipe.section import Section
from daybreak.secrets import credentials, without_secrets


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and validate a recipe. Relative paths in it stand relative to DAYBREAK_HOME, else the current folder.

    Raises RecipeError with one line a wrong key: where it stands in the file, what is wrong, what was likely meant.
    """
    values = _read(Path(path))
    try:
        for override in overrides:
            _override(values, override)
        _refuse_credentials(path, values)
        content = OmegaConf.to_container(values, resolve=True)
    except OmegaConfBaseException as error:
        raise RecipeError(f"{path}: {str(error).splitlines()[0]}") from error
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{path} is not a valid recipe:\n" + "\n".join(explain(error, Recipe))) from None
    return _absolute(recipe)


def _read(path: Path) -> DictConfig:
    if not path.is_file():
        near = sorted(str(p) for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f" Recipes there: {', '.join(near)}." if near else ""
        raise RecipeError(f"no recipe at {path}.{hint}")
    try:
        values = OmegaConf.create(_yaml(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(without_secrets(f"{path} is not YAML: {error}")) from None
    if not isinstance(values, DictConfig):
        raise RecipeError(f"{path} holds no mapping of sections; see conf/recipes/sample.yaml")
    return values


class _Loader(yaml.SafeLoader):
    """Reads 2026-01-02 as the text that it is: no key of a recipe is a date object."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str) -> Any:
    return yaml.load(text, _Loader)


def _refuse_credentials(path: str | Path, values: DictConfig) -> None:
    """Raise RecipeError that names every key under which a credential is written down."""
    content = OmegaConf.to_container(values, resolve=False)
    assert isinstance(content, dict)
    if found := list(credentials(content)):
        raise RecipeError(f"{path} is not a valid recipe:\n" + "\n".join(f"  {line}" for line in found))


def _override(values: DictConfig, text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise RecipeError(f"override {text!r}: write key=value, for example language.min_score=0.7")
    OmegaConf.update(values, key, _yaml(value), merge=True, force_add=True)


def _absolute(recipe: Recipe) -> Recipe:
    home = Path(os.environ.get("DAYBREAK_HOME", "."))

    def place(path: str) -> str:
        return path if "://" in path else str((home / Path(path).expanduser()).absolute())

    sources = {
        name: source.model_copy(
            update={"paths": [place(p) for p in source.paths], "base": place(source.base)}
        )
        for name, source in recipe.sources.items()
    }
    updates: dict[str, Any] = {"workspace": place(recipe.workspace), "sources": sources}
    if recipe.language.model:
        updates["language"] = recipe.language.model_copy(update={"model": place(recipe.language.model)})
    updates["lists"] = _placed(recipe.lists, place, "badwords", "urls", "url_words")
    updates["remote"] = _placed(recipe.remote, place, "cache")
    updates["models"] = {name: _placed(model, place, "path") for name, model in recipe.models.items()}
    updates["perplexity"] = {
        name: _placed(model, place, "path", "sentencepiece") for name, model in recipe.perplexity.items()
    }
    if recipe.decontaminate:
        benchmarks = {
            name: benchmark.model_copy(update={"path": place(benchmark.path)})
            for name, benchmark in recipe.decontaminate.benchmarks.items()
        }
        updates["decontaminate"] = recipe.decontaminate.model_copy(update={"benchmarks": benchmarks})
    return recipe.model_copy(update=updates)


def _placed(section: Section, place: Callable[[str], str], *keys: str) -> Section:
    """`section` with the paths under `keys` made absolute, where they are set."""
    paths = {key: place(getattr(section, key)) for key in keys if getattr(section, key)}
    return section.model_copy(update=paths)
