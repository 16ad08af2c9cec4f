"""Reading recipes: YAML, `key=value` overrides, and errors that say which key is wrong and what was meant."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from daybreak.errors import RecipeError
from daybreak.recipe.explain import explain
from daybreak.recipe.model import Recipe
from daybreak.recipe.roots import ROOTS, outside
from daybreak.recipe.section import Section
from daybreak.recipe.sources import is_day
from daybreak.recipe.yaml_text import read_yaml
from daybreak.secrets import copied, credentials, interpolations, without_secrets


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and validate a recipe. Relative paths in it stand relative to DAYBREAK_HOME, else the current folder.

    Raises RecipeError with one line a wrong key: where it stands in the file, what is wrong, what was likely meant.
    """
    values = _read(Path(path))
    try:
        for override in overrides:
            _override(values, override)
        _refuse_credentials(path, values)
        _check_day(path, values)
        content = OmegaConf.to_container(values, resolve=True)
        assert isinstance(content, dict)
        _refuse(path, copied(content, os.environ))
        _check_tokenizer(path, content)
    except OmegaConfBaseException as error:
        raise RecipeError(f"{path}: {str(error).splitlines()[0]}") from error
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{path} is not a valid recipe:\n" + "\n".join(explain(error, Recipe))) from None
    recipe = _absolute(recipe)
    _refuse(path, outside(recipe, os.environ.get(ROOTS)))
    return recipe


def _read(path: Path) -> DictConfig:
    if not path.is_file():
        near = sorted(str(p) for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f" Recipes there: {', '.join(near)}." if near else ""
        raise RecipeError(f"no recipe at {path}.{hint}")
    try:
        values = OmegaConf.create(read_yaml(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(without_secrets(f"{path} is not YAML: {error}")) from None
    if not isinstance(values, DictConfig):
        raise RecipeError(f"{path} holds no mapping of sections; see conf/recipes/sample.yaml")
    return values


def _refuse_credentials(path: str | Path, values: DictConfig) -> None:
    """Raise RecipeError that names every key under which a credential is written down, or would come to stand."""
    content = OmegaConf.to_container(values, resolve=False)
    assert isinstance(content, dict)
    _refuse(path, [*credentials(content), *interpolations(content)])


def _refuse(path: str | Path, faults: Iterable[str]) -> None:
    """Raise RecipeError with a line each fault, where there is any."""
    if found := list(faults):
        raise RecipeError(f"{path} is not a valid recipe:\n" + "\n".join(f"  {line}" for line in found))


_DAY = re.compile(r"\$\{\s*day\s*\}")


def _check_day(path: str | Path, values: DictConfig) -> None:
    """Raise RecipeError where ${day} stands for nothing, or for what is no date: it may be a part of a path."""
    day = OmegaConf.select(values, "day")
    if day is None and (keys := _keys_with(OmegaConf.to_container(values, resolve=False), _DAY)):
        listed = ", ".join(keys[:3]) + (" and others" if len(keys) > 3 else "")
        raise RecipeError(f"{path} is for one day ({listed}: ${{day}}): give it, for example day=2026-01-02")
    if day is not None and not is_day(day):
        raise RecipeError(f"{path}: day is {str(day)!r}: write YYYY-MM-DD, for example day=2026-01-02")


def _check_tokenizer(path: str | Path, content: Any) -> None:
    """Raise RecipeError where a finished tokenizer is named, and how to train one as well."""
    section = content.get("tokenizer")
    if isinstance(section, dict) and section.get("path") and (given := sorted(section.keys() - {"path"})):
        raise RecipeError(
            f"{path}: tokenizer.path names a finished tokenizer, which has its own {', '.join(given)}: "
            f"leave {'them' if len(given) > 1 else 'it'} out, or path"
        )


def _keys_with(content: Any, pattern: re.Pattern[str], place: str = "") -> list[str]:
    """The keys, with dots between levels, whose text the pattern is found in."""
    if isinstance(content, dict):
        inner = ((f"{place}.{key}" if place else str(key), value) for key, value in content.items())
        return [key for where, value in inner for key in _keys_with(value, pattern, where)]
    if isinstance(content, list):
        return list(dict.fromkeys(key for value in content for key in _keys_with(value, pattern, place)))
    return [place] if isinstance(content, str) and pattern.search(content) else []


def _override(values: DictConfig, text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise RecipeError(f"override {text!r}: write key=value, for example language.min_score=0.7")
    try:
        OmegaConf.update(values, key, read_yaml(value), merge=True, force_add=True)
    except yaml.YAMLError as error:
        raise RecipeError(without_secrets(f"override {text!r}: the value is not YAML: {error}")) from None


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
    if recipe.schedule:
        wait = _placed(recipe.schedule.wait, place, "marker")
        updates["schedule"] = recipe.schedule.model_copy(update={"wait": wait})
    if recipe.decontaminate:
        benchmarks = {
            name: benchmark.model_copy(update={"path": place(benchmark.path)})
            for name, benchmark in recipe.decontaminate.benchmarks.items()
        }
        updates["decontaminate"] = recipe.decontaminate.model_copy(update={"benchmarks": benchmarks})
    updates |= _later_steps(recipe, place)
    return recipe.model_copy(update=updates)


def _later_steps(recipe: Recipe, place: Callable[[str], str]) -> dict[str, Any]:
    """The sections of dedup, tokenizer and publish with absolute paths."""
    dedup = recipe.dedup
    history = _placed(dedup.history, place, "path") if dedup.history else None
    against = {name: _placed(other, place, "path") for name, other in dedup.against.items()}
    return {
        "dedup": dedup.model_copy(update={"history": history, "against": against}),
        "tokenizer": _placed(recipe.tokenizer, place, "path") if recipe.tokenizer else None,
        "publish": _placed(recipe.publish, place, "path") if recipe.publish else None,
    }


def _placed(section: Section, place: Callable[[str], str], *keys: str) -> Section:
    """`section` with the paths under `keys` made absolute, where they are set."""
    paths = {key: place(getattr(section, key)) for key in keys if getattr(section, key)}
    return section.model_copy(update=paths)
