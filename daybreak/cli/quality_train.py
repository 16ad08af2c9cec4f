"""What `daybreak quality train` and `daybreak quality show` do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console

from daybreak.errors import RecipeError
from pipelines.models.card import card
from pipelines.models.examples import place_of
from pipelines.models.features import Features
from pipelines.models.folder import Model, model_digest, read_model
from pipelines.models.kinds import KINDS
from pipelines.models.train import Training, train
from pipelines.quality.rules import choose

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def run(
    positive: Sequence[str],
    negative: Sequence[str],
    out: Path,
    kind: str,
    calibrate: str,
    values: Mapping[str, Any],
    classifier: Sequence[str],
    options: Sequence[str],
    master: str,
    as_json: bool,
) -> None:
    """Train and print the card, or the description as JSON."""
    training = Training(
        classifier=classifier_settings(kind, pairs(classifier)),
        calibrate=calibrate,
        options=pairs(options),
        **values,
    )
    places = [[place_of(text) for text in side] for side in (positive, negative)]
    model = train(places[0], places[1], training, out, lambda: _session(master))
    _print(model, out, as_json)


def show_model(folder: Path, as_json: bool) -> None:
    """Print the card of a model, or its description as JSON."""
    _print(read_model(folder), folder, as_json)


def pairs(texts: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` texts as a mapping, values read as YAML; RecipeError where there is no =."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise RecipeError(f"{text!r}: write KEY=VALUE")
        found[key] = yaml.safe_load(value)
    return found


def classifier_settings(kind: str, changes: Mapping[str, Any]) -> Any:
    """Settings of that kind with `changes`, those of the features among them; RecipeError names a wrong key."""
    settings = KINDS[kind].settings()
    own = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings) if f.name != "features"}
    features = dataclasses.asdict(settings.features) if settings.features else {}
    for key, value in changes.items():
        choose(f"setting of {kind}", key, [*own, *features])
        known = own if key in own else features
        if type(value) is not type(known[key]) and not (type(known[key]), type(value)) == (float, int):
            raise RecipeError(f"{key}={value}: {type(known[key]).__name__} expected")
        known[key] = value
    return KINDS[kind].settings(**own, **({"features": Features(**features)} if features else {}))


def _session(master: str) -> SparkSession:
    from daybreak.recipe import Recipe
    from pipelines.spark.naming import app_name
    from pipelines.spark.session import start

    recipe = {
        "name": "quality-train",
        "workspace": ".",
        "sources": {"examples": {"format": "jsonl", "paths": ["."]}},
        "spark": {"master": master, "driver_memory": "2g"},
    }
    return start(Recipe.model_validate(recipe), app_name("quality train", None))


def _print(model: Model, folder: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**dataclasses.asdict(model), "digest": model_digest(folder)}, indent=1))
        return
    console = Console()
    console.print(card(model), highlight=False, markup=False, soft_wrap=True)
    console.print(f"{folder}: digest {model_digest(folder)}", highlight=False, markup=False, soft_wrap=True)
