"""A tokenizer that is there already: a .model file, or a workspace whose step `tokenizer` is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daybreak.errors import InputError
from daybreak.manifest import Manifest
from daybreak.workspace import Workspace
from tokenizer.fingerprint import read_model

STEP = "tokenizer"
MODEL = "model/tokenizer.model"
"""Where the model stands in the data of a workspace's step `tokenizer`."""


def finished_model(place: str | Path) -> Path:
    """The model file at `place`. Raises InputError where there is none, or one that would not keep every text."""
    path = _model_file(Path(place))
    if lacking := _lacking(_read(path)):
        raise InputError(
            f"{path} does not fit: {', '.join(lacking)}. Tokenizers that `daybreak run RECIPE --until tokenizer` "
            "trains do."
        )
    return path


def _model_file(place: Path) -> Path:
    if place.is_file():
        return place
    manifest = _manifest(place)
    if manifest is None:
        raise InputError(
            f"no finished tokenizer at {place}: name a .model file, or a workspace whose step tokenizer is done. "
            "To train the first one: daybreak run conf/recipes/tokenizer.yaml --until tokenizer"
        )
    return Path(Workspace(place).data(manifest).path(MODEL))


def _manifest(place: Path) -> Manifest | None:
    return Workspace(place).manifest(STEP) if place.is_dir() else None


def _read(path: Path) -> Any:
    try:
        model = read_model(path)
    except Exception as error:  # protobuf's own, of no common kind
        raise InputError(f"{path} is no SentencePiece model: {error}") from error
    if not model.pieces:
        raise InputError(f"{path} is no SentencePiece model: it holds no pieces")
    return model


def _lacking(model: Any) -> list[str]:
    """What encoding needs and this model has not: EOS after a document, and a spelling for every text."""
    trained, normal = model.trainer_spec, model.normalizer_spec
    wrong = {
        "it has no end-of-document token (eos)": trained.eos_id < 0,
        "it cannot spell every character (no byte_fallback)": not trained.byte_fallback,
        "it changes texts (its normaliser is not the identity)": bool(normal.precompiled_charsmap),
        "it drops spaces (remove_extra_whitespaces)": normal.remove_extra_whitespaces,
        "it puts a space first (add_dummy_prefix)": normal.add_dummy_prefix,
    }
    return [text for text, holds in wrong.items() if holds]
